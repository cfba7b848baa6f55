//! Listpacks: elements, each with its own length behind it, to be walked both ways.

use super::{Element, array, integer};
use crate::Wrong;

const WRONG: Wrong = Wrong::Corrupt("a listpack's bytes are not those of its elements");
const HEAD: usize = 6;
const END: u8 = 255;
/// More elements than this are not counted.
const COUNT_MAX: u16 = u16::MAX;

pub(crate) struct Listpack<'a> {
    bytes: &'a [u8],
    at: usize,
    read: usize,
    is_over: bool,
}

/// The element at a place, and the place behind it.
fn element(bytes: &[u8], at: usize) -> Option<(Element<'_>, usize)> {
    let string = |from: usize, length: usize| {
        let end = from.checked_add(length)?;
        Some((Element::Bytes(bytes.get(from..end)?), end))
    };
    let whole = |width| Some((Element::Integer(integer(bytes, at + 1, width)?), at + 1 + width));
    let next = || bytes.get(at + 1).copied();
    let head = *bytes.get(at)?;
    let (element, end) = match head {
        0x00..=0x7f => Some((Element::Integer(head.into()), at + 1)),
        0x80..=0xbf => string(at + 1, usize::from(head & 0x3f)),
        0xc0..=0xdf => {
            let value = i64::from(head & 0x1f) << 8 | i64::from(next()?);
            Some((Element::Integer(value << 51 >> 51), at + 2))
        }
        0xe0..=0xef => string(at + 2, usize::from(head & 0x0f) << 8 | usize::from(next()?)),
        0xf0 => string(at + 5, array(bytes, at + 1).map(u32::from_le_bytes)? as usize),
        0xf1 => whole(2),
        0xf2 => whole(3),
        0xf3 => whole(4),
        0xf4 => whole(8),
        _ => None,
    }?;
    let length = end - at;
    let size = length_size(length);
    // Read backwards, seven bits a byte, marked where more follow to the left.
    let groups = bytes.get(end..end + size)?.iter().rev().enumerate();
    let is_right = groups.clone().all(|(group, byte)| (byte & 0x80 != 0) == (group + 1 < size));
    let stored = groups.fold(0, |sum, (group, byte)| sum | usize::from(byte & 0x7f) << (7 * group));
    (is_right && stored == length).then_some((element, end + size))
}

fn length_size(length: usize) -> usize {
    match length {
        0..=0x7f => 1,
        0x80..0x3fff => 2,
        0x3fff..0x1f_ffff => 3,
        0x1f_ffff..0xfff_ffff => 4,
        _ => 5,
    }
}

/// How many elements these bytes, which a listpack's head and end may be put around, are; `None` if they are none.
pub(crate) fn count(elements: &[u8]) -> Option<usize> {
    let (mut at, mut count) = (0, 0);
    while at < elements.len() {
        at = element(elements, at)?.1;
        count += 1;
    }
    Some(count)
}

impl<'a> Listpack<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Wrong> {
        let length = array(bytes, 0).map(u32::from_le_bytes);
        let is_whole = bytes.len() > HEAD && length == u32::try_from(bytes.len()).ok() && bytes.last() == Some(&END);
        if is_whole { Ok(Self { bytes, at: HEAD, read: 0, is_over: false }) } else { Err(WRONG) }
    }
}

impl<'a> Iterator for Listpack<'a> {
    type Item = Result<Element<'a>, Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        if self.at + 1 == self.bytes.len() {
            self.is_over = true;
            let count = array(self.bytes, 4).map_or(0, u16::from_le_bytes);
            let is_right = count == COUNT_MAX || usize::from(count) == self.read;
            return (!is_right).then_some(Err(WRONG));
        }
        let element = element(&self.bytes[..self.bytes.len() - 1], self.at);
        self.is_over = element.is_none();
        let (element, next) = match element {
            Some(found) => found,
            None => return Some(Err(WRONG)),
        };
        self.at = next;
        self.read += 1;
        Some(Ok(element))
    }
}

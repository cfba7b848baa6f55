//! Ziplists: elements with the length of the one before each of them, so that they can be walked both ways.

use super::{Element, array, integer};
use crate::Wrong;

const WRONG: Wrong = Wrong::Corrupt("a ziplist's bytes are not those of its elements");
const HEAD: usize = 10;
const END: u8 = 255;
/// Four bytes of length follow.
const LONG: u8 = 254;
/// More elements than this are not counted.
const COUNT_MAX: u16 = u16::MAX;

pub(crate) struct Ziplist<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bytes of the element before.
    before: usize,
    read: usize,
    is_over: bool,
}

impl<'a> Ziplist<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Wrong> {
        let length = array(bytes, 0).map(u32::from_le_bytes);
        let is_whole = bytes.len() > HEAD && length == u32::try_from(bytes.len()).ok() && bytes.last() == Some(&END);
        if is_whole { Ok(Self { bytes, at: HEAD, before: 0, read: 0, is_over: false }) } else { Err(WRONG) }
    }

    /// Every element was there, and the head says so.
    fn is_right_at_end(&self) -> bool {
        let tail = array(self.bytes, 4).map(u32::from_le_bytes);
        let count = array(self.bytes, 8).map(u16::from_le_bytes);
        tail.map(|tail| tail as usize) == Some(self.at - self.before)
            && count.is_some_and(|count| count == COUNT_MAX || usize::from(count) == self.read)
    }

    fn read(&mut self) -> Option<Element<'a>> {
        let bytes = self.bytes;
        let (before, at) = match *bytes.get(self.at)? {
            LONG => (array(bytes, self.at + 1).map(u32::from_le_bytes)? as usize, self.at + 5),
            before => (before.into(), self.at + 1),
        };
        let string = |from: usize, length: usize| {
            let end = from.checked_add(length)?;
            Some((Element::Bytes(bytes.get(from..end)?), end))
        };
        let whole = |width| Some((Element::Integer(integer(bytes, at + 1, width)?), at + 1 + width));
        let head = *bytes.get(at)?;
        let (element, end) = match head {
            0x00..=0x3f => string(at + 1, head.into()),
            0x40..=0x7f => string(at + 2, usize::from(head & 0x3f) << 8 | usize::from(*bytes.get(at + 1)?)),
            0x80 => string(at + 5, array(bytes, at + 1).map(u32::from_be_bytes)? as usize),
            0xc0 => whole(2),
            0xd0 => whole(4),
            0xe0 => whole(8),
            0xf0 => whole(3),
            0xfe => whole(1),
            0xf1..=0xfd => Some((Element::Integer(i64::from(head & 0x0f) - 1), at + 1)),
            _ => None,
        }?;
        if before != self.before || end >= bytes.len() {
            return None;
        }
        (self.before, self.at) = (end - self.at, end);
        self.read += 1;
        Some(element)
    }
}

impl<'a> Iterator for Ziplist<'a> {
    type Item = Result<Element<'a>, Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        if self.at + 1 == self.bytes.len() {
            self.is_over = true;
            return (!self.is_right_at_end()).then_some(Err(WRONG));
        }
        let element = self.read();
        self.is_over = element.is_none();
        Some(element.ok_or(WRONG))
    }
}

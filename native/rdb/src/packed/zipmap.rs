//! Zipmaps, Redis's first packed hashes: fields and values, each behind its length; bytes that are free may stand behind a value.

use super::{Element, array};
use crate::Wrong;

const WRONG: Wrong = Wrong::Corrupt("a zipmap's bytes are not those of fields and values");
const END: u8 = 255;
/// Four bytes of length follow.
const LONG: u8 = 254;

pub(crate) struct Zipmap<'a> {
    bytes: &'a [u8],
    at: usize,
    is_value: bool,
}

impl<'a> Zipmap<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Wrong> {
        if bytes.len() < 2 || bytes.last() != Some(&END) {
            return Err(WRONG);
        }
        Ok(Self { bytes, at: 1, is_value: false })
    }

    fn read(&mut self) -> Option<Element<'a>> {
        let (length, mut at) = match *self.bytes.get(self.at)? {
            LONG => (array(self.bytes, self.at + 1).map(u32::from_le_bytes)? as usize, self.at + 5),
            END => return None,
            length => (length.into(), self.at + 1),
        };
        let mut free = 0;
        if self.is_value {
            free = usize::from(*self.bytes.get(at)?);
            at += 1;
        }
        let end = at.checked_add(length)?;
        let element = self.bytes.get(at..end)?;
        self.at = end + free;
        self.is_value = !self.is_value;
        // The mark of the end stands behind the last value at least.
        (self.at < self.bytes.len()).then_some(Element::Bytes(element))
    }
}

impl<'a> Iterator for Zipmap<'a> {
    type Item = Result<Element<'a>, Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at + 1 >= self.bytes.len() && !self.is_value {
            return None;
        }
        let read = self.read();
        if read.is_none() {
            (self.at, self.is_value) = (self.bytes.len(), false);
        }
        Some(read.ok_or(WRONG))
    }
}

//! Intsets: integers of one width, ascending.

use super::{Element, array, integer};
use crate::Wrong;

const WRONG: Wrong = Wrong::Corrupt("an intset's bytes are not those of ascending integers of one width");
const HEAD: usize = 8;

pub(crate) struct Intset<'a> {
    bytes: &'a [u8],
    width: usize,
    at: usize,
    last: Option<i64>,
}

impl<'a> Intset<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Wrong> {
        let width = array(bytes, 0).map_or(0, u32::from_le_bytes) as usize;
        let count = array(bytes, 4).map_or(0, u32::from_le_bytes) as usize;
        let is_right = matches!(width, 2 | 4 | 8) && count.checked_mul(width) == bytes.len().checked_sub(HEAD);
        if is_right { Ok(Self { bytes, width, at: HEAD, last: None }) } else { Err(WRONG) }
    }
}

impl<'a> Iterator for Intset<'a> {
    type Item = Result<Element<'a>, Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let value = integer(self.bytes, self.at, self.width).filter(|value| self.last.is_none_or(|last| last < *value));
        self.at = if value.is_some() { self.at + self.width } else { self.bytes.len() };
        self.last = value;
        Some(value.map(Element::Integer).ok_or(WRONG))
    }
}

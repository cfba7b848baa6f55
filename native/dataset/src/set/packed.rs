//! A small set: one vector of bytes, its members in the order in which they came, a byte of length before each.

use crate::Packing;

/// Whatever the bounds are: the number of members is a byte, and so is the length of each.
const BYTE_MAX: usize = u8::MAX as usize;

/// Members in one allocation.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
    count: u8,
}

impl Packed {
    pub(super) fn len(&self) -> usize {
        self.count.into()
    }

    pub(super) fn weight(&self) -> usize {
        self.bytes.capacity()
    }

    /// One more member like this is within the bounds.
    pub(super) fn fits(&self, member: &[u8], packing: Packing) -> bool {
        self.len() < packing.entries.min(BYTE_MAX) && member.len() <= packing.bytes.min(BYTE_MAX)
    }

    pub(super) fn iter(&self) -> Entries<'_> {
        Entries { rest: &self.bytes }
    }

    pub(super) fn contains(&self, member: &[u8]) -> bool {
        self.iter().any(|found| found == member)
    }

    /// Appends one that is not there and that fits.
    pub(super) fn push(&mut self, member: &[u8]) {
        let free = self.bytes.capacity() - self.bytes.len();
        if free < member.len() + 1 {
            self.bytes.reserve_exact((member.len() + 1).max(self.bytes.len() / 4));
        }
        self.bytes.push(member.len() as u8);
        self.bytes.extend_from_slice(member);
        self.count += 1;
    }

    /// False if it was not there.
    pub(super) fn remove(&mut self, member: &[u8]) -> bool {
        let mut entries = self.iter();
        if !entries.any(|found| found == member) {
            return false;
        }
        let end = self.bytes.len() - entries.rest.len();
        self.bytes.drain(end - member.len() - 1..end);
        self.count -= 1;
        if self.bytes.len() < self.bytes.capacity() / 2 {
            self.bytes.shrink_to(self.bytes.len() + self.bytes.len() / 4);
        }
        true
    }

    /// # Panics
    /// When a member is there twice or the count is wrong.
    pub(super) fn validate(&self) {
        let mut members: Vec<_> = self.iter().collect();
        assert_eq!(members.len(), self.len(), "packed members are counted");
        members.sort_unstable();
        assert!(members.is_sorted_by(|one, next| one < next), "members are different");
    }
}

/// Walks the members in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Entries<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (&length, rest) = self.rest.split_first()?;
        let (member, rest) = rest.split_at(length.into());
        self.rest = rest;
        Some(member)
    }
}

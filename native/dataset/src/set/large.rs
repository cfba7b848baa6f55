//! A large set: a table of its members.

use crate::{Table, hash};

/// Any number of members.
#[derive(Clone, Debug, Default)]
pub(super) struct Large {
    table: Table<Box<[u8]>>,
    /// Bytes of all members.
    bytes: usize,
}

#[expect(clippy::borrowed_box, reason = "what the table hands out")]
fn hasher(member: &Box<[u8]>) -> u64 {
    hash(member)
}

impl Large {
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn weight(&self) -> usize {
        self.table.weight() + self.bytes
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.table.iter().map(|member| &**member)
    }

    pub(super) fn contains(&self, member: &[u8]) -> bool {
        self.table.find(hash(member), |found| **found == *member).is_some()
    }

    /// False if it was there.
    pub(super) fn insert(&mut self, member: &[u8]) -> bool {
        let is_new = !self.contains(member);
        if is_new {
            self.table.insert(hash(member), member.into(), hasher);
            self.bytes += member.len();
        }
        is_new
    }

    /// False if it was not there.
    pub(super) fn remove(&mut self, member: &[u8]) -> bool {
        let was_there = self.table.remove(hash(member), |found| **found == *member, hasher).is_some();
        if was_there {
            self.bytes -= member.len();
        }
        was_there
    }

    /// See `Table::scan`.
    pub(super) fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8])) -> u64 {
        self.table.scan(cursor, count, hasher, |member| visit(member))
    }

    pub(super) fn random(&self, draw: impl FnMut() -> u64) -> Option<&[u8]> {
        self.table.random(draw).map(|member| &**member)
    }

    /// # Panics
    /// When the table is broken or bytes are counted wrong.
    pub(super) fn validate(&self) {
        self.table.validate(hasher);
        assert_eq!(self.bytes, self.iter().map(<[u8]>::len).sum::<usize>(), "bytes of members are counted");
    }
}

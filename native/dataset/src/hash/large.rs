//! A large hash: a table of pairs, an allocation each.

use crate::Table;
use crate::table::hash;

/// A field and its value in one allocation, behind the length of the field.
#[derive(Clone, Debug)]
struct Pair(Box<[u8]>);

/// Bytes of the field's length.
const HEAD: usize = 4;

impl Pair {
    fn new(field: &[u8], value: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(HEAD + field.len() + value.len());
        bytes.extend_from_slice(&(field.len() as u32).to_le_bytes());
        bytes.extend_from_slice(field);
        bytes.extend_from_slice(value);
        Self(bytes.into_boxed_slice())
    }

    fn split(&self) -> usize {
        HEAD + self.0[..HEAD].try_into().map_or(0, u32::from_le_bytes) as usize
    }

    fn field(&self) -> &[u8] {
        &self.0[HEAD..self.split()]
    }

    fn value(&self) -> &[u8] {
        &self.0[self.split()..]
    }

    fn both(&self) -> (&[u8], &[u8]) {
        self.0[HEAD..].split_at(self.split() - HEAD)
    }
}

fn hasher(pair: &Pair) -> u64 {
    hash(pair.field())
}

/// Fields and their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Large {
    pairs: Table<Pair>,
    /// Bytes of all pairs.
    bytes: usize,
}

impl Large {
    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    pub(super) fn weight(&self) -> usize {
        self.pairs.weight() + self.bytes
    }

    pub(super) fn get(&self, field: &[u8]) -> Option<&[u8]> {
        self.pairs.find(hash(field), |pair| pair.field() == field).map(Pair::value)
    }

    /// Sets a field; true if it is new.
    pub(super) fn set(&mut self, field: &[u8], value: &[u8]) -> bool {
        let hash = hash(field);
        let Some(pair) = self.pairs.find_mut(hash, |pair| pair.field() == field) else {
            let pair = Pair::new(field, value);
            self.bytes += pair.0.len();
            self.pairs.insert(hash, pair, hasher);
            return true;
        };
        let split = pair.split();
        if pair.0.len() - split == value.len() {
            pair.0[split..].copy_from_slice(value);
        } else {
            self.bytes -= pair.0.len();
            *pair = Pair::new(field, value);
            self.bytes += pair.0.len();
        }
        false
    }

    /// Removes a field; false if it was not there.
    pub(super) fn remove(&mut self, field: &[u8]) -> bool {
        let removed = self.pairs.remove(hash(field), |pair| pair.field() == field, hasher);
        self.bytes -= removed.as_ref().map_or(0, |pair| pair.0.len());
        removed.is_some()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.pairs.iter().map(Pair::both)
    }

    pub(super) fn scan<'h>(&'h self, cursor: u64, count: usize, mut visit: impl FnMut(&'h [u8], &'h [u8])) -> u64 {
        self.pairs.scan(cursor, count, hasher, |pair| {
            let (field, value) = pair.both();
            visit(field, value);
        })
    }

    pub(super) fn random(&self, draw: impl FnMut() -> u64) -> Option<(&[u8], &[u8])> {
        self.pairs.random(draw).map(Pair::both)
    }

    pub(super) fn validate(&self) {
        self.pairs.validate(hasher);
        let bytes: usize = self.pairs.iter().map(|pair| pair.0.len()).sum();
        assert_eq!(bytes, self.bytes, "the bytes of pairs are counted");
    }
}

//! Fields of a hash that is being made: they are kept until the hash is complete, or they are many, because a small hash is written in
//! one go, and grows by one allocation a field otherwise.

use dataset::{Hash, Packing};

/// So many are kept: no more than a hash takes at once.
const KEPT_MAX: usize = 64;

/// Fields and values, one behind the other, with the end of each.
#[derive(Debug, Default)]
pub(super) struct Fields {
    bytes: Vec<u8>,
    ends: Vec<[usize; 2]>,
}

impl Fields {
    pub(super) fn push(&mut self, field: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(field);
        let end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push([end, self.bytes.len()]);
    }

    pub(super) fn are_many(&self) -> bool {
        self.ends.len() >= KEPT_MAX
    }

    /// Puts all of them into a hash; false if one was there already.
    pub(super) fn pour(&mut self, hash: &mut Hash, packing: Packing) -> bool {
        let mut start = 0;
        let pair = |&[split, end]: &[usize; 2]| {
            let from = std::mem::replace(&mut start, end);
            [&self.bytes[from..split], &self.bytes[split..end]]
        };
        let pairs: Vec<[&[u8]; 2]> = self.ends.iter().map(pair).collect();
        let are_new = hash.set_all(&pairs, packing) == pairs.len();
        self.clear();
        are_new
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(1 << 20);
        self.ends.clear();
    }
}

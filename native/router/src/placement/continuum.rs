//! A ring of points, computed elsewhere: the point at or above (or strictly above) a key's hash names its node.

use crate::hash::{BATCH, KeyHash, ManyHash};

/// How many of the hash's leading bits index the ring: 2^12 starts keep a look-up at about one comparison.
const INDEX_BITS: u32 = 12;

/// Sorted points and an index over their leading bits.
pub struct Continuum {
    hash: KeyHash,
    hash_many: Option<ManyHash>,
    /// libraries that bisect to the right take the first point *above* the hash.
    strictly_above: bool,
    values: Vec<u32>,
    nodes: Vec<u16>,
    /// For each value of the leading bits, the first point that is not below it.
    starts: Vec<u32>,
}

impl Continuum {
    /// Builds the index; `points` must be sorted and not empty.
    #[must_use]
    pub fn new(hash: KeyHash, hash_many: Option<ManyHash>, strictly_above: bool, points: &[(u32, u16)]) -> Self {
        let values: Vec<u32> = points.iter().map(|point| point.0).collect();
        let nodes = points.iter().map(|point| point.1).collect();
        let first_at = |lead: u32| values.partition_point(|&value| value < lead << (32 - INDEX_BITS)) as u32;
        let starts = (0..1 << INDEX_BITS).map(first_at).collect();
        Self { hash, hash_many, strictly_above, values, nodes, starts }
    }

    /// Position of the key's point.
    #[must_use]
    pub fn position(&self, key: &[u8]) -> usize {
        self.position_of((self.hash)(key) as u32)
    }

    /// The node of each key; at most `BATCH` of them.
    pub fn first_of_many(&self, keys: &[&[u8]], nodes: &mut [usize]) {
        let mut hashes = [0; BATCH];
        match self.hash_many {
            Some(hash_many) => hash_many(keys, &mut hashes[..keys.len()]),
            None => keys.iter().zip(&mut hashes).for_each(|(key, hash)| *hash = (self.hash)(key)),
        }
        for (node, hash) in nodes.iter_mut().zip(&hashes[..keys.len()]) {
            *node = usize::from(self.nodes[self.position_of(*hash as u32)]);
        }
    }

    #[inline]
    fn position_of(&self, hash: u32) -> usize {
        let mut position = self.starts[(hash >> (32 - INDEX_BITS)) as usize] as usize;
        while let Some(&value) = self.values.get(position) {
            if value > hash || (value == hash && !self.strictly_above) {
                return position;
            }
            position += 1;
        }
        0
    }

    /// The nodes from a position on, once around; nodes come more than once.
    pub fn walk(&self, position: usize) -> impl Iterator<Item = usize> + '_ {
        self.nodes[position..].iter().chain(&self.nodes[..position]).map(|&node| usize::from(node))
    }
}

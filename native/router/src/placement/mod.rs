//! Which of a pool's nodes gets a key. Knows hashes and positions, not health: a down node keeps its keys.

mod continuum;
mod jump;
mod rendezvous;

use std::sync::atomic::{AtomicU64, Ordering};

pub use continuum::Continuum;
pub use rendezvous::Rendezvous;

use crate::hash::{self, KeyHash};

/// One way to choose; nodes are indices into the pool.
pub enum Placement {
    /// Points on a ring.
    Continuum(Continuum),
    /// Jump hash over the list of nodes.
    Jump {
        /// Hash of the key.
        hash: KeyHash,
        /// Set if the hash is xxh3_64 and the pool gives it a seed.
        seed: Option<u64>,
        /// How many nodes.
        nodes: usize,
    },
    /// Highest random weight.
    Rendezvous(Rendezvous),
    /// Hash modulo the number of slots; a node of weight w has w slots.
    Modula {
        /// Hash of the key.
        hash: KeyHash,
        /// Node of each slot.
        slots: Vec<u16>,
    },
    /// Any slot, whatever the key.
    Random {
        /// Node of each slot.
        slots: Vec<u16>,
        /// Where the sequence of choices stands.
        state: AtomicU64,
    },
}

impl Placement {
    /// The node that comes first for a key.
    #[must_use]
    pub fn first(&self, key: &[u8]) -> usize {
        match self {
            Self::Continuum(ring) => ring.walk(ring.position(key)).next().unwrap_or(0),
            Self::Jump { hash, seed, nodes } => jump::bucket(jump_hash(*hash, *seed, key), *nodes),
            Self::Rendezvous(names) => names.first(key),
            Self::Modula { hash, slots } => usize::from(slots[(hash(key) % slots.len() as u64) as usize]),
            Self::Random { slots, state } => usize::from(slots[any(state, slots.len())]),
        }
    }

    /// The same for several keys, at most `hash::BATCH` of them.
    pub fn first_of_many(&self, keys: &[&[u8]], nodes: &mut [usize]) {
        match self {
            Self::Continuum(ring) => ring.first_of_many(keys, nodes),
            _ => keys.iter().zip(nodes).for_each(|(key, node)| *node = self.first(key)),
        }
    }

    /// All nodes in the order in which they would inherit the key, each once.
    #[must_use]
    pub fn ranked(&self, key: &[u8], nodes: usize) -> Vec<usize> {
        match self {
            Self::Continuum(ring) => distinct(ring.walk(ring.position(key)), nodes),
            Self::Jump { .. } => {
                let first = self.first(key);
                (first..nodes).chain(0..first).collect()
            }
            Self::Rendezvous(names) => names.ranked(key),
            Self::Modula { hash, slots } => distinct(around(slots, (hash(key) % slots.len() as u64) as usize), nodes),
            Self::Random { slots, state } => distinct(around(slots, any(state, slots.len())), nodes),
        }
    }
}

fn jump_hash(hash: KeyHash, seed: Option<u64>, key: &[u8]) -> u64 {
    seed.map_or_else(|| hash(key), |seed| hash::xxh3_64_seeded(key, seed))
}

/// A step of splitmix64; threads that meet here only make it more random.
fn any(state: &AtomicU64, slots: usize) -> usize {
    let mut z = state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) % slots as u64) as usize
}

fn around(slots: &[u16], first: usize) -> impl Iterator<Item = usize> + '_ {
    slots[first..].iter().chain(&slots[..first]).map(|&node| usize::from(node))
}

fn distinct(walk: impl Iterator<Item = usize>, nodes: usize) -> Vec<usize> {
    let mut seen = vec![false; nodes];
    walk.filter(|&node| !std::mem::replace(&mut seen[node], true)).take(nodes).collect()
}

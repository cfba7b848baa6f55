//! Keys and their hash: 64 well-mixed bits, of which the shard, the index and the ghost table take different ones.

use std::hash::{BuildHasher, RandomState};

/// Longest key, in bytes: lengths are kept in a byte, of which some values mean other things.
pub const KEY_LENGTH_MAX: usize = 250;

/// A key and its hash, computed once a request (`Cache::key`).
#[derive(Clone, Copy, Debug)]
pub struct Key<'k> {
    /// The key itself.
    pub bytes: &'k [u8],
    /// Its hash by the store's seed.
    pub hash: u64,
}

impl Key<'_> {
    /// Which shard: the upper 16 bits choose.
    pub(crate) fn shard(&self, shards: usize) -> usize {
        (self.hash >> 48) as usize & (shards - 1)
    }

    pub(crate) fn print(&self) -> Print {
        Print::of(self.hash)
    }
}

/// The part of a hash that works within a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print {
    /// Kept in the index slot.
    pub slot: u32,
    /// Kept in the ghost table.
    pub ghost: u16,
}

impl Print {
    pub fn of(hash: u64) -> Self {
        Self { slot: hash as u32, ghost: (hash >> 32) as u16 }
    }
}

/// A seeded hash: multiply and fold, as in wyhash. The seed differs in every process, so that nobody outside can choose
/// keys that collide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hasher {
    seed: u64,
}

const MIX: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03, 0x8cb9_2ba7_2f3d_8dd7];

impl Hasher {
    pub fn new() -> Self {
        Self { seed: RandomState::new().hash_one(MIX) }
    }

    #[inline]
    pub fn hash(self, bytes: &[u8]) -> u64 {
        let length = bytes.len();
        let mut state = self.seed;
        let (first, last) = if length > 16 {
            let mut rest = bytes;
            while rest.len() > 16 {
                state = fold(word(rest) ^ MIX[0], word(&rest[8..]) ^ state);
                rest = &rest[16..];
            }
            (word(&bytes[length - 16..]), word(&bytes[length - 8..]))
        } else if length >= 8 {
            (word(bytes), word(&bytes[length - 8..]))
        } else if length >= 4 {
            (half(bytes), half(&bytes[length - 4..]))
        } else if length > 0 {
            (u64::from(bytes[0]) << 16 | u64::from(bytes[length / 2]) << 8 | u64::from(bytes[length - 1]), 0)
        } else {
            (0, 0)
        };
        let mixed = fold(first ^ MIX[1], last ^ state);
        fold(mixed ^ MIX[2], state ^ length as u64 ^ MIX[1])
    }
}

fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(*bytes.first_chunk().expect("eight bytes are there"))
}

fn half(bytes: &[u8]) -> u64 {
    u64::from(u32::from_le_bytes(*bytes.first_chunk().expect("four bytes are there")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_length_and_every_byte_counts() {
        let hasher = Hasher::new();
        let mut seen = HashSet::new();
        for length in 0..=KEY_LENGTH_MAX {
            let mut bytes = vec![0; length];
            assert!(seen.insert(hasher.hash(&bytes)), "zeros of length {length}");
            for position in 0..length {
                bytes[position] = 1;
                assert!(seen.insert(hasher.hash(&bytes)), "a one at {position} of {length}");
                bytes[position] = 0;
            }
        }
    }

    #[test]
    fn numbered_keys_spread_evenly_over_every_part() {
        let hasher = Hasher::new();
        let mut counts = [[0u32; 16]; 3];
        for number in 0..160_000 {
            let hash = hasher.hash(format!("key:{number}").as_bytes());
            for (row, bits) in [hash >> 48, hash >> 28, hash >> 32].into_iter().enumerate() {
                counts[row][bits as usize & 15] += 1;
            }
        }
        assert!(counts.as_flattened().iter().all(|count| (9_400..10_600).contains(count)), "{counts:?}");
    }
}

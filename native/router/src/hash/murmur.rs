//! Two MurmurHashes: version 2 as libmemcached and twemproxy seed it, and version 3 (x86, 32 bits), which pymemcache's
//! rendezvous uses.

const M: u32 = 0x5bd1_e995;

/// MurmurHash2, seeded by the length.
#[must_use]
pub fn murmur(key: &[u8]) -> u64 {
    let length = key.len() as u32;
    let mut hash = 0xdead_beef_u32.wrapping_mul(length) ^ length;
    let mut blocks = key.chunks_exact(4);
    for block in &mut blocks {
        let mut k = little_endian(block).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let rest = blocks.remainder();
    if !rest.is_empty() {
        hash = (hash ^ little_endian(rest)).wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    u64::from(hash ^ (hash >> 15))
}

/// MurmurHash3 x86_32 with seed 0.
#[must_use]
pub fn murmur3_32(key: &[u8]) -> u64 {
    let mut hash = Murmur3::default();
    hash.write(key);
    u64::from(hash.finish())
}

/// MurmurHash3 x86_32 over pieces, so that a node's name is mixed in once and not for every key.
#[derive(Clone, Copy, Default)]
pub struct Murmur3 {
    hash: u32,
    pending: u32,
    length: u32,
}

impl Murmur3 {
    /// Mixes in more bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.pending |= u32::from(byte) << (8 * (self.length % 4));
            self.length = self.length.wrapping_add(1);
            if self.length.is_multiple_of(4) {
                self.hash = (self.hash ^ mix3(self.pending)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
                self.pending = 0;
            }
        }
    }

    /// The hash of all that was written.
    #[must_use]
    pub fn finish(self) -> u32 {
        let mut hash = self.hash ^ mix3(self.pending) ^ self.length;
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }
}

fn mix3(k: u32) -> u32 {
    k.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, &byte| (word << 8) | u32::from(byte))
}

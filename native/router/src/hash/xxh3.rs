//! XXH3, 64 bits: what memcached's built-in proxy hashes keys with.

/// With seed 0.
#[must_use]
pub fn hash(key: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(key)
}

/// With a seed of the pool's.
#[must_use]
pub fn seeded(key: &[u8], seed: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(key, seed)
}

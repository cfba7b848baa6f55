//! MD5's first four bytes, little-endian: what ketama clients hash keys with.

/// The first point of the key's digest.
#[must_use]
pub fn hash(key: &[u8]) -> u64 {
    let digest = md5::compute(key).0;
    u64::from(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

//! Jenkins's one-at-a-time hash as libmemcached and twemproxy compute it: bytes from 0x80 on are sign-extended.

/// The 32-bit hash.
#[must_use]
pub fn hash(key: &[u8]) -> u64 {
    let mut value = 0u32;
    for &byte in key {
        value = value.wrapping_add(super::sign_extend(byte));
        value = value.wrapping_add(value << 10);
        value ^= value >> 6;
    }
    value = value.wrapping_add(value << 3);
    value ^= value >> 11;
    u64::from(value.wrapping_add(value << 15))
}

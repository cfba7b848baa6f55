//! The four FNV hashes of libmemcached and twemproxy, quirks kept: the `char`s are signed, `fnv1_64` keeps the low half of
//! its 64 bits, and `fnv1a_64` is 32-bit arithmetic with the 64-bit constants cut down.

const BASIS_64: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME_64: u64 = 0x0000_0100_0000_01b3;
const BASIS_32: u32 = 0x811c_9dc5;
const PRIME_32: u32 = 0x0100_0193;

/// Multiply, then xor, over 64 bits; the low 32 are the hash.
#[must_use]
pub fn fnv1_64(key: &[u8]) -> u64 {
    let extend = |byte: u8| i64::from(byte.cast_signed()).cast_unsigned();
    let hash = key.iter().fold(BASIS_64, |hash, &byte| hash.wrapping_mul(PRIME_64) ^ extend(byte));
    hash & 0xffff_ffff
}

/// Xor, then multiply, over the low 32 bits of the 64-bit constants.
#[must_use]
pub fn fnv1a_64(key: &[u8]) -> u64 {
    xor_multiply(key, BASIS_64 as u32, PRIME_64 as u32)
}

/// Multiply, then xor, over 32 bits.
#[must_use]
pub fn fnv1_32(key: &[u8]) -> u64 {
    let step = |hash: u32, &byte: &u8| hash.wrapping_mul(PRIME_32) ^ super::sign_extend(byte);
    u64::from(key.iter().fold(BASIS_32, step))
}

/// Xor, then multiply, over 32 bits.
#[must_use]
pub fn fnv1a_32(key: &[u8]) -> u64 {
    xor_multiply(key, BASIS_32, PRIME_32)
}

fn xor_multiply(key: &[u8], basis: u32, prime: u32) -> u64 {
    u64::from(key.iter().fold(basis, |hash, &byte| (hash ^ super::sign_extend(byte)).wrapping_mul(prime)))
}

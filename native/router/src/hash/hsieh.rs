//! Paul Hsieh's SuperFastHash as libmemcached and twemproxy compute it, from zero and with a signed last byte of three.

/// The 32-bit hash; zero for an empty key.
#[must_use]
pub fn hash(key: &[u8]) -> u64 {
    if key.is_empty() {
        return 0;
    }
    let word = |at: &[u8]| u32::from(u16::from_le_bytes([at[0], at[1]]));
    let mut hash = 0u32;
    let mut blocks = key.chunks_exact(4);
    for block in &mut blocks {
        hash = hash.wrapping_add(word(block));
        hash = (hash << 16) ^ (word(&block[2..]) << 11) ^ hash;
        hash = hash.wrapping_add(hash >> 11);
    }
    let rest = blocks.remainder();
    match rest.len() {
        3 => {
            hash = hash.wrapping_add(word(rest));
            hash ^= hash << 16;
            hash ^= super::sign_extend(rest[2]) << 18;
            hash = hash.wrapping_add(hash >> 11);
        }
        2 => {
            hash = hash.wrapping_add(word(rest));
            hash ^= hash << 11;
            hash = hash.wrapping_add(hash >> 17);
        }
        1 => {
            hash = hash.wrapping_add(u32::from(rest[0]));
            hash ^= hash << 10;
            hash = hash.wrapping_add(hash >> 1);
        }
        _ => {}
    }
    u64::from(avalanche(hash))
}

fn avalanche(mut hash: u32) -> u32 {
    hash ^= hash << 3;
    hash = hash.wrapping_add(hash >> 5);
    hash ^= hash << 4;
    hash = hash.wrapping_add(hash >> 17);
    hash ^= hash << 25;
    hash.wrapping_add(hash >> 6)
}

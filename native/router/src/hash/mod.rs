//! Key hashes by name. Each agrees bit for bit with the client library or proxy that its file names.

mod crc;
mod fnv;
mod hsieh;
mod jenkins;
mod md5;
mod murmur;
mod one_at_a_time;
mod xxh3;

pub use murmur::Murmur3;
pub use xxh3::seeded as xxh3_64_seeded;

/// A hash of a key; those of 32 bits or fewer leave the upper half zero.
pub type KeyHash = fn(&[u8]) -> u64;

/// Every hash a topology may name.
pub const HASHES: &[(&str, KeyHash)] = &[
    ("one_at_a_time", one_at_a_time::hash),
    ("md5", md5::hash),
    ("crc16", crc::crc16),
    ("crc32", crc::crc32),
    ("crc32a", crc::crc32a),
    ("fnv1_64", fnv::fnv1_64),
    ("fnv1a_64", fnv::fnv1a_64),
    ("fnv1_32", fnv::fnv1_32),
    ("fnv1a_32", fnv::fnv1a_32),
    ("hsieh", hsieh::hash),
    ("murmur", murmur::murmur),
    ("jenkins", jenkins::hash),
    ("xxh3_64", xxh3::hash),
    ("murmur3_32", murmur::murmur3_32),
];

/// The hash of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<KeyHash> {
    HASHES.iter().find(|(known, _)| *known == name).map(|(_, hash)| *hash)
}

/// A C `char` widened to 32 bits where `char` is signed.
fn sign_extend(byte: u8) -> u32 {
    i32::from(byte.cast_signed()).cast_unsigned()
}

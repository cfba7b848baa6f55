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

/// A hash of several keys at once, as many results as keys.
pub type ManyHash = fn(&[&[u8]], &mut [u64]);

/// So many keys are worth hashing together.
pub const BATCH: usize = 16;

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

/// The same for several keys at once, where that is faster.
#[must_use]
pub fn many_by_name(name: &str) -> Option<ManyHash> {
    (name == "md5").then_some(md5::hash_many as ManyHash)
}

/// A C `char` widened to 32 bits where `char` is signed.
fn sign_extend(byte: u8) -> u32 {
    i32::from(byte.cast_signed()).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by libhashkit 2 (the ten that it shares with twemproxy), zlib, xxhash and mmh3; `crc16` and `hsieh`, which
    /// none of these has, agree with nutcracker 0.5 on where it sends keys.
    #[rustfmt::skip]
    const VECTORS: &[(&[u8], [u64; 14])] = &[
        (b"", [
            0, 3_649_838_548, 0, 0, 0,
            2_216_829_733, 2_216_829_733, 2_166_136_261, 2_166_136_261, 0,
            0, 3_735_928_572, 3_244_421_341_483_603_138, 0,
        ]),
        (b"foo", [
            596_015_325, 3_675_831_724, 205_303_702, 3_187, 2_356_372_769,
            1_805_727_027, 4_275_688_823, 1_083_137_555, 2_851_307_223, 1_993_659_431,
            3_303_027_599, 2_583_187_353, 12_352_915_711_150_947_722, 4_138_058_784,
        ]),
        (b"user:1", [
            2_773_942_091, 282_964_413, 3_580_783_130, 31_653, 2_074_460_802,
            3_376_212_627, 1_963_465_963, 13_403_571, 1_830_439_627, 3_888_060_454,
            3_587_224_931, 936_206_289, 4_276_021_600_403_166_465, 3_416_794_175,
        ]),
        (b"schl\xc3\xbcssel", [
            3_525_279_087, 196_118_054, 1_664_359_933, 26_106, 3_858_404_598,
            3_705_183_831, 418_049_095, 3_095_407_223, 1_695_197_927, 247_739_663,
            2_043_642_541, 1_142_540_291, 1_930_512_577_882_366_174, 2_725_644_029,
        ]),
        (b"\xff\xfe\xfd", [
            1_196_771_768, 3_259_918_217, 504_217_887, 2_282, 149_598_061,
            2_481_844_359, 2_400_096_983, 2_437_714_183, 3_211_609_367, 3_649_655_134,
            3_269_769_215, 573_299_006, 9_785_511_404_187_882_738, 3_535_729_372,
        ]),
    ];

    #[test]
    fn every_hash_agrees_with_its_library() {
        for (key, hashes) in VECTORS {
            for ((name, hash), expected) in HASHES.iter().zip(hashes) {
                assert_eq!(hash(key), *expected, "{name} of {key:?}");
            }
        }
    }

    #[test]
    fn a_hash_in_pieces_is_the_hash_of_the_whole() {
        let text = b"10.0.0.1:11211-session:deadbeef";
        for first in 0..text.len() {
            let mut hash = Murmur3::default();
            hash.write(&text[..first]);
            hash.write(&text[first..]);
            assert_eq!(u64::from(hash.finish()), murmur::murmur3_32(text));
        }
    }
}

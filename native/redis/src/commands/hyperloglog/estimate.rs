//! From things to registers and from registers to a number: MurmurHash64A, and the estimator of Otmar Ertl (arXiv:1702.01284).

use super::registers::{REGISTER_BITS, REGISTERS};

/// Bits of a hash that are left when the register is chosen.
const REST_BITS: u32 = 64 - REGISTER_BITS;
const SEED: u64 = 0xadc8_3b19;

/// Where a thing belongs: its register, and the number of zeros before the first one in the rest of its hash, plus 1.
pub(super) fn place(thing: &[u8]) -> (usize, u8) {
    let hash = murmur(thing);
    let rest = hash >> REGISTER_BITS | 1 << REST_BITS;
    (hash as usize & (REGISTERS - 1), rest.trailing_zeros() as u8 + 1)
}

fn murmur(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
    const SHIFT: u32 = 47;
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let mut word = u64::from_le_bytes(*word).wrapping_mul(FACTOR);
        word = (word ^ word >> SHIFT).wrapping_mul(FACTOR);
        hash = (hash ^ word).wrapping_mul(FACTOR);
    }
    if !rest.is_empty() {
        let word = rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        hash = (hash ^ word).wrapping_mul(FACTOR);
    }
    hash = (hash ^ hash >> SHIFT).wrapping_mul(FACTOR);
    hash ^ hash >> SHIFT
}

/// How many registers have each value.
pub(super) type Histogram = [u32; 64];

/// About how many different things were added.
pub(super) fn estimate(histogram: &Histogram) -> u64 {
    /// 0.5 / ln(2)
    const ALPHA: f64 = 0.721_347_520_444_481_7;
    let registers = REGISTERS as f64;
    let last = REST_BITS as usize;
    let mut z = registers * tau((registers - f64::from(histogram[last + 1])) / registers);
    for count in histogram[1..=last].iter().rev() {
        z = (z + f64::from(*count)) * 0.5;
    }
    z += registers * sigma(f64::from(histogram[0]) / registers);
    (ALPHA * registers * registers / z).round() as u64
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let former = z;
        z += x * y;
        y += y;
        if former == z {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let former = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if former == z {
            return z / 3.0;
        }
    }
}

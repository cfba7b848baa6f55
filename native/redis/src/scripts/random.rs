//! The generator behind a script's `math.random`: C's `lrand48`, never seeded by anything but a script, as in Redis. A VM's scripts
//! share it.

use std::cell::Cell;

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const ADDEND: u64 = 11;
const MASK: u64 = (1 << 48) - 1;
const LOW: u64 = 0x330E;
/// Where it begins.
const FIRST: u64 = 0x1234_ABCD_330E;
/// Numbers are drawn modulo this and divided by it.
const LARGEST: i32 = i32::MAX;

/// The generator's 48 bits.
#[derive(Debug)]
pub(super) struct Random(Cell<u64>);

impl Default for Random {
    fn default() -> Self {
        Self(Cell::new(FIRST))
    }
}

impl Random {
    /// Begins anew.
    pub(super) fn seed(&self, seed: i32) {
        self.0.set(u64::from(seed.cast_unsigned()) << 16 | LOW);
    }

    /// At least 0, less than 1.
    pub(super) fn fraction(&self) -> f64 {
        let next = self.0.get().wrapping_mul(MULTIPLIER).wrapping_add(ADDEND) & MASK;
        self.0.set(next);
        f64::from((next >> 17) as i32 % LARGEST) / f64::from(LARGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_redis() {
        let random = Random::default();
        assert_eq!(format!("{:.14}", random.fraction()), "0.39646477363839");
        assert_eq!(format!("{:.14}", random.fraction()), "0.84048536971234");
        random.seed(5);
        assert_eq!(format!("{:.14}", random.fraction()), "0.52483957937213");
        random.seed(0);
        assert_eq!(format!("{:.14}", random.fraction()), "0.17082803611217");
    }
}

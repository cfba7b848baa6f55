//! How many bytes the value of a key has: drawn from a distribution by a hash of the key's number.

use crate::Sizes;
use crate::random::{mix, normal};

impl Sizes {
    /// The size that belongs to key number `key`.
    #[inline]
    pub(crate) fn of(&self, key: u64) -> usize {
        match *self {
            Self::Fixed { bytes } => bytes,
            Self::Uniform { min, max } => min + (mix(key) % (max - min + 1) as u64) as usize,
            Self::Lognormal { median, sigma, min, max } => {
                ((median * (sigma * normal(key)).exp()) as usize).clamp(min, max)
            }
        }
    }

    pub(crate) fn min(&self) -> usize {
        match *self {
            Self::Fixed { bytes } => bytes,
            Self::Uniform { min, .. } | Self::Lognormal { min, .. } => min,
        }
    }

    pub(crate) fn max(&self) -> usize {
        match *self {
            Self::Fixed { bytes } => bytes,
            Self::Uniform { max, .. } | Self::Lognormal { max, .. } => max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lognormal_has_its_median_and_spread() {
        let sizes = Sizes::Lognormal { median: 9_600.0, sigma: 1.0, min: 32, max: 900_000 };
        let mut drawn: Vec<usize> = (0..100_001).map(|key| sizes.of(key)).collect();
        drawn.sort_unstable();
        let (median, one_sigma) = (drawn[50_000] as f64, drawn[84_134] as f64);
        assert!((median / 9_600.0 - 1.0).abs() < 0.02, "{median}");
        assert!((one_sigma / median - std::f64::consts::E).abs() < 0.05, "{one_sigma}");
        assert!(drawn[0] >= 32 && drawn[100_000] <= 900_000);
    }

    #[test]
    fn a_key_keeps_its_size() {
        let sizes = Sizes::Uniform { min: 10, max: 20 };
        assert!((0..1000).all(|key| sizes.of(key) == sizes.of(key) && (10..=20).contains(&sizes.of(key))));
    }
}

//! How many bytes the value of a key has: drawn from a distribution by a hash of the key's number.

use crate::Sizes;
use crate::random::{mix, normal, unit};

impl Sizes {
    /// The size that belongs to key number `key`.
    #[inline]
    pub(crate) fn of(&self, key: u64) -> usize {
        match self {
            &Self::Fixed { bytes } => bytes,
            &Self::Uniform { min, max } => min + (mix(key) % (max - min + 1) as u64) as usize,
            &Self::Lognormal { median, sigma, min, max } => {
                ((median * (sigma * normal(key)).exp()) as usize).clamp(min, max)
            }
            Self::Table { rows } => {
                let total: f64 = rows.iter().map(|(_, weight)| weight).sum();
                let mut left = unit(mix(key)) * total;
                let row = rows.iter().find(|(_, weight)| {
                    left -= weight;
                    left < 0.0
                });
                row.or(rows.last()).map_or(0, |(bytes, _)| *bytes)
            }
        }
    }

    pub(crate) fn min(&self) -> usize {
        match self {
            Self::Fixed { bytes } => *bytes,
            Self::Uniform { min, .. } | Self::Lognormal { min, .. } => *min,
            Self::Table { rows } => rows.iter().map(|(bytes, _)| *bytes).min().unwrap_or(0),
        }
    }

    pub(crate) fn max(&self) -> usize {
        match self {
            Self::Fixed { bytes } => *bytes,
            Self::Uniform { max, .. } | Self::Lognormal { max, .. } => *max,
            Self::Table { rows } => rows.iter().map(|(bytes, _)| *bytes).max().unwrap_or(0),
        }
    }

    /// A table can be drawn from.
    pub(crate) fn has_weight(&self) -> bool {
        match self {
            Self::Table { rows } => {
                rows.iter().all(|(_, weight)| *weight >= 0.0) && rows.iter().any(|(_, weight)| *weight > 0.0)
            }
            Self::Fixed { .. } | Self::Uniform { .. } | Self::Lognormal { .. } => true,
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

    #[test]
    fn a_table_keeps_its_weights() {
        let sizes = Sizes::Table { rows: vec![(11, 1.0), (500, 0.0), (300, 3.0)] };
        let small = (0..100_000).filter(|&key| sizes.of(key) == 11).count();
        assert!((24_000..26_000).contains(&small), "{small}");
        assert!((0..1000).all(|key| [11, 300].contains(&sizes.of(key))));
    }
}

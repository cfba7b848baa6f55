//! Sets of shards: one bit each.

/// Shards of a dataset.
pub const SHARDS: usize = 64;

/// Several shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shards(u64);

impl Shards {
    /// Every one.
    pub const ALL: Self = Self(u64::MAX);
    /// None.
    pub const NONE: Self = Self(0);

    /// One.
    #[must_use]
    pub fn one(shard: usize) -> Self {
        Self(1 << shard)
    }

    /// One more.
    pub fn add(&mut self, shard: usize) {
        self.0 |= 1 << shard;
    }

    /// Those of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Every one of `other` is among these.
    #[must_use]
    pub fn cover(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// A bit each.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// How many of them stand before this one, if it is among them.
    pub(crate) fn position(self, shard: usize) -> Option<usize> {
        let bit = 1 << shard;
        (self.0 & bit != 0).then(|| (self.0 & (bit - 1)).count_ones() as usize)
    }

    /// Ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let shard = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (shard < SHARDS).then_some(shard)
        })
    }
}

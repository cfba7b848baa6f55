//! What the value of a key holds: a slice of one random pattern, so that making and checking one is a copy or a compare.

use crate::Sizes;
use crate::random::{Random, mix};

/// Different places at which a value may begin in the pattern.
const PLACES: usize = 1 << 16;

/// The values of a run, shared by all threads.
#[derive(Debug)]
pub(crate) struct Values {
    sizes: Sizes,
    pattern: Vec<u8>,
}

impl Values {
    pub(crate) fn new(sizes: Sizes) -> Self {
        let mut random = Random::new(0);
        let pattern = (0..sizes.max() + PLACES).map(|_| b'!' + random.below(94) as u8).collect();
        Self { sizes, pattern }
    }

    /// The value of key number `key`.
    #[inline]
    pub(crate) fn of(&self, key: u64) -> &[u8] {
        let place = mix(key) as usize % PLACES;
        &self.pattern[place..place + self.sizes.of(key)]
    }
}

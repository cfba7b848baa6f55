//! Which keys a script or a function touches, as far as its runs have shown.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Which keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Reach {
    /// It has not run yet.
    Unknown,
    /// Only keys that it declares.
    Narrow,
    /// Others as well.
    Wide,
}

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct Reached(AtomicU8);

impl Reached {
    pub(crate) fn get(&self) -> Reach {
        match self.0.load(Relaxed) {
            value if value == Reach::Narrow as u8 => Reach::Narrow,
            value if value == Reach::Wide as u8 => Reach::Wide,
            _ => Reach::Unknown,
        }
    }

    /// A run has shown it. What has been wide once stays so.
    pub(crate) fn learn(&self, reach: Reach) {
        if self.get() != Reach::Wide {
            self.0.store(reach as u8, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wide_stays_wide() {
        let reached = Reached::default();
        reached.learn(Reach::Narrow);
        assert_eq!(reached.get(), Reach::Narrow);
        reached.learn(Reach::Wide);
        reached.learn(Reach::Narrow);
        assert_eq!(reached.get(), Reach::Wide);
    }
}

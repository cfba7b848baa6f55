//! Turns the machine's monotonic clock into the store's seconds.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use memcached::{Clock, FIRST_SECOND};

/// When the node began, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockSource {
    began: Instant,
    unix_start: u64,
}

impl ClockSource {
    pub(crate) fn start() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { began: Instant::now(), unix_start: unix.saturating_sub(u64::from(FIRST_SECOND)) }
    }

    #[inline]
    pub(crate) fn at(&self, now: Instant) -> Clock {
        let seconds = now.saturating_duration_since(self.began).as_secs();
        Clock {
            now: u32::try_from(seconds).unwrap_or(u32::MAX - FIRST_SECOND) + FIRST_SECOND,
            unix_start: self.unix_start,
        }
    }
}

//! The time, as an argument: seconds since the cache began, and what the wall clock said then.

use cache::Seconds;

/// Longer expiries are points in time, not lengths.
const RELATIVE_MAX_SECONDS: i32 = 60 * 60 * 24 * 30;
/// What `now` is when the cache begins: 0 means "never" and 1 "has expired" where an expiry is meant.
pub const FIRST_SECOND: Seconds = 2;

/// One reading of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Seconds since the cache began, counted from `FIRST_SECOND`.
    pub now: Seconds,
    /// The unix time at which `now` would have been 0.
    pub unix_start: u64,
}

impl Clock {
    /// The second at which something expires that a client gave this expiry: 0 never, 1 at once.
    #[inline]
    #[must_use]
    pub fn expires_at(&self, sent: i32) -> Seconds {
        match sent {
            0 => 0,
            ..0 => 1,
            1..=RELATIVE_MAX_SECONDS => self.now.saturating_add(sent.unsigned_abs()),
            _ => u64::from(sent.unsigned_abs()).checked_sub(self.unix_start).map_or(1, |at| (at as Seconds).max(1)),
        }
    }

    /// The unix time.
    #[must_use]
    pub fn unix(&self) -> u64 {
        self.unix_start + u64::from(self.now)
    }

    /// Seconds since the cache began.
    #[must_use]
    pub fn uptime(&self) -> Seconds {
        self.now.saturating_sub(FIRST_SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiries_are_lengths_up_to_thirty_days_and_points_in_time_beyond() {
        let clock = Clock { now: 102, unix_start: 1_700_000_000 };
        for (sent, at) in [
            (0, 0),
            (-1, 1),
            (i32::MIN, 1),
            (1, 103),
            (2_592_000, 2_592_102),
            (2_592_001, 1),
            (1_700_000_000, 1),
            (1_700_000_500, 500),
        ] {
            assert_eq!(clock.expires_at(sent), at, "{sent}");
        }
    }
}

//! The open loop: when each request ought to leave, whatever became of those before it.
//!
//! Latency counts from that moment, not from when the request left: a stall of the server delays all that should have
//! been sent meanwhile, and is seen in all of them (else it would be hidden in the one that waited).

use std::time::{Duration, Instant};

/// Turn number t is due at `start + t * interval`; connections take turns, so connection c of n has c, c + n, c + 2n, …
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    start: Instant,
    interval_ns: f64,
    next: u64,
}

impl Schedule {
    /// `rate` turns a second, over all connections of this worker.
    pub(crate) fn new(start: Instant, rate: f64) -> Self {
        Self { start, interval_ns: 1e9 / rate, next: 0 }
    }

    pub(crate) fn due(&self, turn: u64) -> Instant {
        self.start + Duration::from_nanos((turn as f64 * self.interval_ns) as u64)
    }

    /// The next turn if it is due by now.
    pub(crate) fn take(&mut self, now: Instant) -> Option<u64> {
        (self.due(self.next) <= now).then(|| {
            self.next += 1;
            self.next - 1
        })
    }

    /// How long until the next turn.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.due(self.next).saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_at_their_rate_and_none_is_lost_in_a_stall() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, 1000.0);
        assert_eq!(schedule.take(start), Some(0));
        assert_eq!(schedule.take(start), None);
        assert_eq!(schedule.wait(start), Duration::from_millis(1));
        let later = start + Duration::from_millis(250);
        let turns: Vec<u64> = std::iter::from_fn(|| schedule.take(later)).collect();
        assert_eq!((turns[0], turns.len()), (1, 250));
        assert_eq!(schedule.due(250), later);
    }

    #[test]
    fn the_rate_does_not_drift() {
        let start = Instant::now();
        let schedule = Schedule::new(start, 333_333.0);
        let hour = schedule.due(333_333 * 3600) - start;
        assert!(hour.abs_diff(Duration::from_secs(3600)) < Duration::from_micros(1), "{hour:?}");
    }
}

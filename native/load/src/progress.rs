//! What a run that is under way shows outside, and how it is asked to end early.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::tally::Counts;

/// Workers add up what they counted so often; each request pays nothing.
const PUBLISH_EVERY: Duration = Duration::from_millis(20);

/// Counters since the start, the warm-up included; shared by all workers and whoever looks.
#[derive(Debug, Default)]
pub struct Progress {
    counters: [AtomicU64; 4],
    is_stopped: AtomicBool,
}

impl Progress {
    /// Answered requests, error answers, keys asked for by gets, values found.
    #[must_use]
    pub fn counters(&self) -> [u64; 4] {
        self.counters.each_ref().map(|counter| counter.load(Relaxed))
    }

    /// Sends nothing new; the run ends when what was sent is answered.
    pub fn stop(&self) {
        self.is_stopped.store(true, Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Relaxed)
    }
}

/// One worker's part: what it has published so far.
#[derive(Debug)]
pub(crate) struct Published {
    counters: [u64; 4],
    next: Instant,
}

impl Published {
    pub(crate) fn new(start: Instant) -> Self {
        Self { counters: [0; 4], next: start }
    }

    /// Publishes what came since the last time, if that is a while ago.
    #[inline]
    pub(crate) fn update(&mut self, counts: &Counts, now: Instant, progress: &Progress) {
        if now >= self.next {
            self.flush(counts, progress);
            self.next = now + PUBLISH_EVERY;
        }
    }

    pub(crate) fn flush(&mut self, counts: &Counts, progress: &Progress) {
        let faults = counts.errors + counts.wrong + counts.stray + counts.unanswered;
        let counters = [counts.requests.iter().sum(), faults, counts.keys, counts.hits];
        for ((shared, published), counter) in progress.counters.iter().zip(&mut self.counters).zip(counters) {
            shared.fetch_add(counter - *published, Relaxed);
            *published = counter;
        }
    }

    /// Counting begins anew after the warm-up.
    pub(crate) fn restart(&mut self, counts: &Counts, progress: &Progress) {
        self.flush(counts, progress);
        self.counters = [0; 4];
    }
}

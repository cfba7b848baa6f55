//! What is counted: each worker has its own counters and is the only one to write them, so that counting is a load and a store; they
//! are added up when someone asks.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::command;

/// One count, written by one thread only.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub(crate) fn up(&self) {
        self.up_by(1);
    }

    #[inline]
    pub(crate) fn up_by(&self, amount: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(amount), Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Another thread's `reset`: a count that is being made at this moment may survive it.
    fn clear(&self) {
        self.0.store(0, Relaxed);
    }
}

/// Powers of two of microseconds: the last is beyond a minute.
pub(crate) const BUCKETS: usize = 28;

/// How long a command has taken: a count for each power of two of microseconds.
pub(crate) type Histogram = [Counter; BUCKETS];

/// What is counted of one command.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) calls: Counter,
    pub(crate) nanoseconds: Counter,
    /// Refused before it ran.
    pub(crate) rejected: Counter,
    /// Ran and answered with an error.
    pub(crate) failed: Counter,
    histogram: OnceLock<Box<Histogram>>,
}

impl Tally {
    pub(crate) fn record(&self, microseconds: u64) {
        let bucket = (u64::BITS - microseconds.leading_zeros()) as usize;
        self.histogram.get_or_init(Box::default)[bucket.min(BUCKETS - 1)].up();
    }
}

/// The counters of one worker; a cache line or more away from those of others.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Counters {
    commands: Box<[Tally]>,
    /// Keys found and not found by commands that read.
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) processed: Counter,
    /// Inputs served.
    pub(crate) reads: Counter,
    /// Changes of data.
    pub(crate) changes: Counter,
}

impl Default for Counters {
    fn default() -> Self {
        let [hits, misses, processed, reads, changes] = std::array::from_fn(|_| Counter::default());
        let commands = command::numbered().iter().map(|_| Tally::default()).collect();
        Self { commands, hits, misses, processed, reads, changes }
    }
}

impl Counters {
    #[inline]
    pub(crate) fn of(&self, command: &command::Command) -> &Tally {
        &self.commands[command.number]
    }

    pub(crate) fn clear(&self) {
        for tally in &self.commands {
            [&tally.calls, &tally.nanoseconds, &tally.rejected, &tally.failed].into_iter().for_each(Counter::clear);
            tally.histogram.get().into_iter().flat_map(|histogram| histogram.iter()).for_each(Counter::clear);
        }
        [&self.hits, &self.misses, &self.processed, &self.reads].into_iter().for_each(Counter::clear);
    }
}

/// What all workers have counted of one command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) calls: u64,
    pub(crate) nanoseconds: u64,
    pub(crate) rejected: u64,
    pub(crate) failed: u64,
    pub(crate) histogram: [u64; BUCKETS],
}

impl Usage {
    pub(crate) fn add(&mut self, tally: &Tally) {
        self.calls += tally.calls.get();
        self.nanoseconds += tally.nanoseconds.get();
        self.rejected += tally.rejected.get();
        self.failed += tally.failed.get();
        if let Some(histogram) = tally.histogram.get() {
            self.histogram.iter_mut().zip(histogram.iter()).for_each(|(sum, count)| *sum += count.get());
        }
    }

    /// Calls whose time is in the histogram.
    pub(crate) fn recorded(&self) -> u64 {
        self.histogram.iter().sum()
    }

    /// The time in microseconds that so many percent of the calls did not exceed: the upper bound of its bucket.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let wanted = (self.recorded() as f64 * percent / 100.0).ceil().max(1.0) as u64;
        let mut sum = 0;
        let bucket = self.histogram.iter().position(|count| {
            sum += count;
            sum >= wanted
        });
        (1_u64 << bucket.unwrap_or(0)) as f64
    }
}

//! How much is done a second: the mean of the last samples.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::server::Server;

/// The time between samples, at least, and how many of them a mean is of.
const PERIOD: Duration = Duration::from_millis(100);
const SAMPLES_MAX: usize = 16;

/// Counts of all that has been done: commands, bytes received, bytes sent.
type Counts = [u64; 3];

/// Samples of what is counted.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    last: Option<(Instant, Counts)>,
    samples: VecDeque<[f64; 3]>,
}

impl Rates {
    fn sample(&mut self, now: Instant, counts: Counts) {
        if let Some((then, before)) = self.last {
            let seconds = now.duration_since(then).as_secs_f64();
            let rate = |at: usize| counts[at].saturating_sub(before[at]) as f64 / seconds;
            if self.samples.len() == SAMPLES_MAX {
                self.samples.pop_front();
            }
            self.samples.push_back([rate(0), rate(1), rate(2)]);
        }
        self.last = Some((now, counts));
    }

    /// Commands and bytes a second.
    pub(crate) fn mean(&self) -> [f64; 3] {
        let count = self.samples.len().max(1) as f64;
        std::array::from_fn(|at| self.samples.iter().map(|sample| sample[at]).sum::<f64>() / count)
    }
}

impl Server {
    /// Takes a sample, if it is time for one. Called by every worker every so often.
    pub(crate) fn sample_rates(&self) {
        let now = Instant::now();
        let Some(mut rates) = self.rates.try_lock() else { return };
        if rates.last.is_none_or(|(then, _)| now.duration_since(then) >= PERIOD) {
            let connections = self.host.connections();
            let counts =
                [self.sum(|counters| counters.processed.get()), connections.bytes_read, connections.bytes_written];
            rates.sample(now, counts);
        }
    }
}

//! What a run counts: requests, hits, errors, and how long each kind of request took.

use hdrhistogram::Histogram;

use crate::Settings;

/// A kind of request, with its own count and histogram: one of the three here, or command number n of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(u8);

/// Kinds that every dialect has, by number.
const NAMES: [&str; 3] = ["get", "set", "delete"];
/// Of commands in one run.
pub(crate) const COMMANDS_MAX: usize = 32;

impl Kind {
    pub(crate) const GET: Self = Self(0);
    pub(crate) const SET: Self = Self(1);
    pub(crate) const DELETE: Self = Self(2);

    /// Command number `number`.
    pub(crate) fn command(number: usize) -> Self {
        Self((NAMES.len() + number) as u8)
    }

    #[inline]
    pub(crate) fn number(self) -> usize {
        usize::from(self.0)
    }

    /// The names of all kinds of a run, by number.
    pub(crate) fn names(settings: &Settings) -> Vec<String> {
        let commands = settings.commands.iter().map(|command| command.words.join(" "));
        NAMES.iter().map(|name| (*name).to_owned()).chain(commands).collect()
    }
}

/// Latencies are kept from 100 ns to a minute with three digits.
const LATENCY_NS: (u64, u64, u8) = (100, 60_000_000_000, 3);

/// What the answers said.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    /// Answered requests by kind, error answers included.
    pub(crate) requests: Box<[u64]>,
    /// Keys asked for by answered gets.
    pub(crate) keys: u64,
    /// Values that came.
    pub(crate) hits: u64,
    /// Answers that are not what such a request is answered with.
    pub(crate) errors: u64,
    /// The first of them.
    pub(crate) first_error: Option<String>,
    /// Values that were not the ones stored.
    pub(crate) wrong: u64,
    /// Answers that nothing had been asked for.
    pub(crate) stray: u64,
    /// Requests that were never answered: the connection ended or the run did.
    pub(crate) unanswered: u64,
    /// Connections that ended before the run.
    pub(crate) connections_lost: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
}

impl Counts {
    /// Of a run with so many kinds of request.
    pub(crate) fn new(kinds: usize) -> Self {
        Self {
            requests: vec![0; kinds].into(),
            keys: 0,
            hits: 0,
            errors: 0,
            first_error: None,
            wrong: 0,
            stray: 0,
            unanswered: 0,
            connections_lost: 0,
            bytes_sent: 0,
            bytes_received: 0,
        }
    }

    #[cold]
    pub(crate) fn error(&mut self, line: &[u8]) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned());
    }

    fn add(&mut self, other: &Self) {
        for (mine, others) in self.requests.iter_mut().zip(&other.requests) {
            *mine += others;
        }
        self.keys += other.keys;
        self.hits += other.hits;
        self.errors += other.errors;
        self.wrong += other.wrong;
        self.stray += other.stray;
        self.unanswered += other.unanswered;
        self.connections_lost += other.connections_lost;
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.first_error = self.first_error.take().or_else(|| other.first_error.clone());
    }
}

/// The counts of one worker, later of all.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) counts: Counts,
    /// Of them in the histograms.
    recorded: Box<[u64]>,
    pub(crate) latency_ns: Vec<Histogram<u64>>,
}

impl Tally {
    /// Of a run with so many kinds of request.
    pub(crate) fn new(kinds: usize) -> Self {
        let (low, high, digits) = LATENCY_NS;
        let histogram = Histogram::new_with_bounds(low, high, digits).expect("the bounds are in order");
        Self { counts: Counts::new(kinds), recorded: vec![0; kinds].into(), latency_ns: vec![histogram; kinds] }
    }

    /// Books the latency of all answers counted since the last time.
    #[inline]
    pub(crate) fn record(&mut self, latency_ns: u64) {
        let counts = self.counts.requests.iter().zip(&mut self.recorded);
        for ((&counted, recorded), histogram) in counts.zip(&mut self.latency_ns) {
            if counted > *recorded {
                histogram.saturating_record_n(latency_ns, counted - *recorded);
                *recorded = counted;
            }
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        for (mine, others) in self.latency_ns.iter_mut().zip(&other.latency_ns) {
            mine.add(others).expect("all histograms have the same bounds");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: usize = NAMES.len();

    #[test]
    fn quantiles_of_two_workers_are_those_of_all() {
        let (mut one, mut two) = (Tally::new(KINDS), Tally::new(KINDS));
        for latency_us in 1..=1000u64 {
            let tally = if latency_us % 2 == 0 { &mut one } else { &mut two };
            tally.counts.requests[Kind::GET.number()] += 3;
            tally.record(latency_us * 1000);
        }
        one.add(&two);
        let (gets, sets) = (&one.latency_ns[0], &one.latency_ns[1]);
        assert_eq!((gets.len(), sets.len(), &*one.counts.requests), (3000, 0, &[3000, 0, 0][..]));
        for (quantile, expected_us) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0)] {
            let found_us = gets.value_at_quantile(quantile) as f64 / 1000.0;
            assert!((found_us / expected_us - 1.0).abs() < 0.002, "{quantile}: {found_us}");
        }
    }

    #[test]
    fn what_is_slower_than_a_minute_counts_as_a_minute() {
        let mut tally = Tally::new(KINDS);
        tally.counts.requests[1] = 1;
        tally.record(u64::MAX);
        assert!(tally.latency_ns[1].max() >= 60_000_000_000);
    }
}

//! The result of a run, as JSON says it.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::tally::Tally;

/// Four steps a halving: until one of 100,000 is slower.
const CURVE_STEPS: i32 = 66;

/// Everything a run found out.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// From the end of the warm-up to the last answer.
    pub seconds: f64,
    /// Answered requests of all kinds.
    pub requests: u64,
    /// Of them in a second.
    pub requests_per_second: f64,
    /// By kind: `get`, `set`, `delete`, or the command as it was given.
    pub operations: BTreeMap<String, OperationReport>,
    /// Keys asked for by gets.
    pub keys: u64,
    /// Values that came.
    pub hits: u64,
    /// Answers that are not what such a request is answered with.
    pub errors: u64,
    /// The first of them.
    pub first_error: Option<String>,
    /// Values that were not the ones stored (only with `verify`).
    pub wrong: u64,
    /// Answers that nothing had been asked for.
    pub stray: u64,
    /// Requests never answered.
    pub unanswered: u64,
    /// Connections that ended before the run.
    pub connections_lost: u64,
    /// To the servers.
    pub bytes_sent: u64,
    /// From the servers.
    pub bytes_received: u64,
}

/// One kind of request.
#[derive(Clone, Debug, Serialize)]
pub struct OperationReport {
    /// Answered ones.
    pub requests: u64,
    /// From the moment a request was (open loop: should have been) sent to its answer.
    pub latency_us: Latency,
}

/// Quantiles of a latency in microseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90 of 100 are faster.
    pub p90: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1000.
    pub p999: f64,
    /// The slowest.
    pub max: f64,
    /// For plots: quantiles 0, 0.5, 0.75, … each halving what is left, four steps a halving, and their latencies.
    pub curve: Vec<(f64, f64)>,
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1000.0;
        Self {
            mean: histogram.mean() / 1000.0,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: histogram.max() as f64 / 1000.0,
            curve: (0..=CURVE_STEPS).map(|step| 1.0 - (-f64::from(step) / 4.0).exp2()).map(|q| (q, at(q))).collect(),
        }
    }
}

impl Report {
    /// `names` are those of the kinds of request.
    pub(crate) fn new(names: Vec<String>, tally: &Tally, elapsed: Duration) -> Self {
        let counts = &tally.counts;
        let requests: u64 = counts.requests.iter().sum();
        let seconds = elapsed.as_secs_f64();
        let rows = names.into_iter().zip(counts.requests.iter().copied()).zip(&tally.latency_ns);
        let operations = rows.filter(|((_, requests), _)| *requests > 0).map(|((name, requests), histogram)| {
            (name, OperationReport { requests, latency_us: Latency::of(histogram) })
        });
        Self {
            seconds,
            requests,
            requests_per_second: requests as f64 / seconds,
            operations: operations.collect(),
            keys: counts.keys,
            hits: counts.hits,
            errors: counts.errors,
            first_error: counts.first_error.clone(),
            wrong: counts.wrong,
            stray: counts.stray,
            unanswered: counts.unanswered,
            connections_lost: counts.connections_lost,
            bytes_sent: counts.bytes_sent,
            bytes_received: counts.bytes_received,
        }
    }

    /// The report as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain numbers and strings")
    }
}

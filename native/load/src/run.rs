//! A run: all workers connect, then all start, then their tallies are added up.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::dialect::{Dialect, Meta, Resp, Text};
use crate::progress::Progress;
use crate::source::Source;
use crate::tally::{Kind, Tally};
use crate::values::Values;
use crate::worker::{Done, Worker};
use crate::{Error, Protocol, Report, Settings};

/// Runs to the end or until `progress` is told to stop, blocking.
///
/// # Errors
/// A server that cannot be reached at the start, a file that cannot be read. What fails later is counted in the report.
pub fn run(settings: &Settings, progress: &Progress) -> Result<Report, Error> {
    match settings.protocol {
        Protocol::Text => run_in::<Text>(settings, progress),
        Protocol::Meta => run_in::<Meta>(settings, progress),
        Protocol::Resp => run_in::<Resp>(settings, progress),
    }
}

fn run_in<D: Dialect>(settings: &Settings, progress: &Progress) -> Result<Report, Error> {
    let values = Arc::new(Values::new(settings.value_bytes.clone()));
    let edge = |worker: usize| settings.connections * worker / settings.threads;
    let workers: Vec<(Worker<D>, f64)> = (0..settings.threads)
        .map(|number| {
            let (first, count) = (edge(number), edge(number + 1) - edge(number));
            let rate = settings.rate * count as f64 / settings.connections as f64;
            let source = Source::new::<D>(settings, Arc::clone(&values), number)?;
            Worker::new(settings, source, first, count).map(|worker| (worker, rate))
        })
        .collect::<Result<_, _>>()?;
    let names = Kind::names(settings);
    let (mut tally, mut elapsed) = (Tally::new(names.len()), Duration::ZERO);
    for done in run_all(workers, settings.pipeline, progress) {
        let done = done?;
        tally.add(&done.tally);
        elapsed = elapsed.max(done.elapsed);
    }
    Ok(Report::new(names, &tally, elapsed))
}

fn run_all<D: Dialect>(
    workers: Vec<(Worker<D>, f64)>,
    pipeline: usize,
    progress: &Progress,
) -> Vec<Result<Done, Error>> {
    thread::scope(|scope| {
        let threads: Vec<_> = workers
            .into_iter()
            .map(|(worker, rate)| scope.spawn(move || worker.run(rate, pipeline, progress)))
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a worker does not panic")).collect()
    })
}

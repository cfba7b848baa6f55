//! One thread's epoll loop over its connections.
//!
//! Closed loop: a connection sends its next batch as soon as the last is answered. Open loop: batches are due by the
//! schedule; a connection that is still busy when its turn comes sends late, and the lateness counts as latency.

use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};

use crate::connection::Connection;
use crate::dialect::Dialect;
use crate::progress::{Progress, Published};
use crate::schedule::Schedule;
use crate::source::Source;
use crate::tally::{Kind, Tally};
use crate::{Error, Settings, Workload};

const BUFFER_BYTES: usize = 256 * 1024;
const EVENTS_MAX: usize = 256;
/// How long after the end answers are waited for.
const GRACE: Duration = Duration::from_secs(5);
/// The clock is looked at so often while nothing happens.
const WAIT_MAX: Duration = Duration::from_millis(100);
/// What an event says of a server that sends nothing more.
const CLOSED: epoll::EventFlags = epoll::EventFlags::RDHUP.union(epoll::EventFlags::HUP).union(epoll::EventFlags::ERR);

pub(crate) struct Worker<D> {
    epoll: rustix::fd::OwnedFd,
    connections: Vec<Connection<D>>,
    source: Source,
    schedule: Option<Schedule>,
    tally: Tally,
    buffer: Vec<u8>,
    /// Nothing new is sent.
    is_ending: bool,
    /// The age at which answers are no longer waited for.
    give_up: Option<Duration>,
    warm_up: Duration,
    duration: Option<Duration>,
    silence: Silence,
}

/// What a worker brings back.
pub(crate) struct Done {
    pub(crate) tally: Tally,
    /// From the end of the warm-up to the last answer.
    pub(crate) elapsed: Duration,
}

impl<D: Dialect> Worker<D> {
    /// Connects; `first` is the number of its first connection among all workers'.
    pub(crate) fn new(settings: &Settings, source: Source, first: usize, count: usize) -> Result<Self, Error> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|e| Error::io("epoll_create")(e.into()))?;
        let mut connections = Vec::with_capacity(count);
        for number in 0..count {
            let server = &settings.servers[(first + number) % settings.servers.len()];
            let connection = Connection::open(server, number as u64)?;
            // Edge-triggered: an event says that something changed; both directions are registered once for all.
            let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET | CLOSED;
            epoll::add(&epoll, connection.stream(), epoll::EventData::new_u64(number as u64), flags)
                .map_err(|e| Error::io("epoll_ctl")(e.into()))?;
            connections.push(connection);
        }
        let is_timed = settings.workload == Workload::Mix && settings.seconds > 0.0;
        let warm_up = Duration::from_secs_f64(settings.warm_up_seconds);
        Ok(Self {
            epoll,
            connections,
            source,
            schedule: None,
            tally: Tally::new(Kind::names(settings).len()),
            buffer: vec![0; BUFFER_BYTES],
            is_ending: false,
            give_up: None,
            warm_up,
            duration: is_timed.then(|| warm_up + Duration::from_secs_f64(settings.seconds)),
            silence: Silence::new(Duration::from_secs_f64(settings.silence_seconds)),
        })
    }

    /// Runs to the end; `rate` requests a second are this worker's share, 0 is a closed loop.
    pub(crate) fn run(mut self, rate: f64, pipeline: usize, progress: &Progress) -> Result<Done, Error> {
        let start = Instant::now();
        let mut counted_from = start;
        let mut published = Published::new(start);
        let mut events = Vec::with_capacity(EVENTS_MAX);
        if rate > 0.0 {
            self.schedule = Some(Schedule::new(start, rate / pipeline as f64));
        } else {
            (0..self.connections.len()).for_each(|number| self.send_next(number, start));
        }
        loop {
            let now = Instant::now();
            let age = now - start;
            if counted_from == start && !self.warm_up.is_zero() && age >= self.warm_up {
                published.restart(&self.tally.counts, progress);
                self.tally = Tally::new(self.tally.latency_ns.len());
                counted_from = now;
            }
            published.update(&self.tally.counts, now, progress);
            let is_stopped = progress.is_stopped() || self.duration.is_some_and(|duration| age >= duration);
            if is_stopped && !self.is_ending {
                self.is_ending = true;
                self.give_up = Some(age + GRACE);
            }
            self.send_due(now);
            if self.is_over(age) || self.is_silent(now) {
                break;
            }
            self.wait(&mut events, now)?;
            self.serve(&events);
        }
        self.tally.counts.unanswered += self.connections.iter().map(Connection::unanswered).sum::<u64>();
        published.flush(&self.tally.counts, progress);
        Ok(Done { elapsed: counted_from.elapsed(), tally: self.tally })
    }

    fn is_over(&self, age: Duration) -> bool {
        let is_late = self.give_up.is_some_and(|give_up| age >= give_up);
        let is_done = self.is_ending || self.source.is_empty() || self.connections.iter().all(|c| !c.is_open);
        is_late || (is_done && self.connections.iter().all(Connection::is_idle))
    }

    /// Only a count would end the run, and nobody answers what is under way.
    fn is_silent(&mut self, now: Instant) -> bool {
        let is_silent = self.duration.is_none() && self.silence.is_over(&self.tally, now);
        is_silent && !self.connections.iter().all(Connection::is_idle)
    }

    fn wait(&self, events: &mut Vec<epoll::Event>, now: Instant) -> Result<(), Error> {
        let until_turn = self.schedule.as_ref().filter(|_| !self.is_ending).map_or(WAIT_MAX, |s| s.wait(now));
        let timeout = Timespec::try_from(until_turn.min(WAIT_MAX)).expect("a tenth of a second fits");
        events.clear();
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(Error::io("epoll_wait")(error.into())),
        }
    }

    fn serve(&mut self, events: &[epoll::Event]) {
        for event in events {
            let number = event.data.u64() as usize;
            let connection = &mut self.connections[number];
            connection.flush(&mut self.tally);
            if !connection.is_idle() {
                let flags = event.flags;
                let (buffer, is_last) = (&mut self.buffer, flags.intersects(CLOSED));
                let came = connection.receive(is_last, buffer, &self.source, &mut self.tally);
                if let Some(came) = came.filter(|_| connection.is_idle()) {
                    self.send_next(number, came);
                }
            }
        }
    }

    /// The connection is idle: what it sends next, if anything is to be sent by now.
    fn send_next(&mut self, number: usize, now: Instant) {
        let count = self.connections.len() as u64;
        let connection = &mut self.connections[number];
        if self.is_ending || !connection.is_open {
            return;
        }
        let since = match &self.schedule {
            None => now,
            Some(schedule) => {
                let due = schedule.due(connection.turn);
                if due > now {
                    return;
                }
                connection.turn += count;
                due
            }
        };
        connection.begin(&mut self.source, since, &mut self.tally);
    }

    /// Open loop: wakes the connections whose turn has come.
    fn send_due(&mut self, now: Instant) {
        let count = self.connections.len() as u64;
        while let Some(turn) = self.schedule.as_mut().filter(|_| !self.is_ending).and_then(|s| s.take(now)) {
            let number = (turn % count) as usize;
            if self.connections[number].is_idle() {
                self.send_next(number, now);
            }
        }
    }
}

/// What ends a run that only a count ends, and whose answers never come.
struct Silence {
    max: Duration,
    bytes: u64,
    since: Instant,
}

impl Silence {
    fn new(max: Duration) -> Self {
        Self { max, bytes: 0, since: Instant::now() }
    }

    /// No byte has gone or come for too long.
    fn is_over(&mut self, tally: &Tally, now: Instant) -> bool {
        let bytes = tally.counts.bytes_sent + tally.counts.bytes_received;
        if bytes != self.bytes {
            (self.bytes, self.since) = (bytes, now);
        }
        now.duration_since(self.since) >= self.max
    }
}

//! A worker and its server for tests: requests go in, replies and what they wait for come out, and the clock is set by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::Session;
use crate::host::{Connections, Host, Moment, Usage};
use crate::server::{Server, Settings};
use crate::worker::Worker;

/// A clock that is set by hand.
#[derive(Default)]
pub(crate) struct Clock(pub(crate) AtomicU64);

impl Host for Clock {
    fn connections(&self) -> Connections {
        Connections::default()
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn threads(&self) -> usize {
        1
    }

    fn port(&self) -> u16 {
        0
    }

    fn moment(&self) -> Moment {
        self.0.load(Relaxed)
    }

    fn shut_down(&self) {}
}

/// One server with one worker.
pub(crate) struct Scene {
    pub(crate) server: Arc<Server>,
    pub(crate) worker: Worker,
    pub(crate) clock: Arc<Clock>,
    opened: u64,
}

/// What came of an input: the reply, and from where on it waits for which lane and offset.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) reply: String,
    pub(crate) holds: Vec<(usize, u8, u64)>,
}

impl Scene {
    pub(crate) fn new(config: &[(&str, &str)]) -> Self {
        let config = config.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let clock = Arc::new(Clock(AtomicU64::new(1000)));
        let server =
            Arc::new(Server::start(Settings { config, ..Settings::default() }, clock.clone()).expect("starts"));
        Self { worker: Worker::new(server.clone(), 0), server, clock, opened: 0 }
    }

    pub(crate) fn open(&mut self) -> Session {
        self.opened += 1;
        self.worker.open(self.opened)
    }

    pub(crate) fn say(&mut self, session: &mut Session, lines: &str) -> Answer {
        let (mut out, input) = (Vec::new(), lines.replace('\n', "\r\n") + "\r\n");
        self.worker.serve(session, input.as_bytes(), &mut out, usize::MAX, 1);
        let mut holds = Vec::new();
        while let Some(hold) = self.worker.next_hold() {
            holds.push((hold.from, hold.ticket.lane, hold.ticket.offset));
        }
        Answer { reply: String::from_utf8(out).expect("is text"), holds }
    }

    /// So many milliseconds pass.
    pub(crate) fn pass(&self, milliseconds: u64) {
        self.clock.0.fetch_add(milliseconds, Relaxed);
    }

    pub(crate) fn end(&self) -> u64 {
        self.server.journal.end.get()
    }

    /// So many replicas hold the stream up to here.
    pub(crate) fn confirm(&self, replicas: usize, offset: u64) {
        self.server.durability.replicas_hold((0..replicas).map(|_| ("r", offset, 0)));
    }
}

/// A reply that waits for nothing.
pub(crate) fn free(reply: &str) -> Answer {
    Answer { reply: reply.to_owned(), holds: Vec::new() }
}

//! What is remembered of one connection between two calls of `serve`: nothing, or something half done.

use std::sync::Arc;

use crate::commands::dump::Dump;
use crate::request::Retrieval;
use crate::watch::Watcher;

/// One connection.
#[derive(Debug)]
pub struct Session {
    pub(crate) number: u64,
    pub(crate) state: State,
}

/// What comes next on a connection.
#[derive(Debug, Default)]
pub(crate) enum State {
    /// A line.
    #[default]
    Line,
    /// More keys of a line that came in parts, or whose reply came in parts.
    Keys(Retrieval<'static>),
    /// The rest of a large body.
    Body(Box<Body>),
    /// So many bytes that mean nothing.
    Swallow(usize),
    /// The next part of a listing of all items.
    Dump(Box<Dump>),
    /// Nothing: it receives events, and what it sends is not looked at.
    Watching(Arc<Watcher>),
    /// Nothing: it is to be closed.
    Closed,
}

/// A large body on its way.
#[derive(Debug)]
pub(crate) struct Body {
    /// The line that announced it, its end included.
    pub(crate) line: Vec<u8>,
    /// What has arrived.
    pub(crate) bytes: Vec<u8>,
    /// How long it will be.
    pub(crate) length: usize,
}

/// What is set aside for a body before any of it has come, in bytes: a claimed gigabyte costs nothing until it is sent.
const RESERVE_BYTES: usize = 1 << 20;

impl Body {
    pub(crate) fn new(line: &[u8], length: usize) -> Self {
        Self { line: line.to_vec(), bytes: Vec::with_capacity(length.min(RESERVE_BYTES)), length }
    }

    /// Takes what belongs to the body; how many bytes that was.
    pub(crate) fn take(&mut self, input: &[u8]) -> usize {
        let taken = input.len().min(self.length - self.bytes.len());
        let needed = self.bytes.len() + taken;
        if needed > self.bytes.capacity() {
            let target = needed.max(self.bytes.capacity() * 2).min(self.length);
            self.bytes.reserve_exact(target - self.bytes.len());
        }
        self.bytes.extend_from_slice(&input[..taken]);
        taken
    }
}

impl Session {
    /// A connection; `number` names it in `stats conns` and `watch`.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self { number, state: State::Line }
    }

    /// The events of a connection that watches: drain them into its reply every so often, and tell `Server::stop_watching`
    /// when it is gone.
    #[must_use]
    pub fn watcher(&self) -> Option<&Arc<Watcher>> {
        match &self.state {
            State::Watching(watcher) => Some(watcher),
            _ => None,
        }
    }

    /// Bytes of a body that has not wholly come.
    #[must_use]
    pub fn held(&self) -> usize {
        match &self.state {
            State::Body(body) => body.bytes.len(),
            _ => 0,
        }
    }

    /// Nothing is half done: the connection may be closed between two requests.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Line)
    }
}

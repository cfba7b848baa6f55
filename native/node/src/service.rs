//! memcached's protocol on the reactor: the two contracts, put together one to one.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use memcached::{Clock, Output, Session, Watcher, Worker};
use reactor::{Links, Opened, Progress, Reply, Service, Token, Why};

use crate::clock::ClockSource;

/// One worker thread of a node.
#[derive(Debug)]
pub(crate) struct Memcached {
    worker: Worker,
    clock: ClockSource,
    /// What it said for the present turn.
    turn: (Instant, Clock),
    /// Connections that watch, and where their events wait.
    watching: Vec<(Token, Arc<Watcher>)>,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Client {
    session: Session,
    peer: Box<str>,
}

impl Memcached {
    pub(crate) fn new(worker: Worker, clock: ClockSource) -> Self {
        let now = Instant::now();
        Self { worker, clock, turn: (now, clock.at(now)), watching: Vec::new() }
    }

    #[inline]
    fn clock(&mut self, now: Instant) -> Clock {
        if self.turn.0 != now {
            self.turn = (now, self.clock.at(now));
        }
        self.turn.1
    }

    #[cold]
    fn watch(&mut self, token: Token, watcher: &Arc<Watcher>) {
        if self.watching.iter().all(|(known, _)| *known != token) {
            self.watching.push((token, watcher.clone()));
        }
    }
}

impl Service for Memcached {
    type Session = Client;

    fn open(&mut self, opened: Opened, links: &mut Links) -> Client {
        self.worker.server().connection_opened(self.clock.at(links.now()), opened.token.0, &opened.peer);
        Client { session: Session::new(opened.token.0), peer: opened.peer.into() }
    }

    #[inline]
    fn serve(
        &mut self,
        token: Token,
        client: &mut Client,
        input: &[u8],
        reply: &mut Reply,
        links: &mut Links,
    ) -> Progress {
        let clock = self.clock(links.now());
        let progress = self.worker.serve(&mut client.session, input, &mut Out(reply), clock);
        if let Some(watcher) = client.session.watcher() {
            self.watch(token, watcher);
        }
        match progress {
            memcached::Progress::Consumed(count) => Progress::Consumed(count),
            memcached::Progress::Yield(count) => Progress::Yield(count),
            memcached::Progress::Blocked(count) => Progress::Blocked(count),
            memcached::Progress::Close => Progress::Close,
        }
    }

    fn ahead<'i>(&mut self, inputs: impl Iterator<Item = &'i [u8]>) {
        self.worker.ahead(inputs);
    }

    fn close(&mut self, token: Token, client: Option<Client>, why: Why, links: &mut Links) {
        let Some(client) = client else { return };
        if let Some(watcher) = client.session.watcher() {
            self.worker.server().stop_watching(watcher);
            self.watching.retain(|(known, _)| *known != token);
        }
        let reason = match why {
            Why::Peer | Why::Asked => "normal",
            Why::Idle => "idle",
            Why::Shed | Why::Unreachable(_) | Why::Failed(_) => "error",
        };
        self.worker.server().connection_closed(self.clock.at(links.now()), token.0, &client.peer, reason);
    }

    #[inline]
    fn holds(&self, client: &Client) -> Option<usize> {
        Some(client.session.held())
    }

    fn tick(&mut self, links: &mut Links) {
        if self.watching.is_empty() {
            return;
        }
        self.worker.server().tell_evictions(self.clock.at(links.now()));
        for (token, watcher) in &self.watching {
            if watcher.is_empty() {
                continue;
            }
            if let Some(reply) = links.reply(*token).filter(|reply| !reply.is_full()) {
                watcher.drain(reply.buffer());
            }
        }
    }
}

struct Out<'r>(&'r mut Reply);

impl Output for Out<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.0.put(bytes);
    }

    #[inline]
    fn buffer(&mut self) -> &mut Vec<u8> {
        self.0.buffer()
    }

    fn share(&mut self, value: Arc<Vec<u8>>, range: Range<usize>) {
        self.0.share(value, range);
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.0.is_full()
    }
}

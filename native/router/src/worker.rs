//! One worker thread of the router: what the reactor calls. Ties clients to connections; the rest of it stands in `serve.rs`
//! (a client's input), `dispatch.rs` (a request's way) and `admin.rs` (what the proxy answers by itself).
//!
//! ```text
//!   client input ──serve──> requests ──dispatch──> slots of the client, questions on connections
//!   node input ──take──> answers ──deliver──> slot ──pump──> the client's reply, in order
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use reactor::{Links, Opened, Progress, Reply, Service, Token, Why};
use slab::Slab;

use crate::ahead::Ahead;
use crate::answer::{Expect, Verdict, without_barrier};
use crate::body::{Answer, Body};
use crate::client::{Client, Slot};
use crate::connections::{Connections, Question};
use crate::failure::Failure;
use crate::join::{Asker, Join, Next, Target};
use crate::node::add;
use crate::shared::{Shared, Topology};
use crate::topology::Down;
use crate::upstream::{Awaited, Owner, Took};

/// What the reactor keeps of a connection: whose it is.
#[derive(Debug)]
pub enum Session {
    /// A client's, by its place.
    Client(usize),
    /// A node's, by its place.
    Node(usize),
}

/// A worker.
pub struct Worker {
    pub(crate) index: usize,
    pub(crate) shared: Arc<Shared>,
    pub(crate) topology: Topology,
    pub(crate) connections: Connections,
    pub(crate) clients: Slab<Client>,
    pub(crate) ahead: Ahead,
    installs: u64,
    epochs: u32,
    began: Instant,
    /// Joins that want to ask again.
    rounds: Vec<Owner>,
}

impl Worker {
    /// The worker of this index.
    #[must_use]
    pub fn new(index: usize, shared: Arc<Shared>) -> Self {
        let installs = shared.installs();
        let (outstanding_max, queued_bytes_max) = (shared.settings.outstanding_max, shared.settings.queued_bytes_max);
        Self {
            index,
            topology: shared.topology(),
            connections: Connections::new(index, outstanding_max, queued_bytes_max),
            clients: Slab::new(),
            ahead: Ahead::default(),
            installs,
            epochs: 0,
            began: Instant::now(),
            rounds: Vec::new(),
            shared,
        }
    }

    /// Sets the clock, and takes a new topology if there is one.
    #[inline]
    fn look_around(&mut self, links: &mut Links) {
        self.connections.now_us = links.now().saturating_duration_since(self.began).as_micros() as u32;
        if self.shared.installs() != self.installs {
            self.installs = self.shared.installs();
            self.topology = self.shared.topology();
            self.connections.adopt(&self.topology, links);
        }
    }

    fn serve_node(&mut self, index: usize, token: Token, input: &[u8], links: &mut Links) {
        let mut rest = input;
        let now_us = self.connections.now_us;
        if let Some(upstream) = self.connections.get(index, token) {
            upstream.heard_us = now_us;
        }
        loop {
            let Some(upstream) = self.connections.get(index, token) else { return };
            match upstream.take(&mut rest) {
                Took::Answer(awaited, answer, verdict) => {
                    upstream.count(self.index, answer.as_slice().len(), now_us.wrapping_sub(awaited.asked_us));
                    self.deliver(awaited, answer, verdict, links);
                }
                Took::Garbage => {
                    self.lose(index, Failure::Garbage, links);
                    links.abort(token);
                    break;
                }
                Took::Starved => {
                    if upstream.is_retired && upstream.outstanding() == 0 {
                        links.finish(token);
                    }
                    break;
                }
            }
        }
        self.ask_further(links);
    }

    /// Gives an answer to whom it belongs.
    #[inline]
    fn deliver(&mut self, awaited: Awaited, answer: Answer<'_>, verdict: Verdict, links: &mut Links) {
        let owner = awaited.owner;
        let Some(client) = self.clients.get_mut(owner.client as usize).filter(|client| client.epoch == owner.epoch)
        else {
            return;
        };
        let length = match awaited.expect {
            Expect::Quiet => without_barrier(answer.as_slice()).len(),
            _ => answer.as_slice().len(),
        };
        let reply = links.reply(client.token);
        if client.answer(owner.slot, owner.part, answer, length, verdict, reply) == Next::Ask {
            self.rounds.push(owner);
        }
        go_on(client, links);
    }

    /// Joins that have got one answer and need another.
    fn ask_further(&mut self, links: &mut Links) {
        while let Some(owner) = self.rounds.pop() {
            let client = self.clients.get_mut(owner.client as usize).filter(|client| client.epoch == owner.epoch);
            let Some(slot) = client.and_then(|client| client.slot(owner.slot)) else { continue };
            let Slot::Join(join, topology) = std::mem::replace(slot, Slot::Waiting) else { continue };
            let slot = self.ask_join(owner, join, topology, links);
            let client = &mut self.clients[owner.client as usize];
            if let Some(place) = client.slot(owner.slot) {
                *place = slot;
            }
            if let Some(reply) = links.reply(client.token) {
                client.pump(reply);
            }
            go_on(client, links);
        }
    }

    /// Lets a join ask what it has to ask now.
    pub(crate) fn ask_join(
        &mut self,
        owner: Owner,
        mut join: Box<dyn Join>,
        topology: Option<Box<Topology>>,
        links: &mut Links,
    ) -> Slot {
        let under = topology.as_deref().unwrap_or(&self.topology);
        let mut asking = Asking { topology: under, connections: &mut self.connections, owner, links };
        match join.ask(&mut asking) {
            Next::Done => Slot::Joined(join),
            _ => Slot::Join(join, topology),
        }
    }

    /// A connection to a node is gone: all that waited for it is told so.
    fn lose(&mut self, index: usize, failure: Failure, links: &mut Links) {
        let Some(mut upstream) = self.connections.remove(index) else { return };
        let is_fault = failure != Failure::Closed || upstream.outstanding() > 0;
        if is_fault && upstream.node.failed(upstream.failure_limit) {
            self.shared.tell_change();
        }
        if failure == Failure::TimedOut {
            add(&upstream.node.counters(self.index).timeouts, 1);
        }
        let said = failure.said(&upstream.node.name);
        for awaited in upstream.forsake() {
            if awaited.may_miss {
                self.deliver(awaited, Answer::Borrowed(b"END\r\n"), Verdict::Miss, links);
            } else {
                self.deliver(awaited, Answer::Borrowed(said.as_slice()), Verdict::Failed, links);
            }
        }
    }
}

impl Service for Worker {
    type Session = Session;

    fn open(&mut self, opened: Opened, _links: &mut Links) -> Session {
        if opened.listener.is_none() {
            let index = self.connections.find(opened.token).unwrap_or(usize::MAX);
            let now_us = self.connections.now_us;
            if let Some(upstream) = self.connections.get(index, opened.token) {
                upstream.connect_by_us = None;
                upstream.heard_us = now_us;
            }
            return Session::Node(index);
        }
        self.epochs = self.epochs.wrapping_add(1);
        Session::Client(self.clients.insert(Client::new(opened.token, self.epochs)))
    }

    fn serve(
        &mut self,
        token: Token,
        session: &mut Session,
        input: &[u8],
        reply: &mut Reply,
        links: &mut Links,
    ) -> Progress {
        self.look_around(links);
        match *session {
            Session::Client(index) => self.serve_client(index, input, reply, links),
            Session::Node(index) => {
                self.serve_node(index, token, input, links);
                Progress::Consumed(input.len())
            }
        }
    }

    fn close(&mut self, token: Token, session: Option<Session>, why: Why, links: &mut Links) {
        if let Some(Session::Client(index)) = session {
            self.clients.try_remove(index);
            return;
        }
        if let Some(index) = self.connections.find(token) {
            let failure = match why {
                Why::Unreachable(kind) => Failure::Unreachable(kind),
                _ => Failure::Closed,
            };
            self.lose(index, failure, links);
            self.ask_further(links);
            self.connections.send(links);
        }
    }

    fn is_idle(&self, session: &Session) -> bool {
        match session {
            Session::Client(index) => self.clients.get(*index).is_none_or(|client| client.pending() == 0),
            Session::Node(_) => true,
        }
    }

    fn holds(&self, session: &Session) -> Option<usize> {
        let Session::Client(index) = session else { return None };
        let arriving = self.clients.get(*index).and_then(|client| client.gathering.as_ref());
        Some(arriving.map_or(0, |request| request.bytes.len()))
    }

    fn turn(&mut self, links: &mut Links) {
        self.connections.send(links);
        if std::mem::take(&mut self.connections.went_down) {
            self.shared.tell_change();
        }
    }

    fn rest(&self) -> Duration {
        self.connections.rest()
    }

    fn tick(&mut self, links: &mut Links) {
        self.look_around(links);
        for (index, token) in self.connections.overdue() {
            self.lose(index, Failure::TimedOut, links);
            links.abort(token);
        }
        self.ask_further(links);
        self.connections.send(links);
    }
}

/// After an answer: a client that had to wait is read from again, one that has quit is let go.
#[inline]
fn go_on(client: &mut Client, links: &mut Links) {
    if client.is_stalled && client.may_resume() {
        client.is_stalled = false;
        links.resume(client.token);
    }
    if client.is_finished() {
        links.finish(client.token);
    }
}

/// A join's way to the nodes.
struct Asking<'a> {
    topology: &'a Topology,
    connections: &'a mut Connections,
    owner: Owner,
    links: &'a mut Links,
}

impl Asker for Asking<'_> {
    fn ask_keys(
        &mut self,
        target: Target,
        part: u32,
        keys: usize,
        request: &[u8],
        expect: Expect,
    ) -> Result<(), (Body, Verdict)> {
        let node = &self.topology.nodes[target.node as usize];
        let pool = &self.topology.routing.pools[target.pool as usize];
        let may_miss = expect == Expect::Values && pool.down == Down::Miss;
        let owner = Owner { part, ..self.owner };
        let lane = self.owner.client as usize;
        let question = Question { target, owner, lane, expect, key_check: 0, keys: keys as u32, may_miss };
        match self.connections.ask(self.topology, question, self.links) {
            Ok(upstream) => {
                upstream.put(request);
                Ok(())
            }
            Err(_) if may_miss => Err((Body::Fixed(b"END\r\n"), Verdict::Miss)),
            Err(failure) => Err((failure.said(&node.name), Verdict::Failed)),
        }
    }
}

//! One thread's part of the server: turns input into requests, and requests into executions, as far as output and fairness allow.

mod request;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use dataset::Millis;
use resp::Writer;

use crate::batch::{Batch, Behind, Read};
use crate::blocking::Waiter;
use crate::clients::Peer;
use crate::command;
use crate::durability::{Hold, Holds, Mode};
use crate::execute::Aftermath;
use crate::host::wall_clock;
use crate::identity::Identity;
use crate::outbox::{Mail, Outbox};
use crate::replication::Replica;
use crate::server::Server;
use crate::session::Session;

/// How far `serve` came with its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This many bytes are done; the rest waits until more input arrives.
    Consumed(usize),
    /// This many are done; call again with the rest after others had their turn.
    Yield(usize),
    /// This many are done; the connection waits for something: call again when its mail has come, or the reply has drained.
    Blocked(usize),
    /// Send what the reply holds, then close.
    Close,
}

/// Serves the connections of one thread.
pub struct Worker {
    server: Arc<Server>,
    number: usize,
    after: Aftermath,
    /// Who of this worker's connections gives up waiting, and when.
    deadlines: BTreeMap<(Millis, u64), Arc<Waiter>>,
    /// What parts of the reply wait for.
    holds: Holds,
    /// What the reply of the last execution depends on.
    depends_on: u64,
    /// What of this batch is to be confirmed by replicas; 0: nothing.
    unconfirmed: u64,
    /// Room for the words of a request, empty between two inputs.
    words: Vec<&'static [u8]>,
    batch: Batch,
    /// Its connections that are fed with the stream, as of this version of the server's list.
    replicas: (u64, Vec<Arc<Replica>>),
}

impl Worker {
    /// The `number`-th worker of a server.
    #[must_use]
    pub fn new(server: Arc<Server>, number: usize) -> Self {
        let after = Aftermath::default();
        server.workers.lock().push(after.meter.counters.clone());
        let (deadlines, holds, words, batch, replicas) = Default::default();
        Self { server, number, after, deadlines, holds, depends_on: 0, unconfirmed: 0, words, batch, replicas }
    }

    /// A connection stands; `token` is what the host calls it.
    pub fn open(&mut self, token: u64) -> Session {
        self.open_from(token, Peer::default(), 0)
    }

    /// The same, with where it comes from.
    pub fn open_from(&mut self, token: u64, peer: Peer, now: Millis) -> Session {
        let client = self.server.clients.enter(self.number, token, peer, now);
        let mut identity = Identity::new(&self.server.acl);
        if !client.peer.is_local() && self.server.is_protected() {
            identity.shut_out();
        }
        Session { identity, ..Session::new(client) }
    }

    /// The connection is gone.
    pub fn close(&mut self, mut session: Session) {
        self.server.clients.leave(session.id.number);
        self.server.monitors.leave(session.id);
        self.stop_waiting(&mut session);
        if let Some(replica) = session.replica.take() {
            self.server.detach(&replica, wall_clock());
        }
        if let Some(mut subscriptions) = session.subscriptions.take() {
            self.server.exchange.leave(&mut subscriptions, session.client());
        }
        if let Some(tracked) = session.tracking.take() {
            self.server.tracking.end(&tracked.tracker);
        }
        self.stop_watching(&mut session);
    }

    fn stop_watching(&self, session: &mut Session) {
        if let Some(watch) = session.watch.take() {
            let shards = self.server.dataset.shards_of(watch.keys.iter().map(|(_, key)| &**key));
            self.server.clean(shards, move |data| watch.forget(data));
        }
    }

    /// The connection waits for nothing any more.
    fn stop_waiting(&mut self, session: &mut Session) {
        let Some(waiter) = session.waiter.take() else { return };
        if let Some(deadline) = waiter.deadline {
            self.deadlines.remove(&(deadline, session.id.number));
        }
        self.server.leave_queues(&waiter);
    }

    /// When `tick` is to be called next, if soon.
    #[must_use]
    pub fn due(&self) -> Option<Millis> {
        let deadline = self.deadlines.first_key_value().map(|(&(deadline, _), _)| deadline);
        deadline.into_iter().chain(self.server.pause.until()).min()
    }

    /// Time has passed: who has waited in vain is told.
    pub fn tick(&mut self, now: Millis) {
        while let Some(first) = self.deadlines.first_entry().filter(|first| first.key().0 <= now) {
            self.server.give_up(&first.remove(), &mut self.after.outbox);
        }
        self.server.watch_lease(&mut self.after.outbox);
        self.server.sample_rates();
        if self.server.pause.until().is_some_and(|until| until <= now) {
            self.server.pause.end(&mut self.after.outbox);
        }
    }

    /// The server that it works for.
    #[must_use]
    pub fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Somebody waits for copies elsewhere, or on the disk.
    #[inline]
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        self.server.replication.waiting.is_any()
    }

    /// Looks whether what they wait for has come.
    pub fn look_at_waiting(&mut self) {
        self.server.look_at_waiting(&mut self.after.outbox);
    }

    /// Nothing is under way for this connection. A replica's is ended last, when it has all that the others have written.
    #[must_use]
    pub fn is_idle(&self, session: &Session) -> bool {
        let Some(replica) = &session.replica else { return true };
        let others = self.server.clients.count() > self.server.replication.replicas.count();
        !others && !replica.needs_more()
    }

    /// Who of this worker's connections is fed with the stream; cheap when nobody is.
    #[inline]
    pub fn replicas(&mut self) -> &[Arc<Replica>] {
        let version = self.server.replication.replicas.version();
        if version != self.replicas.0 {
            let mut all = self.server.replication.replicas.all();
            all.retain(|replica| replica.id.worker == self.number);
            self.replicas = (version, all);
        }
        &self.replicas.1
    }

    /// Nothing that is held may be released: the lease that allowed it is over.
    pub fn is_fenced(&mut self) -> bool {
        self.server.watch_lease(&mut self.after.outbox) || self.server.is_fenced()
    }

    /// Milliseconds until the lease runs out: `tick` is to be called then.
    #[must_use]
    pub fn lease_left(&self) -> Option<u64> {
        self.server.group.deadline().map(|deadline| deadline.saturating_sub(self.server.moment()))
    }

    /// Mail for other connections, to be delivered now.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.after.outbox
    }

    /// The next part of the last input's reply that waits.
    #[inline]
    pub fn next_hold(&mut self) -> Option<Hold> {
        self.holds.next()
    }

    /// Looks ahead at what several connections sent, before each is served.
    pub fn ahead<'i>(&mut self, inputs: impl Iterator<Item = &'i [u8]>) {
        let mut words = std::mem::take(&mut self.words);
        self.batch.look_at_first(&self.server, inputs, &mut words);
        self.words = emptied(words);
    }

    /// Serves what `input` holds: what arrived, behind what was left over. The reply counts as full from `limit` bytes on.
    pub fn serve(
        &mut self,
        session: &mut Session,
        input: &[u8],
        out: &mut Vec<u8>,
        limit: usize,
        now: Millis,
    ) -> Progress {
        let mut words = std::mem::take(&mut self.words);
        let fed_from = session.replica.as_ref().map(|_| out.len());
        self.after.meter.begin();
        self.after.meter.counters.reads.up();
        self.after.confirmation.begin_batch();
        self.server.watch_lease(&mut self.after.outbox);
        let mut progress = self.serve_requests(session, input, out, limit, now, &mut words);
        if let Some(start) = fed_from.filter(|start| out.len() > *start) {
            // An answer within the stream would be read as a part of it.
            out.truncate(start);
            progress = Progress::Close;
        }
        session.note(now);
        if self.unconfirmed > 0 {
            self.server.ask_to_confirm(std::mem::take(&mut self.unconfirmed));
        }
        self.server.journal.kick();
        self.words = emptied(words);
        progress
    }

    fn serve_requests<'i>(
        &mut self,
        session: &mut Session,
        input: &'i [u8],
        out: &mut Vec<u8>,
        limit: usize,
        now: Millis,
        words: &mut Vec<&'i [u8]>,
    ) -> Progress {
        let (mut done, mut left) = (0, self.server.settings.requests_per_turn.max(1));
        while left > 0 {
            let mut limits = self.server.limits();
            limits.is_stranger = !session.identity.is_known && !self.server.acl.default.is_open();
            let behind = self.batch.read(&input[done..], left, &limits, words, &mut session.begun);
            left = left.saturating_sub(self.batch.requests.len().max(1));
            self.batch.look_ahead(&self.server, session.database, words);
            if let Err(progress) = self.serve_batch(session, words, &mut done, out, limit, now) {
                // What was read of a request behind those that are left is read again with them.
                session.begun = None;
                return progress;
            }
            if self.must_wait(session, out, limit) {
                return Progress::Blocked(done);
            }
            match behind {
                Behind::More => {}
                Behind::Part if input.len() - done > limits.request_max => return Progress::Close,
                Behind::Part => return Progress::Consumed(done),
                Behind::Quoted(words, bytes) => {
                    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                    if !self.request(session, command::find(words[0]), None, &words, out, now) {
                        return Progress::Blocked(done);
                    }
                    done += bytes;
                    if session.is_closing {
                        return Progress::Close;
                    }
                }
                Behind::Bad(message) => {
                    Writer::new(out, session.version).error(&[b"ERR ", &*message].concat());
                    return Progress::Close;
                }
            }
        }
        if done == input.len() { Progress::Consumed(done) } else { Progress::Yield(done) }
    }

    /// Serves the requests of the batch; `done` counts the bytes of those that are done. An error when not all of them are.
    fn serve_batch(
        &mut self,
        session: &mut Session,
        words: &[&[u8]],
        done: &mut usize,
        out: &mut Vec<u8>,
        limit: usize,
        now: Millis,
    ) -> Result<(), Progress> {
        let (from, mut first) = (*done, 0);
        for number in 0..self.batch.requests.len() {
            let Read { words_end: last, end, command, hash } = self.batch.requests[number];
            if self.must_wait(session, out, limit) {
                return Err(Progress::Blocked(*done));
            }
            if last > first && !self.request(session, command, hash, &words[first..last], out, now) {
                return Err(Progress::Blocked(*done));
            }
            (first, *done) = (last, from + end);
            if session.is_closing {
                return Err(Progress::Close);
            }
        }
        Ok(())
    }

    /// The connection waits for a key, or its reply has to drain.
    #[inline]
    fn must_wait(&mut self, session: &mut Session, out: &[u8], limit: usize) -> bool {
        if let Some(waiter) = &session.waiter {
            if !waiter.is_settled() {
                return true;
            }
            self.stop_waiting(session);
        }
        out.len() >= limit
    }

    /// The reply from here on waits until what it depends on is confirmed as the connection's mode asks; and so do messages for others.
    #[inline]
    fn hold(&mut self, session: &Session, start: usize, pieces: usize) {
        let (offset, mode) = (std::mem::take(&mut self.depends_on), self.server.mode_of(session));
        if mode != Mode::Async {
            self.unconfirmed = self.unconfirmed.max(offset);
        }
        if self.server.may_hold(mode) {
            self.hold_until(mode, offset, start, pieces);
        }
    }

    #[cold]
    fn hold_until(&mut self, mode: Mode, offset: u64, start: usize, pieces: usize) {
        let tickets = self.server.tickets(mode, offset);
        self.server.durability.counts.held.fetch_add(u64::from(!tickets.is_empty()), Relaxed);
        self.holds.put(start, &tickets);
        let last = self.after.confirmation.last;
        if last > 0 && self.after.outbox.len() > pieces {
            self.after.outbox.hold(pieces, &self.server.tickets(mode, last));
        }
    }

    /// What the connection's command means for itself stands behind its reply.
    #[cold]
    fn take_own_mail(&mut self, session: &mut Session, out: &mut Vec<u8>) {
        for mail in self.after.outbox.take_for(session.id) {
            match mail {
                Mail::Push(bytes) => out.extend_from_slice(&bytes),
                Mail::Answer(bytes) => out.extend_from_slice(&bytes),
                Mail::GoOn | Mail::GiveUp => {}
                Mail::Close => session.is_closing = true,
                Mail::Held(mail, tickets) => {
                    self.holds.put(out.len(), &tickets);
                    if let Mail::Push(bytes) = *mail {
                        out.extend_from_slice(&bytes);
                    }
                }
            }
        }
    }
}

/// Room for so many words is kept.
const WORDS_KEPT_MAX: usize = 1024;

/// The same room without words, for another input. Collected in place: nothing is allocated.
fn emptied(mut words: Vec<&[u8]>) -> Vec<&'static [u8]> {
    words.clear();
    if words.capacity() > WORDS_KEPT_MAX {
        return Vec::new();
    }
    words.into_iter().map(|_| &b""[..]).collect()
}

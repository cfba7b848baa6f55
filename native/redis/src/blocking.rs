//! Commands that wait for a key (or, without one, for copies elsewhere: see replication): BLPOP and its kin, XREAD BLOCK. Who waits is a `Waiter`, enrolled at each of its keys under their
//! shards' locks; who changes such a key tries the waiters' commands again, first come first served, before anything else.
//!
//! ```text
//!   command finds nothing ──> Wait ── enrol ──> attached.awaited[key]: waiter, waiter, …
//!   another one changes the key ──> ready ── serve_waiters ──> each in turn is tried again ──> Mail::Answer │ it stays
//! ```
//!
//! A waiter is settled once: by who serves it, by its deadline, by CLIENT UNBLOCK, or by its connection's end.

use std::sync::Arc;

use dataset::{Kind, Locked, Millis, Shards};
use parking_lot::Mutex;
use resp::{Version, Writer};

use crate::ClientId;
use crate::attached::{Attached, Name};
use crate::command::{Command, flag};
use crate::durability::Mode;
use crate::execute::Aftermath;
use crate::outbox::{Mail, Outbox};
use crate::replication::{NO_LOG, Needs};
use crate::server::Server;
use crate::session::Session;

/// What a command that found nothing asks for.
#[derive(Debug)]
pub(crate) struct Wait {
    /// Any of these may bring it on.
    pub(crate) keys: Vec<Vec<u8>>,
    /// When it gives up.
    pub(crate) deadline: Option<Millis>,
    /// What it answers then.
    pub(crate) at_deadline: AtDeadline,
    /// What is tried again, if it is not the request's own words.
    pub(crate) words: Option<Vec<Vec<u8>>>,
}

/// The answer to one who has waited in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtDeadline {
    /// A null array.
    NullArray,
    /// How many have what is waited for.
    Copies(Needs),
}

impl AtDeadline {
    pub(crate) fn answer(self, server: &Server, reply: &mut Writer<'_>) {
        match self {
            Self::Copies(needs) => needs.answer(server, reply),
            Self::NullArray => reply.null_array(),
        }
    }
}

/// One connection that waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub(crate) client: ClientId,
    database: usize,
    version: Version,
    command: &'static Command,
    /// The request, to be tried again.
    words: Vec<Vec<u8>>,
    keys: Vec<Vec<u8>>,
    /// Its connection's own mode.
    mode: Option<Mode>,
    pub(crate) deadline: Option<Millis>,
    at_deadline: AtDeadline,
    /// Held while it is tried again, so that nobody else settles it meanwhile.
    is_settled: Mutex<bool>,
}

/// What one who waits is told when somebody else ends the waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unblock {
    /// As at its deadline.
    Timeout,
    /// An error.
    Error,
    /// Another one: this server has become a replica.
    RoleChanged,
    /// Another one: this server keeps no log any more.
    LogOff,
}

impl Waiter {
    fn new(session: &Session, command: &'static Command, words: &[&[u8]], wait: Wait) -> Self {
        let mut keys = wait.keys;
        keys.sort_unstable();
        keys.dedup();
        Self {
            client: session.id,
            database: session.database,
            version: session.version,
            command,
            words: wait.words.unwrap_or_else(|| words.iter().map(|word| word.to_vec()).collect()),
            keys,
            mode: session.mode,
            deadline: wait.deadline,
            at_deadline: wait.at_deadline,
            is_settled: Mutex::new(false),
        }
    }

    pub(crate) fn is_settled(&self) -> bool {
        *self.is_settled.lock()
    }

    /// True for the one who settles it.
    fn settle(&self) -> bool {
        !std::mem::replace(&mut *self.is_settled.lock(), true)
    }

    /// Whether trying it again makes sense now that the key holds this. Who reads a stream for a group must also learn that the
    /// stream is gone.
    fn is_for(&self, kind: Option<Kind>) -> bool {
        let wanted = |category: &str| self.command.categories.contains(&category);
        let is_group = wanted("stream") && self.command.is(flag::WRITE);
        is_group
            || match kind {
                Some(Kind::List) => wanted("list"),
                Some(Kind::SortedSet) => wanted("sortedset"),
                Some(Kind::Stream) => wanted("stream"),
                _ => false,
            }
    }

    fn names(&self) -> impl Iterator<Item = Name> {
        self.keys.iter().map(|key| (self.database, key.as_slice().into()))
    }

    /// Takes it out of its keys' queues, whose shards are locked.
    fn dequeue(&self, data: &mut Locked<'_, Attached>) {
        for name in self.names() {
            let awaited = &mut data.attached(&name.1).awaited;
            let Some(queue) = awaited.get_mut(&name) else { continue };
            queue.retain(|other| !std::ptr::eq(Arc::as_ptr(other), self));
            if queue.is_empty() {
                awaited.remove(&name);
            }
        }
    }
}

impl Server {
    /// Enrols who asks to wait, in the queues of its keys, whose shards are locked.
    pub(crate) fn enrol(
        &self,
        session: &mut Session,
        data: &mut Locked<'_, Attached>,
        command: &'static Command,
        words: &[&[u8]],
        wait: Wait,
    ) -> Arc<Waiter> {
        let waiter = Arc::new(Waiter::new(session, command, words, wait));
        for name in waiter.names() {
            data.attached(&name.1).awaited.entry(name).or_default().push_back(waiter.clone());
        }
        if let AtDeadline::Copies(needs) = waiter.at_deadline {
            self.replication.waiting.enter(needs, waiter.clone());
        }
        self.blocked.lock().insert(session.id.number, waiter.clone());
        session.waiter = Some(waiter.clone());
        waiter
    }

    /// Serves those who wait for keys that have become ready, in the order in which the keys did and in which they came. More
    /// shards are locked when a waiter needs them; the locks are kept until nobody can be served, so that nobody slips between.
    pub(crate) fn serve_waiters<'d>(&'d self, mut data: Locked<'d, Attached>, now: Millis, after: &mut Aftermath) {
        while let Some((database, key)) = after.ready.pop_front() {
            let name: Name = (database, key.as_slice().into());
            let mut passed = 0;
            loop {
                if !data.covers(&key) {
                    let Some(wider) = self.widen(data, self.dataset.shards_of([key.as_slice()])) else {
                        return self.serve_later(after.ready.drain(..).chain([(database, key)]));
                    };
                    data = wider;
                }
                let queue = data.attached(&key).awaited.get(&name);
                let Some(waiter) = queue.and_then(|queue| queue.get(passed)).cloned() else { break };
                let needed = self.shards_of_waiter(&waiter);
                if !data.shards().cover(needed) {
                    // Others may have come between: from the beginning. The set of locked shards only grows, so this ends.
                    let Some(wider) = self.widen(data, needed) else {
                        return self.serve_later(after.ready.drain(..).chain([(database, key)]));
                    };
                    data = wider;
                    passed = 0;
                    continue;
                }
                let (part, hash) = data.at(database, &key);
                let is_for = waiter.is_for(part.get(hash, &key, now).map(|view| view.kind()));
                if !is_for || !self.try_again(&waiter, &mut data, now, after) {
                    passed += 1;
                }
            }
        }
    }

    fn widen<'d>(&'d self, data: Locked<'d, Attached>, more: Shards) -> Option<Locked<'d, Attached>> {
        let shards = data.shards().with(more);
        drop(data);
        self.lock(shards)
    }

    fn shards_of_waiter(&self, waiter: &Waiter) -> Shards {
        let words: Vec<&[u8]> = waiter.words.iter().map(Vec::as_slice).collect();
        let own = waiter.command.keys(&words).map_or(Shards::ALL, |keys| self.dataset.shards_of(keys));
        own.with(self.dataset.shards_of(waiter.keys.iter().map(Vec::as_slice)))
    }

    /// Runs a waiter's command once more; false when it still waits. One that is settled already only leaves the queues.
    fn try_again<'d>(
        &'d self,
        waiter: &Arc<Waiter>,
        data: &mut Locked<'d, Attached>,
        now: Millis,
        after: &mut Aftermath,
    ) -> bool {
        let mut is_settled = waiter.is_settled.lock();
        if !*is_settled {
            let mut stand_in = Session::stand_in(waiter.client, waiter.database, waiter.version);
            let words: Vec<&[u8]> = waiter.words.iter().map(Vec::as_slice).collect();
            let mut answer = Vec::new();
            if self.run(&mut stand_in, data, waiter.command, &words, &mut answer, now, after).is_some() {
                return false;
            }
            *is_settled = true;
            self.blocked.lock().remove(&waiter.client.number);
            let mode = waiter.mode.unwrap_or_else(|| self.durability.mode());
            let tickets = self.tickets(mode, after.confirmation.offset);
            let answer = Mail::Answer(answer);
            let is_free = tickets.is_empty();
            after.outbox.put(waiter.client, if is_free { answer } else { Mail::Held(Box::new(answer), tickets) });
        }
        drop(is_settled);
        waiter.dequeue(data);
        true
    }

    /// Its deadline has come: it is answered accordingly, unless it has been served.
    pub(crate) fn give_up(&self, waiter: &Arc<Waiter>, outbox: &mut Outbox) {
        self.end_waiting(waiter, Unblock::Timeout, outbox);
        self.leave_queues(waiter);
    }

    /// Ends the waiting of a connection (CLIENT UNBLOCK); false if it does not wait. Takes no shard's lock: the connection itself
    /// leaves the queues when it goes on.
    pub(crate) fn unblock(&self, client: u64, how: Unblock, outbox: &mut Outbox) -> bool {
        let waiter = self.blocked.lock().get(&client).cloned();
        waiter.is_some_and(|waiter| self.end_waiting(&waiter, how, outbox))
    }

    pub(crate) fn end_waiting(&self, waiter: &Waiter, how: Unblock, outbox: &mut Outbox) -> bool {
        if !waiter.settle() {
            return false;
        }
        self.blocked.lock().remove(&waiter.client.number);
        let mut answer = Vec::new();
        let mut reply = Writer::new(&mut answer, waiter.version);
        match how {
            Unblock::Timeout => waiter.at_deadline.answer(self, &mut reply),
            Unblock::Error => reply.error(b"UNBLOCKED client unblocked via CLIENT UNBLOCK"),
            Unblock::RoleChanged => reply
                .error(b"UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"),
            Unblock::LogOff => reply.error(NO_LOG.as_bytes()),
        }
        outbox.put(waiter.client, Mail::Answer(answer));
        true
    }

    /// The waiter's connection goes on or is gone: it is nowhere in the queues afterwards. No shard is locked by the caller.
    pub(crate) fn leave_queues(&self, waiter: &Arc<Waiter>) {
        if waiter.settle() {
            self.blocked.lock().remove(&waiter.client.number);
        }
        let shards = self.dataset.shards_of(waiter.keys.iter().map(Vec::as_slice));
        let waiter = waiter.clone();
        self.clean(shards, move |data| waiter.dequeue(data));
    }
}

//! Who a connection is, and what is said to it: the part of a session that AUTH, HELLO and CLIENT set.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use dataset::Millis;

use crate::acl::{Acl, User};
use crate::clients::mark;
use crate::pubsub::Topic;
use crate::session::Session;

/// Who a connection is.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) user: Arc<User>,
    /// False: it has yet to say who it is.
    pub(crate) is_known: bool,
    /// It comes from another machine, where nobody is let in without a password.
    pub(crate) is_shut_out: bool,
    pub(crate) replies: Replies,
    /// The number of its last command's row, plus one.
    pub(crate) command: usize,
}

/// Which replies a connection wants (`CLIENT REPLY`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Replies {
    #[default]
    On,
    Off,
    /// Not that of the next command.
    SkipNext,
}

impl Default for Identity {
    /// Nobody, who may do everything: who stands in for another one has been asked before.
    fn default() -> Self {
        Self { user: User::anybody(), is_known: true, is_shut_out: false, replies: Replies::On, command: 0 }
    }
}

impl Session {
    /// Notes for others what the connection is now.
    pub(crate) fn note(&self, now: Millis) {
        let client = self.client();
        client.state.active_at.store(now, Relaxed);
        client.state.command.store(self.identity.command as u32, Relaxed);
        client.state.database.store(self.database as u32, Relaxed);
        client.set_version(self.version);
        let queued = self.transaction.as_ref().map_or(-1, |transaction| transaction.queue.len() as i64);
        client.state.queued.store(queued, Relaxed);
        client.state.watched.store(self.watch.as_ref().map_or(0, |watch| watch.keys.len() as u32), Relaxed);
        let count = |topic| self.subscriptions.as_ref().map_or(0, |own| own.count(topic) as u32);
        client.state.channels.store(count(Topic::Channel), Relaxed);
        client.state.patterns.store(count(Topic::Pattern), Relaxed);
        client.state.sharded.store(count(Topic::Sharded), Relaxed);
        client.mark(mark::SUBSCRIBED, self.subscriptions.is_some());
        client.mark(mark::TRANSACTION, self.transaction.is_some());
        client.mark(mark::DIRTY, self.watch.as_ref().is_some_and(|watch| watch.alarm.has_rung()));
        client.mark(mark::BLOCKED, self.waiter.is_some());
        client.mark(mark::CLOSING, self.is_closing);
    }
}

impl Identity {
    /// As a connection begins.
    pub(crate) fn new(acl: &Acl) -> Self {
        let user = acl.default.clone();
        Self { is_known: user.is_open(), is_shut_out: false, user, replies: Replies::On, command: 0 }
    }

    /// Who comes from another machine is let in with a password only, while `protected-mode` is on.
    pub(crate) fn shut_out(&mut self) {
        (self.is_known, self.is_shut_out) = (false, true);
    }

    /// Whether the next command's reply is not wanted; asked once a command.
    #[inline]
    pub(crate) fn begins_skipped(&mut self) -> bool {
        let is_skipped = self.replies == Replies::SkipNext;
        if is_skipped {
            self.replies = Replies::On;
        }
        is_skipped
    }
}

impl Session {
    /// Makes its identity as it was when the connection began.
    pub(crate) fn forget_identity(&mut self, acl: &Acl) {
        let mut names = self.client().names.lock();
        names.name.clear();
        names.user = acl.default.name.clone();
        drop(names);
        self.client().mark(mark::MONITOR | mark::NO_EVICT | mark::NO_TOUCH, false);
        self.identity = Identity { command: self.identity.command, ..Identity::new(acl) };
    }
}

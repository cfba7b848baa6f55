//! CLIENT PAUSE: for a time nobody, or nobody who writes, is served. Held connections are called on when it ends.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use dataset::Millis;
use parking_lot::Mutex;

use crate::ClientId;
use crate::command::{Command, flag};
use crate::outbox::{Mail, Outbox};
use crate::session::Session;

/// The pause of a server.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    /// 0: none.
    until: AtomicU64,
    /// Reads are held as well.
    is_all: AtomicBool,
    held: Mutex<Vec<ClientId>>,
}

impl Pause {
    /// Holds until then; a pause that lasts longer or holds more keeps what it has.
    pub(crate) fn begin(&self, until: Millis, is_all: bool) {
        if self.until.fetch_max(until, Relaxed) == 0 {
            self.is_all.store(is_all, Relaxed);
        } else {
            self.is_all.fetch_or(is_all, Relaxed);
        }
    }

    /// Ends it, and calls on whom it held.
    pub(crate) fn end(&self, outbox: &mut Outbox) {
        self.until.store(0, Relaxed);
        for client in self.held.lock().drain(..) {
            outbox.put(client, Mail::GoOn);
        }
    }

    /// When it ends.
    #[inline]
    pub(crate) fn until(&self) -> Option<Millis> {
        Some(self.until.load(Relaxed)).filter(|until| *until > 0)
    }

    /// Holds the connection if this command may not be served now. Those of operators are served, so that they can end it.
    #[inline]
    pub(crate) fn holds(&self, session: &Session, command: &Command, now: Millis) -> bool {
        self.until.load(Relaxed) > now && self.hold(session, command)
    }

    #[cold]
    fn hold(&self, session: &Session, command: &Command) -> bool {
        let queue = session.transaction.iter().flat_map(|transaction| &transaction.queue);
        let writes = match session.transaction {
            Some(_) if !command.is(flag::NO_MULTI) => return false,
            Some(_) => queue.map(|queued| queued.command).any(changes),
            None => changes(command),
        };
        let is_held = !command.is(flag::ADMIN) && (writes || self.is_all.load(Relaxed));
        if is_held {
            let mut held = self.held.lock();
            if !held.contains(&session.id) {
                held.push(session.id);
            }
        }
        is_held
    }
}

fn changes(command: &Command) -> bool {
    command.flags & (flag::WRITE | flag::MAY_REPLICATE) != 0
}

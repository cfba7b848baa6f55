//! What is done while nobody asks: expired keys go, memory comes back under its bound, and huge values are dropped. A thread of the
//! host has a `Sweeper` and calls it some times a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::time::Duration;

use dataset::Millis;

use crate::discard::RubbishReceiver;
use crate::execute::Aftermath;
use crate::outbox::Outbox;
use crate::server::Server;

/// What is known of it.
#[derive(Debug)]
pub(crate) struct Upkeep {
    /// Keys are looked for that have expired (`DEBUG SET-ACTIVE-EXPIRE`); who meets one removes it in any case.
    pub(crate) is_expiring: AtomicBool,
    /// Keys that have expired, whoever found it.
    pub(crate) expired_keys: AtomicU64,
    /// Sweeps that ended before all expired keys were gone.
    pub(crate) sweeps_cut: AtomicU64,
    /// Keys that had to go for want of memory.
    pub(crate) evicted_keys: AtomicU64,
    /// Where the next sweep begins.
    pub(crate) next_shard: AtomicUsize,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self {
            is_expiring: AtomicBool::new(true),
            expired_keys: AtomicU64::default(),
            sweeps_cut: AtomicU64::default(),
            evicted_keys: AtomicU64::default(),
            next_shard: AtomicUsize::default(),
        }
    }
}

/// Longest time that one sweep takes: a quarter of a processor when ten are done a second.
const SWEEP_MAX: Duration = Duration::from_millis(25);

/// Keeps one server; there is one of it.
pub struct Sweeper {
    server: Arc<Server>,
    after: Aftermath,
    rubbish: RubbishReceiver,
}

impl Sweeper {
    /// From now on huge values are dropped in `sweep`.
    #[must_use]
    pub fn new(server: Arc<Server>) -> Self {
        let after = Aftermath::default();
        Self { rubbish: server.rubbish(), server, after }
    }

    /// Drops what others have left behind, removes what has expired and what there is no room for. Returns mail for connections, to be
    /// delivered now.
    pub fn sweep(&mut self, now: Millis) -> &mut Outbox {
        self.after.confirmation.begin_batch();
        self.rubbish.try_iter().for_each(drop);
        self.server.clean_leftovers(now, &mut self.after);
        self.server.expire_some(now, SWEEP_MAX, &mut self.after);
        self.server.make_room(now, SWEEP_MAX, &mut self.after);
        self.server.tend_replication(now, &mut self.after.outbox);
        self.server.tend_log(now);
        self.server.journal.kick();
        &mut self.after.outbox
    }
}

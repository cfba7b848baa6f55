//! FAILOVER: the primary hands over to a replica without losing a write. Writers are held, the replica gets what it lacks, then the
//! primary follows it (`PSYNC … FAILOVER`), by which the replica becomes the primary; then the writers are let go.
//!
//! ```text
//!   FAILOVER ──> waiting ── a replica has everything (or time is up, with FORCE) ──> in progress ── the link is up ──> done
//!                   └── time is up, ABORT ──> as before                                  └── it refuses, ABORT ──> primary again
//! ```

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use dataset::{Locked, Millis, Shards};

use super::replicas::Replica;
use super::roles::Target;
use crate::attached::Attached;
use crate::fault::{Fault, Outcome};
use crate::outbox::Outbox;
use crate::server::Server;

/// How long writers are held at most where no timeout is given: until somebody looks.
const PAUSE_MAX: Millis = 3_600_000;

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Which replica; none: the first that has everything.
    pub(crate) to: Option<(String, u16)>,
    /// When time is up it is done all the same.
    pub(crate) is_forced: bool,
    pub(crate) timeout_ms: Option<u64>,
}

/// One that is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failover {
    wish: Wish,
    until: Option<Millis>,
    /// The primary follows the replica already.
    is_in_progress: bool,
}

impl Server {
    /// Begins one.
    pub(crate) fn begin_failover(&self, wish: Wish, now: Millis) -> Outcome {
        let mut failover = self.replication.failover.lock();
        if failover.is_some() {
            return Err(Fault::of("ERR FAILOVER already in progress."));
        }
        if self.replication.is_replica() {
            return Err(Fault::of("ERR FAILOVER is not valid when server is a replica."));
        }
        let replicas = self.replication.replicas.all();
        if replicas.is_empty() {
            return Err(Fault::of("ERR FAILOVER requires connected replicas."));
        }
        if wish.is_forced && (wish.timeout_ms.is_none() || wish.to.is_none()) {
            return Err(Fault::of("ERR FAILOVER with force option requires both a timeout and target HOST and IP."));
        }
        if let Some(to) = &wish.to {
            let found = replicas.iter().find(|replica| is_at(replica, to));
            let found = found.ok_or(Fault::of("ERR FAILOVER target HOST and PORT is not a replica."))?;
            if !found.is_online() {
                return Err(Fault::of("ERR FAILOVER target replica is not online."));
            }
        }
        let until = wish.timeout_ms.map(|timeout| now.saturating_add(timeout));
        self.pause.begin(until.map_or(now + PAUSE_MAX, |until| until + PAUSE_MAX), false);
        self.ask_for_acks(self.journal.end.get());
        *failover = Some(Failover { wish, until, is_in_progress: false });
        Ok(())
    }

    /// Goes on with one, if there is one; no shard is locked.
    pub(super) fn tend_failover(&self, now: Millis, outbox: &mut Outbox) {
        let failover = self.replication.failover.lock().clone();
        let Some(failover) = failover.filter(|failover| !failover.is_in_progress) else { return };
        let is_late = failover.until.is_some_and(|until| until <= now);
        if is_late && !failover.wish.is_forced {
            return self.end_failover(outbox);
        }
        let Some(mut data) = self.lock(Shards::ALL) else { return };
        // Nobody writes now: who has acknowledged the end has everything.
        let end = self.journal.end.get();
        let acked = self.acked_at_end(end);
        let replicas = self.replication.replicas.all();
        let is_wanted = |replica: &&Arc<Replica>| failover.wish.to.as_ref().is_none_or(|to| is_at(replica, to));
        let has_all = |replica: &&Arc<Replica>| replica.is_online() && replica.acked.load(SeqCst) >= acked;
        let chosen = replicas.iter().filter(is_wanted).find(has_all);
        let to = chosen.map(|replica| (replica.host.clone(), replica.announced.port));
        match to.or_else(|| failover.wish.to.clone().filter(|_| is_late)) {
            Some((host, port)) => {
                if let Some(failover) = &mut *self.replication.failover.lock() {
                    failover.is_in_progress = true;
                }
                self.follow(&mut data, Target { host, port, takes_over: true }, outbox);
            }
            None if acked == end => self.ask_for_acks(end),
            None => {}
        }
    }

    /// FAILOVER ABORT: everything is as before. All shards are locked.
    pub(crate) fn abort_failover(&self, data: &mut Locked<'_, Attached>, outbox: &mut Outbox) -> Outcome {
        let failover = self.replication.failover.lock().clone();
        let failover = failover.ok_or(Fault::of("ERR No failover in progress."))?;
        if failover.is_in_progress {
            self.promote(data, outbox)?;
        }
        self.end_failover(outbox);
        Ok(())
    }

    /// It is done, or given up: writers are let go.
    pub(super) fn end_failover(&self, outbox: &mut Outbox) {
        if self.replication.failover.lock().take().is_some() {
            self.pause.end(outbox);
        }
    }

    /// As INFO says it.
    pub(crate) fn failover_state(&self) -> &'static str {
        match &*self.replication.failover.lock() {
            None => "no-failover",
            Some(Failover { is_in_progress: false, .. }) => "waiting-for-sync",
            Some(_) => "failover-in-progress",
        }
    }
}

fn is_at(replica: &Replica, (host, port): &(String, u16)) -> bool {
    replica.host == *host && replica.announced.port == *port
}

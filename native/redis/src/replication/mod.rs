//! Who copies whom. A primary feeds its replicas from the journal, whose bytes are the stream; a replica applies its primary's stream
//! and puts the same bytes into its own journal, so that offsets mean the same everywhere.
//!
//! ```text
//!   primary:  journal ── Feed of each Replica ──> its connection          REPLCONF ACK ──> Replica.acked ──> WAIT, sync(k)
//!   replica:  socket ──> Link ──> Follower ──┬─ snapshot ──> file ──> data
//!                                            └─ commands ──> Applier ──> data and journal
//! ```
//!
//! Roles change while all shards are locked: no command of the stream is half done then, and offsets stand still.

mod attach;
mod copies;
mod failover;
mod feed;
mod follower;
pub mod link;
mod receiving;
mod replicas;
mod roles;
mod snapshots;
mod tend;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use journal::ReplicationId;
use parking_lot::{Condvar, Mutex};

pub(crate) use copies::{NO_LOG, Needs};
pub(crate) use failover::Wish;
pub use feed::Filled;
pub use follower::{Follower, Over};
pub(crate) use replicas::{Announced, Replicas};
pub use replicas::{Replica, ReplicaState, ReplicaView};
pub use roles::{LinkState, LinkView, Target};
pub use snapshots::Saver;

/// The name that a word is: forty hexadecimal digits.
pub(crate) fn replication_id(word: &[u8]) -> Option<ReplicationId> {
    let name: ReplicationId = word.to_ascii_lowercase().try_into().ok()?;
    name.iter().all(u8::is_ascii_hexdigit).then_some(name)
}

/// One server's part in replication.
#[derive(Debug, Default)]
pub(crate) struct Replication {
    is_replica: AtomicBool,
    /// Grows with each change of roles: what was begun under an older one ends.
    generation: AtomicU64,
    following: Mutex<roles::Following>,
    /// Rings when there is another order for who follows.
    ordered: Condvar,
    /// Who copies this server.
    pub(crate) replicas: Replicas,
    /// The handing over that is on its way.
    failover: Mutex<Option<failover::Failover>>,
    /// Who waits for copies elsewhere.
    pub(crate) waiting: copies::Waiting,
    pub(crate) counts: Counts,
    /// What went wrong last, for INFO.
    trouble: Mutex<String>,
    /// Somebody has been fed: others have this server's stream.
    has_fed: AtomicBool,
    /// That a replica waits for a snapshot.
    pub(crate) snapshots: snapshots::Wanted,
    /// When replicas were last sent a sign of life.
    pinged_at: AtomicU64,
}

/// What INFO counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) full: AtomicU64,
    pub(crate) partial: AtomicU64,
    pub(crate) partial_refused: AtomicU64,
    /// Bytes received as a replica.
    pub(crate) received: AtomicU64,
    /// Bytes sent to replicas.
    pub(crate) sent: AtomicU64,
}

impl Replication {
    /// What this server holds is a primary's: it changes nothing by itself.
    #[inline]
    pub(crate) fn is_replica(&self) -> bool {
        self.is_replica.load(SeqCst)
    }

    /// No role has changed since then. Asked with a shard locked, the answer holds as long as that is.
    pub(crate) fn is_current(&self, generation: u64) -> bool {
        self.generation.load(SeqCst) == generation
    }

    pub(crate) fn has_fed(&self) -> bool {
        self.has_fed.load(SeqCst)
    }

    /// Something went wrong that concerns no client.
    pub(crate) fn complain(&self, what: String) {
        *self.trouble.lock() = what;
    }

    pub(crate) fn trouble(&self) -> String {
        self.trouble.lock().clone()
    }

    /// The server ends: who waits for orders waits in vain.
    pub(crate) fn close(&self) {
        self.snapshots.close();
        self.generation.fetch_add(1, SeqCst);
        let _following = self.following.lock();
        self.ordered.notify_all();
    }

    /// The order that is to be carried out now, or after a while perhaps.
    pub(crate) fn order(&self, patience: Duration) -> Option<(u64, Target)> {
        let mut following = self.following.lock();
        if following.target.is_none() {
            self.ordered.wait_for(&mut following, patience);
        }
        following.target.clone().map(|target| (self.generation.load(SeqCst), target))
    }
}

//! When a write counts as done, and its reply may leave.
//!
//! ```text
//!   execution ── its effect's offset ──> Confirmation ──> tickets of the connection's mode ──> the reactor holds the reply
//!   fsync, REPLCONF ACK ──> watermarks (a lane each) ──> bells wake workers ──> replies leave whose tickets are passed
//! ```
//!
//! `async` waits for nothing; `sync:k` for k replicas of the in-sync set; `appendfsync always` for the disk, in every mode. Who reads
//! what another one's write has changed waits as long as the write would have to in the reader's mode (`recent.rs`). `bounded:T` waits
//! for nothing, but takes no write while the oldest unconfirmed one is older than T (`diary.rs`).

mod confirmation;
mod confirmed;
mod diary;
mod hold;
mod mode;
mod recent;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use dataset::Shards;
use journal::{Bell, Epoch, Want};
use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::command::{Command, flag};
use crate::config;
use crate::fault::{Fault, Outcome};
use crate::host::Moment;
use crate::outbox::{Mail, Outbox};
use crate::server::Server;
use crate::session::Session;

pub(crate) use confirmation::Confirmation;
pub use confirmed::Ticket;
pub(crate) use confirmed::{Confirmed, LOCAL_DISK, ONE_REPLICA};
pub(crate) use diary::Diary;
pub use hold::Hold;
pub(crate) use hold::Holds;
pub(crate) use mode::Mode;
pub(crate) use recent::Recent;

/// What one reply waits for: both the disk and replicas, at most.
pub type Tickets = SmallVec<[Ticket; 2]>;

/// What a client is told of a write that was done here and could not be confirmed before its connection had to end.
pub const NOT_CONFIRMED: &[u8] =
    b"-UNKNOWN write not confirmed before the connection was closed: it is done here, and may be lost or kept\r\n";

/// One server's.
#[derive(Debug, Default)]
pub(crate) struct Durability {
    /// The mode of connections that have none of their own.
    mode: AtomicU64,
    /// `appendfsync always`, and there is a file.
    is_always: AtomicBool,
    /// Reads of unconfirmed writes wait in some connection's mode: offsets of writes are noted by key.
    guards_reads: AtomicBool,
    /// Some connection's mode waits for replicas: there are offsets to wait for, whether there are replicas or not.
    needs_stream: AtomicBool,
    pub(crate) confirmed: Confirmed,
    pub(crate) diary: Diary,
    in_sync: Mutex<InSync>,
    pub(crate) counts: Counts,
}

/// Which replicas count.
#[derive(Debug, Default)]
struct InSync {
    /// Without a group all do.
    names: Option<Vec<String>>,
    /// Which order said so: an epoch's last version.
    epoch: Epoch,
    version: u64,
}

/// What INFO counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Executions whose replies had to wait.
    pub(crate) held: AtomicU64,
    /// Writes refused because an older one was not confirmed in time.
    pub(crate) refused: AtomicU64,
    /// Connections that were closed with writes that were not confirmed.
    pub(crate) unknown: AtomicU64,
}

impl Durability {
    #[inline]
    pub(crate) fn mode(&self) -> Mode {
        Mode::of(self.mode.load(Relaxed))
    }

    #[inline]
    pub(crate) fn guards_reads(&self) -> bool {
        self.guards_reads.load(Relaxed)
    }

    pub(crate) fn needs_stream(&self) -> bool {
        self.needs_stream.load(Relaxed)
    }

    /// An epoch of this primary begins: nobody counts before it is said who does, and nothing is confirmed by them.
    pub(crate) fn begin_epoch(&self, epoch: Epoch) {
        *self.in_sync.lock() = InSync { names: Some(Vec::new()), epoch, version: 0 };
        self.begin_stream();
    }

    /// This server writes the stream from now on: what others have confirmed of another one, perhaps a longer one, is no confirmation.
    pub(crate) fn begin_stream(&self) {
        self.confirmed.reset(0);
        self.diary.clear();
    }

    /// These count from now on, by an order of this version.
    ///
    /// # Errors
    /// A later version has said otherwise.
    pub(crate) fn declare(&self, epoch: Epoch, version: u64, names: Vec<String>) -> Outcome {
        let mut in_sync = self.in_sync.lock();
        if epoch == in_sync.epoch && version < in_sync.version {
            return Err(Fault::made(format!("STALEVERSION seen {}", in_sync.version)));
        }
        *in_sync = InSync { names: Some(names), epoch, version };
        Ok(())
    }

    /// Names of those who count, if not all do.
    pub(crate) fn in_sync(&self) -> Option<Vec<String>> {
        self.in_sync.lock().names.clone()
    }

    /// Of the order that named them.
    pub(crate) fn version(&self) -> u64 {
        self.in_sync.lock().version
    }

    /// Replicas have come, gone or said how far they are: each one's name, and the ends of what it holds in memory and on its disk.
    pub(crate) fn replicas_hold<'r>(&self, replicas: impl Iterator<Item = (&'r str, u64, u64)>) {
        let in_sync = self.in_sync.lock();
        let counts = |name: &str| in_sync.names.as_ref().is_none_or(|names| names.iter().any(|known| known == name));
        self.confirmed.acknowledged(replicas.filter(|(name, ..)| counts(name)).map(|(_, held, synced)| (held, synced)));
    }
}

/// Rings when a watermark has moved, if it has been armed since it last did.
pub struct Watch([Arc<Bell>; 2]);

impl Watch {
    /// The next movement rings. One that came just before may not: look at the watermarks after this.
    pub fn arm(&self) {
        self.0.iter().for_each(|bell| bell.arm());
    }
}

impl Server {
    /// A bell for who holds replies.
    pub fn watch(&self, ring: impl Fn() + Clone + Send + Sync + 'static) -> Watch {
        Watch([self.journal.synced.bell(ring.clone()), self.durability.confirmed.movements.bell(ring)])
    }

    /// How far a ticket's lane is. Without a file nothing waits for the disk.
    #[must_use]
    pub fn watermark(&self, lane: u8) -> u64 {
        match lane {
            LOCAL_DISK if self.durability.is_always.load(Relaxed) && self.journal.is_wanted_by(Want::File) => {
                self.journal.synced.get()
            }
            LOCAL_DISK => u64::MAX,
            lane => self.durability.confirmed.get(lane),
        }
    }

    /// Replies may have to wait in this mode.
    #[inline]
    pub(crate) fn may_hold(&self, mode: Mode) -> bool {
        matches!(mode, Mode::Sync { .. }) || self.durability.is_always.load(Relaxed)
    }

    /// What a reply that depends on the stream's first `offset` bytes waits for in this mode.
    pub(crate) fn tickets(&self, mode: Mode, offset: u64) -> Tickets {
        let disk = self.durability.is_always.load(Relaxed).then_some(LOCAL_DISK);
        let lanes = disk.into_iter().chain(mode.lane());
        lanes.filter(|lane| self.watermark(*lane) < offset).map(|lane| Ticket { lane, offset }).collect()
    }

    /// The mode that holds for a connection.
    #[inline]
    pub(crate) fn mode_of(&self, session: &Session) -> Mode {
        session.mode.unwrap_or_else(|| self.durability.mode())
    }

    /// CONFIG SET durability.
    pub(crate) fn set_mode(&self, mode: Mode) {
        self.prepare_for(mode);
        self.durability.mode.store(mode.code(), Relaxed);
    }

    /// Some connection will have this mode. What it needs stays: who knows who else has it. The caller has locked no shard.
    pub(crate) fn prepare_for(&self, mode: Mode) {
        if mode != Mode::Async && !self.durability.needs_stream() {
            let _everything = self.dataset.lock(Shards::ALL);
            self.durability.needs_stream.store(true, Relaxed);
            self.want_stream();
        }
        if mode.lane().is_some() {
            self.guard_reads();
        }
    }

    /// This server's stream ends here: what waits for it to be confirmed waits in vain.
    pub(crate) fn give_up_unconfirmed(&self, outbox: &mut Outbox) {
        if self.durability.guards_reads() {
            self.clients.all().iter().for_each(|client| outbox.put(client.id, Mail::GiveUp));
        }
    }

    /// Replicas have come, or said how far they are.
    pub(crate) fn replicas_moved(&self) {
        let replicas = self.replication.replicas.all();
        let online = replicas.iter().filter(|replica| replica.is_online());
        self.durability.replicas_hold(online.map(|replica| replica.holds()));
    }

    /// Whether replies wait for the disk, where there is a file.
    pub(crate) fn set_always(&self, is_always: bool) {
        if is_always {
            self.guard_reads();
        }
        self.durability.is_always.store(is_always, Relaxed);
    }

    /// From now on offsets of writes are noted by key; all that was written before counts as written just now. It stays so: some
    /// connection may have a mode of its own.
    pub(crate) fn guard_reads(&self) {
        if self.durability.guards_reads() {
            return;
        }
        let mut data = self.dataset.lock(Shards::ALL);
        let end = self.journal.end.get();
        data.parts_mut(0).for_each(|(_, _, attached)| attached.recent.note_all(end));
        self.durability.guards_reads.store(true, Relaxed);
    }

    /// Milliseconds since the oldest write that the local disk does not hold; 0 without a file.
    pub(crate) fn disk_lag(&self, now: Moment) -> u64 {
        if self.journal.is_wanted_by(Want::File) { self.age_of(self.journal.synced.get(), now) } else { 0 }
    }

    /// Milliseconds since the byte at this offset was written; 0 if it has not been.
    pub(crate) fn age_of(&self, offset: u64, now: Moment) -> u64 {
        if offset >= self.journal.end.get() {
            return 0;
        }
        self.durability.diary.written_at(offset).map_or(0, |at| now.saturating_sub(at))
    }

    /// So many connections were told that their writes were not confirmed.
    pub fn count_unknown(&self, connections: usize) {
        self.durability.counts.unknown.fetch_add(connections as u64, Relaxed);
    }

    /// How long a reply is held at most before its connection is given up.
    #[must_use]
    pub fn patience(&self) -> Duration {
        Duration::from_millis(self.config.count(config::DURABILITY_TIMEOUT) as u64)
    }

    /// Milliseconds since the oldest write that this lane has not confirmed.
    pub(crate) fn lag(&self, lane: u8, now: Moment) -> u64 {
        self.age_of(self.watermark(lane), now)
    }

    /// Refuses a write in the mode `bounded` while an older one has not been confirmed in time.
    #[inline]
    pub(crate) fn within_bound(&self, command: &'static Command, session: &Session) -> Result<&'static Command, Fault> {
        match self.mode_of(session) {
            Mode::Bounded(bound) => self.ask_bound(command, session, bound),
            Mode::Async | Mode::Sync { .. } => Ok(command),
        }
    }

    #[cold]
    fn ask_bound(&self, command: &'static Command, session: &Session, bound: u32) -> Result<&'static Command, Fault> {
        let lag = self.lag(ONE_REPLICA, self.moment());
        if lag <= u64::from(bound) || !writes(command, session) {
            return Ok(command);
        }
        self.durability.counts.refused.fetch_add(1, Relaxed);
        Err(Fault::made(format!(
            "NOREPLICAS a write of {lag} ms ago is not confirmed by any replica, and durability is bounded:{bound}"
        )))
    }
}

/// The command may change data, or executes one that may.
fn writes(command: &Command, session: &Session) -> bool {
    let may = |command: &Command| command.is(flag::WRITE) || (command.is(flag::SCRIPT) && !command.is(flag::READONLY));
    let queue = session.transaction.iter().flat_map(|transaction| &transaction.queue);
    may(command) || (command.name == "exec" && queue.map(|queued| queued.command).any(may))
}

#[cfg(test)]
mod tests;

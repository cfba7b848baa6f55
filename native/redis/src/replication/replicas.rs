//! Those who copy this server: what each has said of itself, how far it is, and what it still needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

use dataset::Millis;
use parking_lot::Mutex;

use super::feed::{Feed, Filled};
use crate::ClientId;
use crate::outbox::{Mail, Outbox, OutputLimits};

/// What a connection says of itself before it asks for the stream (`REPLCONF`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Announced {
    /// Where it listens; the address only if it is not the one it comes from.
    pub(crate) port: u16,
    pub(crate) address: String,
    /// It takes snapshots whose length is not known beforehand.
    pub(crate) takes_marks: bool,
    /// It understands that the stream may go on under another name.
    pub(crate) takes_names: bool,
    /// It wants a snapshot and nothing else.
    pub(crate) snapshot_only: bool,
    /// Its name in a group, and the epoch it knows.
    pub(crate) name: String,
    pub(crate) epoch: u64,
}

/// How far a replica has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ReplicaState {
    /// A snapshot is to be begun for it.
    Waiting,
    /// A snapshot is sent.
    Sending,
    /// It is fed with the stream.
    Online,
}

impl ReplicaState {
    const ALL: [Self; 3] = [Self::Waiting, Self::Sending, Self::Online];

    /// As INFO calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "wait_bgsave",
            Self::Sending => "send_bulk",
            Self::Online => "online",
        }
    }
}

/// A connection that is fed with the stream.
#[derive(Debug)]
pub struct Replica {
    /// Its connection.
    pub(crate) id: ClientId,
    /// The address it is known by.
    pub(crate) host: String,
    pub(crate) announced: Announced,
    /// It asked with SYNC, as old replicas and redis-cli do: it acknowledges nothing.
    pub(crate) is_silent: bool,
    state: AtomicU8,
    /// Bytes of the stream that it has applied, and that its disk holds, as it last said.
    pub(crate) acked: AtomicU64,
    pub(crate) synced: AtomicU64,
    pub(crate) epoch: AtomicU64,
    /// When it last said so.
    pub(crate) acked_at: AtomicU64,
    /// What is still to be sent to it.
    pub(crate) feed: Feed,
}

/// What is told of a replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaView {
    /// Its name in a group; empty outside.
    pub name: String,
    /// Where it listens.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How far it has come.
    pub state: ReplicaState,
    /// Bytes of the stream that it has applied, as it last said.
    pub offset: u64,
    /// Bytes that its disk holds, as it last said.
    pub synced_offset: u64,
    /// Milliseconds since it last said so.
    pub lag_ms: u64,
    /// The epoch that it last named.
    pub epoch: u64,
}

impl Replica {
    pub(crate) fn new(
        id: ClientId,
        host: String,
        announced: Announced,
        is_silent: bool,
        now: Millis,
        feed: Feed,
    ) -> Self {
        let state = if feed.is_streaming() { ReplicaState::Online } else { ReplicaState::Waiting };
        Self {
            id,
            host,
            epoch: AtomicU64::new(announced.epoch),
            announced,
            is_silent,
            state: AtomicU8::new(state as u8),
            acked: AtomicU64::new(0),
            synced: AtomicU64::new(0),
            acked_at: AtomicU64::new(now),
            feed,
        }
    }

    pub(crate) fn state(&self) -> ReplicaState {
        ReplicaState::ALL.get(usize::from(self.state.load(SeqCst))).copied().unwrap_or(ReplicaState::Waiting)
    }

    pub(crate) fn set_state(&self, state: ReplicaState) {
        self.state.store(state as u8, SeqCst);
    }

    pub(crate) fn is_online(&self) -> bool {
        self.state() == ReplicaState::Online
    }

    /// It has said how far it is.
    pub(crate) fn acknowledge(&self, offset: u64, synced: Option<u64>, now: Millis) {
        self.acked.fetch_max(offset, SeqCst);
        if let Some(synced) = synced {
            self.synced.fetch_max(synced, SeqCst);
        }
        self.acked_at.store(now, Relaxed);
        self.feed.acknowledged();
    }

    /// Puts what is next behind a reply in which so many bytes lie already.
    pub fn fill(&self, waiting: usize, out: &mut Vec<u8>, limits: OutputLimits, now: Millis) -> Filled {
        let filled = self.feed.fill(waiting, out, limits, now);
        if self.state() == ReplicaState::Sending && self.feed.is_streaming() {
            self.acked_at.store(now, Relaxed);
            self.set_state(ReplicaState::Online);
        }
        filled
    }

    /// Something is still to be sent to it.
    pub(crate) fn needs_more(&self) -> bool {
        self.feed.needs_more()
    }

    /// What the host calls its connection.
    #[must_use]
    pub fn token(&self) -> u64 {
        self.id.token
    }

    /// It is a member of a group: it says at once how far it is.
    pub(crate) fn is_named(&self) -> bool {
        !self.announced.name.is_empty()
    }

    /// Its name, and the ends of what it has applied and of what its disk holds.
    pub(crate) fn holds(&self) -> (&str, u64, u64) {
        (&self.announced.name, self.acked.load(SeqCst), self.synced.load(SeqCst))
    }

    pub(crate) fn view(&self, now: Millis) -> ReplicaView {
        ReplicaView {
            name: self.announced.name.clone(),
            host: self.host.clone(),
            port: self.announced.port,
            state: self.state(),
            offset: self.acked.load(SeqCst),
            synced_offset: self.synced.load(SeqCst),
            lag_ms: now.saturating_sub(self.acked_at.load(Relaxed)),
            epoch: self.epoch.load(Relaxed),
        }
    }
}

/// All replicas of a server.
#[derive(Debug, Default)]
pub(crate) struct Replicas {
    all: Mutex<Vec<Arc<Replica>>>,
    count: AtomicUsize,
    /// Grows with each change of the list.
    version: AtomicU64,
    /// When the last one left.
    pub(crate) left_at: AtomicU64,
}

impl Replicas {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(SeqCst) == 0
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(SeqCst)
    }

    pub(crate) fn version(&self) -> u64 {
        self.version.load(SeqCst)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Replica>> {
        self.all.lock().clone()
    }

    pub(crate) fn enter(&self, replica: Arc<Replica>) {
        let mut all = self.all.lock();
        all.push(replica);
        self.count.store(all.len(), SeqCst);
        self.version.fetch_add(1, SeqCst);
    }

    pub(crate) fn leave(&self, replica: &Arc<Replica>, now: Millis) {
        let mut all = self.all.lock();
        all.retain(|other| !Arc::ptr_eq(other, replica));
        self.count.store(all.len(), SeqCst);
        self.version.fetch_add(1, SeqCst);
        self.left_at.store(now, Relaxed);
        replica.feed.end();
    }

    /// Closes all their connections.
    pub(crate) fn disconnect(&self, outbox: &mut Outbox) {
        self.all.lock().iter().for_each(|replica| outbox.put(replica.id, Mail::Close));
    }

    /// Those that have applied so many bytes of the stream.
    pub(crate) fn count_at(&self, offset: u64) -> usize {
        self.all.lock().iter().filter(|replica| replica.is_online() && replica.acked.load(SeqCst) >= offset).count()
    }

    /// Those whose disks hold so many bytes of it.
    pub(crate) fn count_synced_at(&self, offset: u64) -> usize {
        self.all.lock().iter().filter(|replica| replica.is_online() && replica.synced.load(SeqCst) >= offset).count()
    }

    /// Those that have been heard of within so many seconds, counted in whole ones as Redis does: they say something once a second.
    pub(crate) fn count_near(&self, now: Millis, lag_max_seconds: u64) -> usize {
        let is_near = |replica: &&Arc<Replica>| {
            replica.is_online() && now.saturating_sub(replica.acked_at.load(Relaxed)) / 1000 <= lag_max_seconds
        };
        self.all.lock().iter().filter(is_near).count()
    }

    pub(crate) fn views(&self, now: Millis) -> Vec<ReplicaView> {
        self.all.lock().iter().map(|replica| replica.view(now)).collect()
    }
}

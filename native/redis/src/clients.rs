//! Connections by name: how one reaches another, and what CLIENT LIST says of each. A connection's own thread notes what it does once
//! a batch of requests; everybody else only reads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};

use dataset::Millis;
use parking_lot::Mutex;
use resp::Version;

/// Names a connection of the whole server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId {
    /// As `CLIENT ID` says it; never used again.
    pub number: u64,
    /// The worker that serves it.
    pub worker: usize,
    /// What the host calls it.
    pub token: u64,
}

/// Where a connection comes from.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// `host:port`, or the unix socket's path with `:0`.
    pub address: String,
    /// Our end of it.
    pub local: String,
    /// Its file descriptor.
    pub descriptor: i32,
}

impl Peer {
    /// It comes from this machine.
    pub(crate) fn is_local(&self) -> bool {
        let address = self.address.as_str();
        address.is_empty() || ["/", "127.", "[::1]", "[::ffff:127."].iter().any(|prefix| address.starts_with(prefix))
    }
}

/// What a connection is at the moment, as letters of CLIENT LIST's `flags`.
pub(crate) mod mark {
    /// `x`: between MULTI and EXEC.
    pub(crate) const TRANSACTION: u32 = 1;
    /// `b`: waits.
    pub(crate) const BLOCKED: u32 = 1 << 1;
    /// `P`: subscribed to something.
    pub(crate) const SUBSCRIBED: u32 = 1 << 2;
    /// `O`: watches with MONITOR.
    pub(crate) const MONITOR: u32 = 1 << 3;
    /// `t`: wants to be told what it has read changes.
    pub(crate) const TRACKING: u32 = 1 << 4;
    /// `d`: a key it watches has changed.
    pub(crate) const DIRTY: u32 = 1 << 5;
    /// `c`: closes when its reply is sent.
    pub(crate) const CLOSING: u32 = 1 << 6;
    /// `e`: not closed for want of memory.
    pub(crate) const NO_EVICT: u32 = 1 << 7;
    /// `T`: its reads do not count as accesses.
    pub(crate) const NO_TOUCH: u32 = 1 << 8;
    /// `S`: a replica, which is fed with the stream.
    pub(crate) const REPLICA: u32 = 1 << 10;
    /// `U`: over a unix socket.
    pub(crate) const UNIX: u32 = 1 << 9;
    /// Orders of those who run a group come over it; no letter.
    pub(crate) const ORDERS: u32 = 1 << 16;

    /// Letters in the order in which Redis writes them.
    pub(crate) const LETTERS: [(u32, char); 11] = [
        (MONITOR, 'O'),
        (REPLICA, 'S'),
        (SUBSCRIBED, 'P'),
        (TRANSACTION, 'x'),
        (BLOCKED, 'b'),
        (TRACKING, 't'),
        (DIRTY, 'd'),
        (CLOSING, 'c'),
        (UNIX, 'U'),
        (NO_EVICT, 'e'),
        (NO_TOUCH, 'T'),
    ];
}

/// What a connection has been told to be called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) name: Vec<u8>,
    pub(crate) user: Vec<u8>,
    pub(crate) library: Vec<u8>,
    pub(crate) library_version: Vec<u8>,
}

/// One connection, as others see it.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) peer: Peer,
    pub(crate) opened_at: Millis,
    pub(crate) names: Mutex<Names>,
    pub(crate) state: State,
}

/// What changes with every batch of requests.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) active_at: AtomicU64,
    /// The number of its last command's row, plus one.
    pub(crate) command: AtomicU32,
    pub(crate) database: AtomicU32,
    pub(crate) marks: AtomicU32,
    pub(crate) version: AtomicU32,
    pub(crate) channels: AtomicU32,
    pub(crate) patterns: AtomicU32,
    pub(crate) sharded: AtomicU32,
    /// Commands queued by MULTI; -1 outside.
    pub(crate) queued: AtomicI64,
    pub(crate) watched: AtomicU32,
    /// Bytes of input not yet served.
    pub(crate) unread: AtomicU64,
    /// Who gets its invalidations: 0 itself, -1 nobody.
    pub(crate) redirect: AtomicI64,
}

static NOBODY: LazyLock<Arc<Client>> =
    LazyLock::new(|| Arc::new(Client::new(ClientId { number: 0, worker: 0, token: 0 }, Peer::default(), 0)));

impl Client {
    fn new(id: ClientId, peer: Peer, now: Millis) -> Self {
        let is_unix = peer.address.starts_with('/') || peer.address.starts_with("unix");
        let state = State::default();
        state.marks.store(if is_unix { mark::UNIX } else { 0 }, Relaxed);
        state.active_at.store(now, Relaxed);
        state.version.store(2, Relaxed);
        state.queued.store(-1, Relaxed);
        state.redirect.store(-1, Relaxed);
        let names = Mutex::new(Names { user: b"default".to_vec(), ..Names::default() });
        Self { id, peer, opened_at: now, names, state }
    }

    /// Stands for connections that are none.
    pub(crate) fn nobody() -> Arc<Self> {
        NOBODY.clone()
    }

    #[inline]
    pub(crate) fn has(&self, mark: u32) -> bool {
        self.state.marks.load(Relaxed) & mark != 0
    }

    /// The version that it speaks.
    pub(crate) fn version(&self) -> Version {
        if self.state.version.load(Relaxed) == 3 { Version::Three } else { Version::Two }
    }

    pub(crate) fn set_version(&self, version: Version) {
        self.state.version.store(if version == Version::Three { 3 } else { 2 }, Relaxed);
    }

    /// Only its own thread calls this.
    pub(crate) fn mark(&self, mark: u32, is_set: bool) {
        let marks = self.state.marks.load(Relaxed);
        self.state.marks.store(if is_set { marks | mark } else { marks & !mark }, Relaxed);
    }

    /// `normal`, `pubsub`, `replica`: what `CLIENT LIST TYPE` asks for.
    pub(crate) fn kind(&self) -> &'static str {
        match () {
            () if self.has(mark::REPLICA) => "replica",
            () if self.has(mark::SUBSCRIBED) => "pubsub",
            () => "normal",
        }
    }
}

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    last: AtomicU64,
    open: Mutex<BTreeMap<u64, Arc<Client>>>,
}

impl Clients {
    /// A connection stands; `token` is what the host calls it.
    pub(crate) fn enter(&self, worker: usize, token: u64, peer: Peer, now: Millis) -> Arc<Client> {
        let id = ClientId { number: self.last.fetch_add(1, Relaxed) + 1, worker, token };
        let client = Arc::new(Client::new(id, peer, now));
        self.open.lock().insert(id.number, client.clone());
        client
    }

    pub(crate) fn leave(&self, number: u64) {
        self.open.lock().remove(&number);
    }

    pub(crate) fn find(&self, number: u64) -> Option<Arc<Client>> {
        self.open.lock().get(&number).cloned()
    }

    /// Every one, the oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Client>> {
        self.open.lock().values().cloned().collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.open.lock().len()
    }
}

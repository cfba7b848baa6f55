//! A point in time of all data as an RDB file, without a fork: the cut takes as long as locking all shards; then whoever has the
//! snapshot pulls its bytes, some tens of kilobytes at a time, while data goes on changing (see `dataset::Step`).
//!
//! ```text
//!   server.snapshot() ── waits for its turn, cuts ──> Snapshot ── next(&mut bytes) … ──> a file, a socket
//! ```
//!
//! There is one at a time: saving, rewriting the log and feeding a replica wait for each other. One that is dropped before its end is
//! walked to its end without being written. What changes meanwhile is kept as it was, so memory may grow by what is changed and not
//! yet met; at most by all data once, as with a fork. A value is laid aside or written under its shard's lock as a whole: a huge
//! collection holds up its shard for as long as copying it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::vec;

use dataset::{Item, Locked, Millis, SHARDS, Shards, Step, Taken};
use journal::History;
use parking_lot::{Condvar, Mutex};
use rdb::{Options, Writer};

use crate::attached::Attached;
use crate::config;
use crate::dump::Accesses;
use crate::scripts::Library;
use crate::server::{Server, VERSION};

/// A piece is handed out once it has so many bytes, unless others are asked for.
const PIECE: usize = 64 << 10;

/// What is taken under a shard's lock in one go: so many items, or as many as make about so many bytes.
const STEP_ITEMS: usize = 64;
const STEP_BYTES: usize = 16 << 10;

/// Items up to this weight are copied under the lock and written without it: most of the work is to write and to compress, and who
/// is put off the processor while he has a lock keeps all others waiting. Larger ones would take twice the memory.
const COPIED_MAX: usize = 8 << 10;

/// The walk works for so long, then rests for so long. Who often sleeps is seldom put off the processor by others, and if he has a
/// shard's lock then, everybody who needs that shard waits for the scheduler.
const WORK: Duration = Duration::from_micros(250);
const REST: Duration = Duration::from_micros(150);

/// Who waits for a long script to end tries again so often.
const PATIENCE: Duration = Duration::from_millis(10);

/// Whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    is_taken: Mutex<bool>,
    freed: Condvar,
    /// Bytes of former states that the snapshot of now, or else the last one, has had to keep.
    pub(crate) kept_bytes: AtomicU64,
}

/// The right to take a snapshot.
#[derive(Debug)]
struct Turn(Arc<Turns>);

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0.is_taken.lock() = false;
        self.0.freed.notify_one();
    }
}

impl Turns {
    fn wait(self: &Arc<Self>) -> Turn {
        let mut is_taken = self.is_taken.lock();
        self.freed.wait_while(&mut is_taken, |is_taken| *is_taken);
        *is_taken = true;
        Turn(self.clone())
    }

    fn take(self: &Arc<Self>) -> Option<Turn> {
        let mut is_taken = self.is_taken.lock();
        (!std::mem::replace(&mut *is_taken, true)).then(|| Turn(self.clone()))
    }

    /// A snapshot is on its way.
    pub(crate) fn is_taken(&self) -> bool {
        *self.is_taken.lock()
    }
}

/// A moment: what follows changes nothing of it. It has to become a `Snapshot`.
#[derive(Debug)]
#[must_use]
pub(crate) struct Cut {
    turn: Turn,
    /// The journal's end at that moment.
    offset: u64,
    history: History,
    /// The database that the stream was in.
    database: Option<usize>,
    /// Keys, and keys that expire, of each database.
    sizes: Vec<(usize, usize)>,
    libraries: Vec<Arc<Library>>,
    now: Millis,
}

impl Server {
    /// A snapshot of now, once no other one is being taken. The caller has no shard locked.
    #[must_use]
    pub fn snapshot(self: &Arc<Self>, now: Millis) -> Snapshot {
        let turn = self.turns.wait();
        let cut = loop {
            if let Some(mut data) = self.lock(Shards::ALL) {
                break self.cut_in(turn, &mut data, now);
            }
            std::thread::sleep(PATIENCE);
        };
        Snapshot::new(self.clone(), cut)
    }

    /// The same while all shards are locked; none while another one is being taken.
    pub(crate) fn cut(&self, data: &mut Locked<'_, Attached>, now: Millis) -> Option<Cut> {
        debug_assert_eq!(data.shards(), Shards::ALL, "a moment is one of all shards");
        self.turns.take().map(|turn| self.cut_in(turn, data, now))
    }

    fn cut_in(&self, turn: Turn, data: &mut Locked<'_, Attached>, now: Millis) -> Cut {
        turn.0.kept_bytes.store(0, Relaxed);
        let (offset, history) = (self.journal.end.get(), self.journal.history());
        let libraries = self.scripts.functions.libraries();
        Cut { turn, offset, history, database: self.journal.database(), sizes: data.cut(), libraries, now }
    }
}

/// All data at one moment, being written.
pub struct Snapshot {
    server: Arc<Server>,
    cut: Cut,
    accesses: Accesses,
    writer: Writer,
    /// Bytes of a piece.
    piece: usize,
    /// Where the walk is.
    database: usize,
    shard: usize,
    /// What is to be written without a lock.
    former: vec::IntoIter<Item>,
    taken: Option<Taken>,
    /// Items of the next step.
    items: usize,
    /// When the walk last rested.
    rested: Instant,
    keys: u64,
    checksum: Option<u64>,
}

impl Snapshot {
    pub(crate) fn new(server: Arc<Server>, cut: Cut) -> Self {
        let options = Options {
            compresses: server.config.is_on(config::RDB_COMPRESSION),
            sums_up: server.config.is_on(config::RDB_CHECKSUM),
        };
        let has_libraries = !cut.libraries.is_empty();
        let mut writer = if has_libraries { Writer::with_libraries(options) } else { Writer::new(options) };
        let offset = cut.offset.to_string();
        let epoch = cut.history.epoch.to_string();
        writer.aux("redis-ver", VERSION.as_bytes());
        writer.aux("redis-bits", b"64");
        writer.aux("ctime", (cut.now / 1000).to_string().as_bytes());
        writer.aux("used-mem", server.used_memory().to_string().as_bytes());
        writer.aux("repl-id", &cut.history.replid);
        writer.aux("repl-offset", offset.as_bytes());
        if let Some(database) = cut.database {
            writer.aux("repl-stream-db", database.to_string().as_bytes());
        }
        writer.aux("memc-epoch", epoch.as_bytes());
        cut.libraries.iter().for_each(|library| writer.library(&library.code));
        let accesses = server.accesses();
        let (former, taken) = (Vec::new().into_iter(), None);
        let (piece, database, shard, items, keys, checksum) = (PIECE, 0, 0, STEP_ITEMS, 0, None);
        let rested = Instant::now();
        let mut new = Self {
            server,
            cut,
            accesses,
            writer,
            piece,
            database,
            shard,
            former,
            taken,
            items,
            rested,
            keys,
            checksum,
        };
        new.enter_database();
        new
    }

    /// Pieces of at least so many bytes, and hardly more.
    #[must_use]
    pub fn in_pieces(mut self, bytes: usize) -> Self {
        self.piece = bytes;
        self
    }

    /// The journal's end at the moment of the snapshot.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.cut.offset
    }

    /// Whose stream that is.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.cut.history
    }

    /// Keys written so far.
    #[must_use]
    pub fn keys(&self) -> u64 {
        self.keys
    }

    /// Keys that there are in all.
    #[must_use]
    pub fn keys_total(&self) -> u64 {
        self.cut.sizes.iter().map(|(keys, _)| *keys as u64).sum()
    }

    /// Bytes handed out so far, and those that are ready.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.writer.written()
    }

    /// The file's checksum, once it is complete.
    #[must_use]
    pub fn checksum(&self) -> Option<u64> {
        self.checksum
    }

    /// Appends the next piece of the file; false when that was the last one.
    pub fn next(&mut self, out: &mut Vec<u8>) -> bool {
        while self.checksum.is_none() && self.writer.bytes().len() < self.piece {
            if !self.step(true) {
                self.checksum = Some(self.writer.end());
            }
        }
        self.writer.take(out);
        self.checksum.is_none()
    }

    fn enter_database(&mut self) {
        while self.cut.sizes.get(self.database).is_some_and(|(keys, _)| *keys == 0) {
            self.database += 1;
        }
        if let Some(&(keys, expiring)) = self.cut.sizes.get(self.database) {
            self.writer.database(self.database as u64);
            self.writer.sizes(keys as u64, expiring as u64);
        }
    }

    /// A little more of it; false when there is no more.
    fn step(&mut self, is_wanted: bool) -> bool {
        let Self { server, cut, accesses, writer, keys, .. } = self;
        let mut put = |item: &Item| {
            if is_wanted {
                server.dump(item, *accesses, cut.now, writer);
                *keys += 1;
            }
        };
        if let Some(item) = self.former.next() {
            put(&item);
            return true;
        }
        if let Some(taken) = &mut self.taken {
            if !taken.step(STEP_ITEMS, put) {
                self.taken = None;
            }
            return true;
        }
        if self.database >= cut.sizes.len() {
            return false;
        }
        if self.shard == SHARDS {
            (self.database, self.shard) = (self.database + 1, 0);
            self.enter_database();
            return true;
        }
        self.walk(is_wanted);
        true
    }

    /// The next items of a shard, under its lock.
    fn walk(&mut self, is_wanted: bool) {
        if is_wanted && self.rested.elapsed() >= WORK {
            std::thread::sleep(REST);
            self.rested = Instant::now();
        }
        let Self { server, cut, accesses, writer, keys, .. } = self;
        let (mut copies, mut met, mut weight) = (Vec::new(), 0, 0);
        let mut data = server.dataset.lock(Shards::one(self.shard));
        let step = data.snapshot_step(self.database, self.items, |item| {
            let its = item.weight();
            (met, weight) = (met + 1, weight + its);
            if is_wanted && its <= COPIED_MAX {
                copies.push(item.copy());
            } else if is_wanted {
                server.dump(item, *accesses, cut.now, writer);
                *keys += 1;
            }
        });
        drop(data);
        if let Some(each) = weight.checked_div(met) {
            self.items = (STEP_BYTES / each.max(1)).clamp(1, STEP_ITEMS);
        }
        let Step { mut former, taken, is_last } = step;
        let bytes: usize = former.iter().map(Item::weight).sum();
        cut.turn.0.kept_bytes.fetch_add(bytes as u64, Relaxed);
        former.append(&mut copies);
        (self.former, self.taken) = (former.into_iter(), taken);
        self.shard += usize::from(is_last);
    }
}

impl Drop for Snapshot {
    /// What was not walked is, so that nothing is kept for it any more.
    fn drop(&mut self) {
        while self.checksum.is_none() && self.step(false) {}
    }
}

//! The journal in memory: where units are appended and read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::history::{History, ReplicationId};
use crate::hold::{Hold, Holds};
use crate::ring::Ring;
use crate::watermark::Watermark;
use crate::words;

/// Bytes for partial resyncs, unless told otherwise (`repl-backlog-size`).
const BACKLOG: usize = 1 << 20;
/// Bytes that may wait for the file: who appends more waits until the disk has caught up.
const PENDING_MAX: usize = 64 << 20;
/// A buffer that has grown beyond this is given back.
const KEPT_MAX: usize = 1 << 20;

/// Who wants what is changed; nothing is encoded while nobody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Want {
    /// The append-only file.
    File = 1,
    /// Replicas, or that there may be some.
    Replicas = 2,
}

/// What was asked for is not kept (any more).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// One server's log. An offset is a count of the stream's bytes: that of the next byte, from 0 on.
#[derive(Debug)]
pub struct Journal {
    log: Mutex<Log>,
    wanted: AtomicU8,
    /// The file has caught up, or can't be written: whoever waits for that goes on.
    is_relieved: Condvar,
    /// What has been appended. Its bells ring in `kick`, at the end of what a thread does in one go.
    pub end: Watermark,
    /// What the file holds, as far as the kernel knows; moves only with a file.
    pub written: Watermark,
    /// What the disk holds.
    pub synced: Watermark,
}

#[derive(Debug)]
struct Log {
    ring: Ring,
    holds: Holds,
    history: History,
    /// That of the last unit; unknown: the next one says its own.
    database: Option<usize>,
    /// What the file does not have yet, while it is wanted.
    pending: Vec<u8>,
    /// The file can't be written: nobody waits for it.
    is_stuck: bool,
    /// What stands behind this place in `pending` goes to another file.
    split: Option<Split>,
    select: Vec<u8>,
}

/// Where one file ends and another one begins.
#[derive(Clone, Copy, Debug)]
struct Split {
    at: usize,
    offset: u64,
    database: Option<usize>,
}

/// What was taken from the journal for the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// The offset behind it.
    pub(crate) end: u64,
    /// The stream's names and its epoch.
    pub(crate) history: History,
    /// The rest goes to another file, which begins in this database (`None`: its first unit says so).
    pub(crate) split: Option<Option<usize>>,
}

impl Journal {
    /// An empty one, wanted by nobody.
    #[must_use]
    pub fn new(replid: ReplicationId) -> Self {
        let (ring, history) = (Ring::new(BACKLOG, 0), History::new(replid));
        let (database, split, is_stuck, holds) = (None, None, false, Holds::default());
        let log = Log { ring, holds, history, database, pending: Vec::new(), is_stuck, split, select: Vec::new() };
        let (end, written, synced) = Default::default();
        Self { log: Mutex::new(log), wanted: AtomicU8::new(0), is_relieved: Condvar::new(), end, written, synced }
    }

    /// Whether changes are to be encoded and appended. Asked with the shards of what changes locked.
    #[inline]
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(SeqCst) != 0
    }

    /// Whether this one wants them.
    pub fn is_wanted_by(&self, who: Want) -> bool {
        self.wanted.load(SeqCst) & who as u8 != 0
    }

    /// Somebody wants changes from now on, or does not any more. All shards are locked by the caller, so that no change is missed
    /// or half encoded.
    pub fn want(&self, who: Want, is_wanted: bool) {
        let mut log = self.log.lock();
        if who == Want::File {
            (log.pending, log.split, log.is_stuck) = (Vec::new(), None, false);
            let end = log.ring.end();
            self.written.reset(end);
            self.synced.reset(end);
        }
        if is_wanted {
            self.wanted.fetch_or(who as u8, SeqCst);
        } else {
            self.wanted.fetch_and(!(who as u8), SeqCst);
        }
    }

    /// Appends a unit: commands of one execution that begin in this database and end in it, between MULTI and EXEC if there are
    /// several. Returns the offset behind it. The shards of what it changed are locked by the caller, so units stand in the order in
    /// which their changes were made.
    #[inline]
    pub fn append(&self, database: usize, unit: &[u8]) -> u64 {
        let mut log = self.room();
        if log.database != Some(database) {
            log.select(database, self.is_wanted_by(Want::File));
        }
        log.put(unit, self.is_wanted_by(Want::File));
        let end = log.ring.end();
        self.end.follow(end);
        end
    }

    /// Appends a piece of the primary's stream as it is, behind which the stream is in this database. Returns the offset behind it.
    pub fn append_raw(&self, database: usize, bytes: &[u8]) -> u64 {
        let mut log = self.room();
        log.database = Some(database);
        log.put(bytes, self.is_wanted_by(Want::File));
        let end = log.ring.end();
        self.end.follow(end);
        end
    }

    /// Appends a command that changes nothing and is for every database, if that is allowed at the moment at which it would be
    /// appended. Returns the offset behind it.
    pub fn append_note(&self, bytes: &[u8], is_allowed: impl FnOnce() -> bool) -> Option<u64> {
        let mut log = self.log.lock();
        if !is_allowed() {
            return None;
        }
        log.put(bytes, self.is_wanted_by(Want::File));
        let end = log.ring.end();
        self.end.follow(end);
        Some(end)
    }

    /// The log, when the file is not too far behind.
    #[inline]
    fn room(&self) -> MutexGuard<'_, Log> {
        let mut log = self.log.lock();
        while log.pending.len() > PENDING_MAX && !log.is_stuck {
            self.end.ring();
            self.is_relieved.wait(&mut log);
        }
        log
    }

    /// Waits until no more than so many bytes wait for the file, at most so long; false if more do even then. Who can leave alone what
    /// would be appended asks this, whether the file is slow or can't be written.
    pub fn wait_for_file(&self, pending_max: usize, patience: Duration) -> bool {
        let mut log = self.log.lock();
        if log.pending.len() > pending_max {
            let until = Instant::now() + patience;
            while log.pending.len() > pending_max && !self.is_relieved.wait_until(&mut log, until).timed_out() {}
        }
        log.pending.len() <= pending_max
    }

    /// Takes what has been appended since the last time, up to where another file begins. `into` is empty.
    pub(crate) fn take(&self, into: &mut Vec<u8>) -> Option<Taken> {
        let mut log = self.log.lock();
        let history = log.history;
        if let Some(split) = log.split.take() {
            into.extend_from_slice(&log.pending[..split.at]);
            log.pending.drain(..split.at);
            return Some(Taken { end: split.offset, history, split: Some(split.database) });
        }
        if log.pending.is_empty() {
            return None;
        }
        into.shrink_to(KEPT_MAX);
        std::mem::swap(into, &mut log.pending);
        self.is_relieved.notify_all();
        Some(Taken { end: log.ring.end(), history, split: None })
    }

    /// What is appended from now on goes to another file. All shards are locked by the caller.
    pub(crate) fn split(&self) {
        let mut log = self.log.lock();
        log.split = Some(Split { at: log.pending.len(), offset: log.ring.end(), database: log.database });
    }

    /// A split has not been done yet.
    pub(crate) fn is_split(&self) -> bool {
        self.log.lock().split.is_some()
    }

    /// The file can't be written, or can be again. Meanwhile nobody waits for it: who writes is refused before.
    pub(crate) fn set_stuck(&self, is_stuck: bool) {
        self.log.lock().is_stuck = is_stuck;
        self.is_relieved.notify_all();
    }

    /// Says to whoever waits for more that there is more: called at the end of a batch that has appended.
    #[inline]
    pub fn kick(&self) {
        self.end.ring();
    }

    /// Copies bytes from this offset on behind those in `into`, at most so many. Returns the offset behind them.
    ///
    /// # Errors
    /// They are not kept any more, or there are none yet at such an offset.
    pub fn read(&self, from: u64, into: &mut Vec<u8>, max: usize) -> Result<u64, Gone> {
        let log = self.log.lock();
        log.ring.read(from, into, max).map(|count| from + count as u64).ok_or(Gone)
    }

    /// A reader that begins at this offset: what it has not read is kept.
    ///
    /// # Errors
    /// That is not kept any more, or has not come yet.
    pub fn hold(self: &Arc<Self>, from: u64) -> Result<Hold, Gone> {
        let mut log = self.log.lock();
        if from < log.ring.start() || from > log.ring.end() {
            return Err(Gone);
        }
        let number = log.holds.enter(from);
        Ok(Hold::new(self.clone(), number, from))
    }

    pub(crate) fn read_for(&self, number: u64, from: u64, into: &mut Vec<u8>, max: usize) -> Result<usize, Gone> {
        let mut log = self.log.lock();
        if !log.holds.has(number) {
            return Err(Gone);
        }
        let count = log.ring.read(from, into, max).ok_or(Gone)?;
        log.holds.advance(number, from + count as u64);
        Ok(count)
    }

    pub(crate) fn advance_hold(&self, number: u64, at: u64) {
        self.log.lock().holds.advance(number, at);
    }

    pub(crate) fn leave_hold(&self, number: u64) {
        let log = &mut *self.log.lock();
        log.holds.leave(number);
        log.ring.trim(log.holds.needed());
    }

    /// The offset of the first byte that `read` can give.
    pub fn start(&self) -> u64 {
        self.log.lock().ring.start()
    }

    /// Bytes that are kept for `read` at most.
    pub fn backlog(&self) -> usize {
        self.log.lock().ring.capacity()
    }

    /// Keeps so many bytes for `read` from now on.
    pub fn set_backlog(&self, bytes: usize) {
        let log = &mut *self.log.lock();
        log.ring.resize(bytes, log.holds.needed());
    }

    /// The stream's names and its epoch.
    pub fn history(&self) -> History {
        self.log.lock().history
    }

    /// Changes them; the closure also learns the end of the stream at that moment. Returns what it returns.
    pub fn change_history<R>(&self, change: impl FnOnce(&mut History, u64) -> R) -> R {
        let mut log = self.log.lock();
        let end = log.ring.end();
        change(&mut log.history, end)
    }

    /// The database that the stream is in; none if that is not known.
    pub fn database(&self) -> Option<usize> {
        self.log.lock().database
    }

    /// The stream is in this database: it has been taken over from there.
    pub fn set_database(&self, database: usize) {
        self.log.lock().database = Some(database);
    }

    /// The next unit says its database, whichever it is: who reads from here on needs no past.
    pub fn forget_database(&self) {
        self.log.lock().database = None;
    }

    /// Another stream begins at this offset: all that was kept is gone. All shards are locked by the caller.
    pub fn restart(&self, history: History, offset: u64) {
        let mut log = self.log.lock();
        let capacity = log.ring.capacity();
        (log.ring, log.history, log.database) = (Ring::new(capacity, offset), history, None);
        (log.pending, log.split) = (Vec::new(), None);
        log.holds.forget();
        for watermark in [&self.end, &self.written, &self.synced] {
            watermark.reset(offset);
        }
    }

    /// # Panics
    /// When an invariant is broken.
    pub fn validate(&self) {
        let log = self.log.lock();
        log.ring.validate();
        assert_eq!(log.ring.end(), self.end.get(), "the watermark is the end");
        assert!(self.synced.get() <= self.written.get(), "what is on the disk has been written");
        assert!(self.written.get() <= self.end.get(), "what has been written has been appended");
    }
}

impl Log {
    #[inline]
    fn put(&mut self, bytes: &[u8], is_for_file: bool) {
        self.ring.put(bytes, self.holds.needed());
        if is_for_file {
            self.pending.extend_from_slice(bytes);
        }
    }

    #[cold]
    fn select(&mut self, database: usize, is_for_file: bool) {
        let mut select = std::mem::take(&mut self.select);
        select.clear();
        words::put_select(&mut select, database);
        self.put(&select, is_for_file);
        (self.select, self.database) = (select, Some(database));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Journal {
        Journal::new([b'a'; 40])
    }

    fn all(journal: &Journal) -> Vec<u8> {
        let mut bytes = Vec::new();
        assert_eq!(journal.read(journal.start(), &mut bytes, usize::MAX), Ok(journal.end.get()));
        bytes
    }

    #[test]
    fn a_unit_in_another_database_is_preceded_by_its_number() {
        let journal = journal();
        journal.append(0, b"a");
        journal.append(0, b"b");
        assert_eq!(journal.append(3, b"c"), journal.end.get());
        journal.append_raw(3, b"raw");
        journal.append(3, b"d");
        journal.append_raw(4, b"");
        journal.append(3, b"e");
        let select = |number: &str| format!("*2\r\n$6\r\nSELECT\r\n$1\r\n{number}\r\n");
        let wanted = [&*select("0"), "ab", &*select("3"), "crawd", &*select("3"), "e"].concat();
        assert_eq!(all(&journal), wanted.as_bytes());
        journal.validate();
    }

    #[test]
    fn what_is_not_kept_any_more_is_gone() {
        let journal = journal();
        journal.set_backlog(8);
        journal.append_raw(0, b"0123456789");
        let mut bytes = Vec::new();
        assert_eq!(journal.read(1, &mut bytes, 100), Err(Gone));
        assert_eq!(journal.read(11, &mut bytes, 100), Err(Gone));
        assert_eq!(journal.read(2, &mut bytes, 3), Ok(5));
        assert_eq!(bytes, b"234");
        journal.restart(History::new([b'b'; 40]), 1000);
        assert_eq!((journal.start(), journal.end.get()), (1000, 1000));
        assert_eq!(journal.history().replid, [b'b'; 40]);
        journal.validate();
    }

    #[test]
    fn who_waits_for_the_file_is_told_when_it_has_taken_enough() {
        let (journal, at_once) = (Arc::new(journal()), Duration::ZERO);
        journal.append_raw(0, b"for replicas");
        assert!(journal.wait_for_file(0, at_once), "nobody writes a file");
        journal.want(Want::File, true);
        journal.append_raw(0, b"12345678");
        journal.set_stuck(true);
        assert!(journal.wait_for_file(8, at_once) && !journal.wait_for_file(7, at_once));
        let waiting = journal.clone();
        let waiter = std::thread::spawn(move || waiting.wait_for_file(7, Duration::from_secs(60)));
        assert!(journal.take(&mut Vec::new()).is_some());
        assert!(waiter.join().expect("it waits"), "the file has it");
        journal.append_raw(0, b"12345678");
        journal.want(Want::File, false);
        assert!(journal.wait_for_file(0, at_once), "the file is not wanted any more");
    }

    #[test]
    fn wants_are_counted_apart() {
        let journal = journal();
        journal.want(Want::File, true);
        journal.want(Want::Replicas, true);
        journal.want(Want::File, false);
        assert!(journal.is_wanted() && journal.is_wanted_by(Want::Replicas) && !journal.is_wanted_by(Want::File));
        journal.want(Want::Replicas, false);
        assert!(!journal.is_wanted());
    }
}

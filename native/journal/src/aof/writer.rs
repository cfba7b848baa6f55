//! The thread that writes the log: what has been appended since it last looked is a group, which goes to the file in one write with a
//! mark behind it, and to the disk in one go for all who wait.
//!
//! ```text
//!   always     woken by `Journal::kick`: write, fdatasync, `written` and `synced` rise together
//!   everysec   looks a hundred times a second while there is something; fdatasync once a second
//!   no         the same without fdatasync
//! ```
//!
//! A write or a sync that fails is tried again until it succeeds: meanwhile `failure` says why, so that no more writes are taken.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{JoinHandle, Thread};

use parking_lot::Mutex;

use super::directory::Directory;
use super::increment::Increment;
use super::keeper::Keeper;
use crate::journal::Journal;

/// When the disk is waited for (`appendfsync`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// Before a write is acknowledged.
    Always,
    /// Once a second.
    EverySecond,
    /// When the kernel likes.
    Never,
}

/// What is known of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Bytes of all parts.
    pub size: u64,
    /// The same when the base was new: what growth is measured against.
    pub size_of_base: u64,
    /// Syncs that took longer than a second.
    pub delayed_syncs: u64,
    /// It has a base, or began with nothing: what is in it can be read again.
    pub is_listed: bool,
    /// What the disk has lost only a rewrite brings back.
    pub is_lost: bool,
}

/// The file's side of a journal.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    orders: Sender<Order>,
    temporary: PathBuf,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread and its owner both see.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) journal: Arc<Journal>,
    fsync: AtomicU8,
    pub(super) stamps: AtomicBool,
    pub(super) holds_sync: AtomicBool,
    is_failing: AtomicBool,
    failure: Mutex<String>,
    pub(super) size: AtomicU64,
    pub(super) size_of_base: AtomicU64,
    pub(super) delayed_syncs: AtomicU64,
    pub(super) is_listed: AtomicBool,
    pub(super) is_lost: AtomicBool,
    pub(super) thread: OnceLock<Thread>,
}

pub(super) enum Order {
    /// Everything appended so far goes to the disk.
    Flush(SyncSender<()>),
    /// The temporary file is the new base of what came behind the last rotation.
    Rebase(&'static str, SyncSender<Result<(), String>>),
    /// Everything goes to the disk, and the thread ends.
    Stop,
}

impl Writer {
    /// Goes on behind a log that has been read: in its last increment if that `ends_with_mark`, else in a new one.
    ///
    /// # Errors
    /// The file can't be opened, or there is no thread.
    pub fn start(
        journal: Arc<Journal>,
        mut directory: Directory,
        ends_with_mark: bool,
        fsync: Fsync,
    ) -> Result<Self, String> {
        directory.sweep();
        let (history, offset, database) = (journal.history(), journal.end.get(), journal.database());
        let last = match directory.last() {
            Some(path) => {
                let file = File::options().write(true).open(&path);
                // Who wrote it may have been killed before the disk had it: from here on it counts as being there.
                let opened = file.and_then(|file| file.sync_data().map(|()| file)).and_then(Increment::behind);
                Some(opened.map_err(|error| format!("can't write {}: {error}", path.display()))?)
            }
            None => None,
        };
        let increment = match last.filter(|_| ends_with_mark) {
            Some(increment) => increment,
            None => directory.add_increment(|file| Increment::begin(file, &history, offset, database))?,
        };
        let (size, temporary) = (directory.size(), directory.temporary());
        let shared = Arc::new(Shared {
            journal,
            fsync: AtomicU8::new(fsync as u8),
            stamps: AtomicBool::new(false),
            holds_sync: AtomicBool::new(false),
            is_failing: AtomicBool::new(false),
            failure: Mutex::default(),
            size: AtomicU64::new(size),
            size_of_base: AtomicU64::new(size),
            delayed_syncs: AtomicU64::new(0),
            is_listed: AtomicBool::new(!directory.is_unlisted() && directory.is_settled()),
            is_lost: AtomicBool::new(false),
            thread: OnceLock::new(),
        });
        let (orders, received) = channel();
        let thread = Keeper::new(shared.clone(), directory, received, increment).start()?;
        Ok(Self { shared, orders, temporary, thread: Mutex::new(Some(thread)) })
    }

    /// Changes when the disk is waited for.
    pub fn set_fsync(&self, fsync: Fsync) {
        self.shared.fsync.store(fsync as u8, SeqCst);
        self.wake();
    }

    /// Whether groups are preceded by the second in which they were written (`aof-timestamp-enabled`).
    pub fn set_stamps(&self, is_on: bool) {
        self.shared.stamps.store(is_on, Relaxed);
    }

    /// The disk is busy with a rewrite: once a second is not now (`no-appendfsync-on-rewrite`).
    pub fn hold_sync(&self, is_held: bool) {
        self.shared.holds_sync.store(is_held, Relaxed);
    }

    /// Why the log can't be written at the moment.
    #[inline]
    pub fn failure(&self) -> Option<String> {
        self.shared.is_failing.load(Relaxed).then(|| self.shared.failure.lock().clone())
    }

    /// Size and counts.
    pub fn status(&self) -> Status {
        let Shared { size, size_of_base, delayed_syncs, .. } = &*self.shared;
        let [size, size_of_base, delayed_syncs] = [size, size_of_base, delayed_syncs].map(|count| count.load(Relaxed));
        let (is_listed, is_lost) = (self.is_listed(), self.shared.is_lost.load(Relaxed));
        Status { size, size_of_base, delayed_syncs, is_listed, is_lost }
    }

    /// What is in the file can be read again: it has a base, or began with nothing.
    pub fn is_listed(&self) -> bool {
        self.shared.is_listed.load(SeqCst)
    }

    /// Where a new base is written before `rebase` makes it one.
    #[must_use]
    pub fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// What is appended from now on goes to a new increment. All shards are locked by the caller, whose cut this is.
    pub fn rotate(&self) {
        self.shared.journal.split();
        self.wake();
    }

    /// The temporary file becomes the base of what came behind the last rotation; what it supersedes is deleted. Waits until that is
    /// done.
    ///
    /// # Errors
    /// The log is as it was, or it is not known whether it is: another rewrite is needed.
    pub fn rebase(&self, extension: &'static str) -> Result<(), String> {
        let (done, answer) = sync_channel(1);
        self.order(Order::Rebase(extension, done));
        answer.recv().unwrap_or_else(|_| Err("the log's thread has ended".to_owned()))
    }

    /// Waits until everything appended so far is on the disk, or the disk fails.
    pub fn flush(&self) {
        let (done, answer) = sync_channel(1);
        self.order(Order::Flush(done));
        _ = answer.recv();
    }

    fn order(&self, order: Order) {
        _ = self.orders.send(order);
        self.wake();
    }

    fn wake(&self) {
        if let Some(thread) = self.shared.thread.get() {
            thread.unpark();
        }
    }

    /// Brings everything to the disk and ends the thread.
    pub fn stop(&self) {
        self.order(Order::Stop);
        if let Some(thread) = self.thread.lock().take() {
            _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    pub(super) fn fsync(&self) -> Fsync {
        match self.fsync.load(SeqCst) {
            0 => Fsync::Always,
            1 => Fsync::EverySecond,
            _ => Fsync::Never,
        }
    }

    pub(super) fn fail(&self, why: String) {
        *self.failure.lock() = why;
        self.is_failing.store(true, SeqCst);
        self.journal.set_stuck(true);
    }

    pub(super) fn heal(&self) {
        if self.is_failing.swap(false, SeqCst) {
            self.journal.set_stuck(false);
        }
    }
}

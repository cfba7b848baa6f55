//! Data as files: what is asked for (SAVE, BGSAVE, save points, a copy elsewhere), how far it is, and how the last one ended. A thread of
//! the host, the `Saver`, writes; who asks cuts, so that the moment of a file is that of the request.
//!
//! ```text
//!   BGSAVE, save points, MEMC.SNAPSHOT ── Job ──> Saver ── temporary file, fsync, rename, fsync of the folder ──> Outcome
//! ```

mod file;
mod points;
mod saver;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use dataset::{Locked, Millis};
use parking_lot::{Condvar, Mutex};

pub use saver::Saver;

use crate::attached::Attached;
use crate::config;
use crate::server::Server;
use crate::snapshot::Cut;

/// What a file is written for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// The server's own file, in place of the former one.
    Own,
    /// A new file, with this path; there may be none.
    Copy(String),
}

/// A file to be written.
#[derive(Debug)]
struct Job {
    aim: Aim,
    /// None: the moment is when it begins.
    cut: Option<Cut>,
    /// Changes that there had been before its moment.
    changes: u64,
}

/// What is known of saving.
#[derive(Debug)]
pub(crate) struct Saves {
    state: Mutex<State>,
    /// A job has come, or one has ended.
    bell: Condvar,
    /// Changes that no worker has counted.
    pub(crate) changes_elsewhere: AtomicU64,
    /// A file that is being written is given up.
    pub(crate) is_aborted: AtomicBool,
    /// Keys of the file that is being written: those that are, and all.
    pub(crate) keys: AtomicU64,
    pub(crate) keys_total: AtomicU64,
}

#[derive(Debug)]
struct State {
    /// There is a thread that writes.
    has_saver: bool,
    own: Phase,
    copy: Phase,
    /// A save is to begin as soon as it can.
    is_scheduled: bool,
    last: Last,
    copied: Copied,
}

/// What becomes of a file.
#[derive(Debug, Default)]
enum Phase {
    #[default]
    None,
    Asked(Box<Job>),
    /// Since when.
    Runs(Millis),
}

impl Phase {
    fn is_free(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// How saving went.
#[derive(Clone, Debug)]
pub(crate) struct Last {
    /// Seconds since 1970, of the last one that went well, or of the start.
    pub(crate) saved_at: u64,
    /// When the last one began.
    pub(crate) tried_at: Millis,
    /// Why the last one went wrong, if it did.
    pub(crate) failure: Option<String>,
    /// Seconds that the last one took.
    pub(crate) seconds: Option<u64>,
    /// How many have gone well.
    pub(crate) count: u64,
    /// How many have ended, well or not.
    ended: u64,
    /// Changes that had been made before the last one that went well.
    changes: u64,
    /// The most bytes of former states that it kept.
    pub(crate) kept_bytes: u64,
}

/// The last copy, or the one that is being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Copied {
    pub(crate) state: &'static str,
    pub(crate) path: String,
    pub(crate) keys: u64,
    pub(crate) bytes: u64,
    pub(crate) checksum: Option<u64>,
    pub(crate) offset: u64,
    pub(crate) epoch: u64,
    pub(crate) error: String,
}

/// Why a file can't be written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// One of this kind is being written.
    Same,
    /// A snapshot is being taken for something else.
    Other,
    /// No thread of this process writes files.
    NoSaver,
}

impl Saves {
    pub(crate) fn new(now: Millis) -> Self {
        let last = Last {
            saved_at: now / 1000,
            tried_at: 0,
            failure: None,
            seconds: None,
            count: 0,
            ended: 0,
            changes: 0,
            kept_bytes: 0,
        };
        let copied = Copied { state: "none", ..Copied::default() };
        let (own, copy) = Default::default();
        let state = State { has_saver: false, own, copy, is_scheduled: false, last, copied };
        let (bell, changes_elsewhere, is_aborted, keys, keys_total) = Default::default();
        Self { state: Mutex::new(state), bell, changes_elsewhere, is_aborted, keys, keys_total }
    }

    pub(crate) fn last(&self) -> Last {
        self.state.lock().last.clone()
    }

    pub(crate) fn copied(&self) -> Copied {
        self.state.lock().copied.clone()
    }

    /// Since when the server's own file is being written.
    pub(crate) fn runs_since(&self) -> Option<Millis> {
        match self.state.lock().own {
            Phase::Runs(since) => Some(since),
            Phase::Asked(_) => Some(0),
            Phase::None => None,
        }
    }
}

impl Server {
    /// Changes since the last file that was written well.
    pub(crate) fn changes_since_save(&self) -> u64 {
        self.changes().wrapping_sub(self.saves.state.lock().last.changes)
    }

    fn changes(&self) -> u64 {
        self.sum(|counters| counters.changes.get()).wrapping_add(self.saves.changes_elsewhere.load(Relaxed))
    }

    /// Begins to write the server's own file as of now, all shards being locked.
    pub(crate) fn begin_save(&self, data: &mut Locked<'_, Attached>, now: Millis) -> Result<(), Busy> {
        let mut state = self.saves.state.lock();
        if !state.has_saver {
            return Err(Busy::NoSaver);
        }
        if !state.own.is_free() {
            return Err(Busy::Same);
        }
        let cut = self.cut(data, now).ok_or(Busy::Other)?;
        state.own = Phase::Asked(Box::new(Job { aim: Aim::Own, cut: Some(cut), changes: self.changes() }));
        state.is_scheduled = false;
        self.saves.bell.notify_all();
        Ok(())
    }

    /// A save begins as soon as nothing else is being written.
    pub(crate) fn schedule_save(&self) {
        self.saves.state.lock().is_scheduled = true;
        self.saves.bell.notify_all();
    }

    /// Writes the server's own file and waits for it; one that is being written already is waited for as well, or refused. The caller
    /// has no shard locked.
    ///
    /// # Errors
    /// Why it went wrong.
    pub(crate) fn save(&self, waits: bool) -> Result<(), String> {
        let mut state = self.saves.state.lock();
        if !state.has_saver {
            return Err("no thread of this process writes files".to_owned());
        }
        if waits {
            self.saves.bell.wait_while(&mut state, |state| !state.own.is_free() && state.has_saver);
        }
        if !state.own.is_free() {
            return Err("Background save already in progress".to_owned());
        }
        state.own = Phase::Asked(Box::new(Job { aim: Aim::Own, cut: None, changes: 0 }));
        let ended = state.last.ended;
        self.saves.bell.notify_all();
        self.saves.bell.wait_while(&mut state, |state| state.last.ended == ended && state.has_saver);
        state.last.failure.clone().map_or(Ok(()), Err)
    }

    /// Begins to write a copy to a new file.
    pub(crate) fn begin_copy(&self, path: &str) -> Result<(), Busy> {
        let mut state = self.saves.state.lock();
        if !state.has_saver {
            return Err(Busy::NoSaver);
        }
        if !state.copy.is_free() {
            return Err(Busy::Same);
        }
        state.copy = Phase::Asked(Box::new(Job { aim: Aim::Copy(path.to_owned()), cut: None, changes: 0 }));
        state.copied = Copied { state: "running", path: path.to_owned(), ..Copied::default() };
        self.saves.bell.notify_all();
        Ok(())
    }

    /// Files that are being written are given up: the server ends.
    pub fn give_up_saving(&self) {
        self.saves.is_aborted.store(true, Relaxed);
        self.saves.bell.notify_all();
    }

    /// The path of the server's own file.
    pub(crate) fn own_file(&self) -> std::path::PathBuf {
        std::path::Path::new(&self.config.text(config::DIRECTORY)).join(self.config.text(config::FILE_NAME))
    }

    /// The thread that writes files: for a thread of the host, once.
    #[must_use]
    pub fn saver(self: &Arc<Self>) -> Saver {
        self.saves.state.lock().has_saver = true;
        Saver::new(self.clone())
    }
}

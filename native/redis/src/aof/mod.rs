//! The append-only file of a server: begun or gone on with at the start, rewritten when it has grown, switched on and off while the
//! server runs. What the file is, `journal::aof` knows; here is when what is done with it.
//!
//! ```text
//!   start   Server::begin_log ── load.rs: parts -> rows of the commands ──> Writer
//!   tend    (the sweeper, some times a second)  appendonly yes|no, scheduled or due rewrites, whether writes are refused
//!   rewrite rewrite.rs: cut and rotate under all locks ── a thread writes the base ──> rebase
//! ```

mod load;
mod rewrite;
mod switch;

pub use load::LoadedLog;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;

use dataset::Millis;
use journal::Want;
use journal::aof::{Directory, Fsync, Names, Status, Writer};
use parking_lot::Mutex;

use crate::config;
use crate::fault::Fault;
use crate::restraints::reason;
use crate::server::Server;

/// Rewrites that fail one after the other are tried again after ever more minutes, at most so many.
const RETRY_MINUTES_MAX: u32 = 60;

/// What a server knows of its append-only file.
#[derive(Debug, Default)]
pub(crate) struct Aof {
    /// Without one nothing is written.
    writer: Mutex<Option<Arc<Writer>>>,
    /// The server runs: directives take effect at once.
    has_begun: AtomicBool,
    /// It ends: rewrites are given up.
    is_ending: AtomicBool,
    /// Nothing is logged for the moment.
    is_suspended: AtomicBool,
    /// A rewrite has been asked for.
    is_scheduled: AtomicBool,
    rewriting: Rewriting,
    /// The rewrite's thread.
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Why the last attempt to begin a log failed; the next one is due then.
    trouble: Mutex<Option<(String, Millis)>>,
}

/// What is known of rewrites.
#[derive(Debug, Default)]
pub(crate) struct Rewriting {
    /// When the one that is on its way began; 0: none is.
    pub(crate) since: AtomicU64,
    /// Seconds that the last one took, plus one; 0: there was none.
    pub(crate) seconds: AtomicI64,
    /// Those that succeeded, and those that failed since.
    pub(crate) done: AtomicU64,
    pub(crate) failures: AtomicU64,
    /// When the last one failed.
    failed_at: AtomicU64,
    error: Mutex<String>,
}

impl Aof {
    pub(crate) fn rewriting(&self) -> &Rewriting {
        &self.rewriting
    }

    /// A rewrite begins as soon as it can.
    pub(crate) fn is_scheduled(&self) -> bool {
        self.is_scheduled.load(Relaxed)
    }
}

impl Rewriting {
    fn is_on(&self) -> bool {
        self.since.load(Relaxed) != 0
    }

    /// After failures it is not tried again at once.
    fn may_be_tried(&self, now: Millis) -> bool {
        let failures = u32::try_from(self.failures.load(Relaxed)).unwrap_or(u32::MAX);
        let minutes = if failures < 3 { 0 } else { 1 << (failures - 3).min(6) };
        now >= self.failed_at.load(Relaxed) + u64::from(minutes.min(RETRY_MINUTES_MAX)) * 60_000
    }
}

impl Server {
    pub(crate) fn log_writer(&self) -> Option<Arc<Writer>> {
        self.aof.writer.lock().clone()
    }

    /// How far the local disk holds the stream, if there is a file that can be read again. One that has been switched on holds nothing
    /// before its base is made.
    pub(crate) fn on_disk(&self) -> Option<u64> {
        let is_listed = || self.aof.writer.lock().as_ref().is_none_or(|writer| writer.is_listed());
        (self.journal.is_wanted_by(Want::File) && is_listed()).then(|| self.journal.synced.get())
    }

    /// There is one on the disk, or something that its place is taken by.
    pub(crate) fn has_log(&self) -> bool {
        Directory::open(self.log_names()).map_or(true, |directory| !directory.is_empty())
    }

    pub(crate) fn log_names(&self) -> Names {
        let text = |name| self.config.text(name);
        Names {
            home: PathBuf::from(text(config::DIRECTORY)),
            folder: text(config::AOF_FOLDER),
            file: text(config::AOF_NAME),
        }
    }

    fn fsync(&self) -> Fsync {
        match self.config.text(config::APPENDFSYNC).as_str() {
            "always" => Fsync::Always,
            "no" => Fsync::Never,
            _ => Fsync::EverySecond,
        }
    }

    /// Directives that a writer follows have changed.
    pub(crate) fn adjust_log(&self) {
        if let Some(writer) = self.log_writer() {
            writer.set_fsync(self.fsync());
            writer.set_stamps(self.config.is_on(config::AOF_STAMPS));
        }
    }

    /// What there is to do about the log; called some times a second by a thread that has nothing locked.
    pub(crate) fn tend_log(self: &Arc<Self>, now: Millis) {
        if !self.aof.has_begun.load(Relaxed) {
            return;
        }
        let writer = self.log_writer();
        let is_on = self.config.is_on(config::APPENDONLY) && !self.aof.is_suspended.load(Relaxed);
        match (is_on, &writer) {
            (true, None) => self.switch_log_on(now),
            (false, Some(_)) => self.switch_log_off(),
            (false, None) => *self.aof.trouble.lock() = None,
            (true, Some(_)) => {}
        }
        if let Some(writer) = &writer {
            let is_saving = self.turns.is_taken();
            writer.hold_sync(is_saving && self.config.is_on(config::NO_FSYNC_ON_REWRITE));
            let status = writer.status();
            let is_needed = (!status.is_listed || status.is_lost) && self.aof.rewriting.may_be_tried(now);
            if self.aof.is_scheduled.load(Relaxed) || is_needed || self.is_log_due(&status, now) {
                self.start_rewrite(now);
            }
        }
        self.restrain_writes();
    }

    /// Writes are refused while a log that is wanted fails.
    pub(crate) fn restrain_writes(&self) {
        let is_failing = self.config.is_on(config::APPENDONLY) && self.log_failure().is_some();
        self.restraints.set(reason::LOG_FAILS, is_failing);
    }

    /// It has grown beyond what the directives allow.
    fn is_log_due(&self, status: &Status, now: Millis) -> bool {
        let (percent, least) =
            (self.config.count(config::REWRITE_PERCENT) as u64, self.config.count(config::REWRITE_BYTES));
        if percent == 0 || status.size < least as u64 || !self.aof.rewriting.may_be_tried(now) {
            return false;
        }
        let base = status.size_of_base.max(1);
        status.size.saturating_sub(base).saturating_mul(100) / base >= percent
    }

    /// Why writes are refused.
    pub(crate) fn log_failure(&self) -> Option<String> {
        let trouble = || self.aof.trouble.lock().as_ref().map(|(why, _)| why.clone());
        self.log_writer().map_or_else(trouble, |writer| writer.failure())
    }

    /// MISCONF, with what the disk says.
    pub(crate) fn log_fault(&self) -> Fault {
        let why = self.log_failure().unwrap_or_else(|| "it heals at this moment".to_owned());
        Fault::made(format!("MISCONF Errors writing to the AOF file: {why}"))
    }

    /// The server ends: everything goes to the disk.
    pub fn end_log(&self) {
        self.aof.has_begun.store(false, Relaxed);
        self.aof.is_ending.store(true, Relaxed);
        if let Some(thread) = self.aof.thread.lock().take() {
            _ = thread.join();
        }
        if let Some(writer) = self.aof.writer.lock().take() {
            writer.stop();
        }
    }
}

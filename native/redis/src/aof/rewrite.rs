//! The rewrite: a new base in place of all that has been logged, while the server goes on. Under all locks the moment is cut and the
//! log goes on in a new increment; a thread writes the base, and only when that is on the disk the manifest names it and what it
//! supersedes is deleted. Whatever fails on the way leaves a log that works.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use dataset::{Millis, Shards};
use journal::Want;
use journal::aof::Writer;

use crate::config;
use crate::server::Server;
use crate::snapshot::Snapshot;

/// The disk is asked to keep what it has so often, so that the end does not take long (`aof-rewrite-incremental-fsync`).
const SYNC_BYTES: usize = 4 << 20;
/// Who waits for another snapshot or a long script to end tries again so often.
const PATIENCE: Duration = Duration::from_millis(10);

impl Server {
    /// Asks for a rewrite; it begins when no other snapshot is being taken. False: one is on its way.
    pub(crate) fn schedule_rewrite(&self) -> bool {
        if self.aof.rewriting.is_on() {
            return false;
        }
        self.aof.is_scheduled.store(true, Relaxed);
        true
    }

    /// A thread rewrites the log, if none does.
    pub(super) fn start_rewrite(self: &Arc<Self>, now: Millis) {
        if self.aof.rewriting.is_on() || self.aof.is_ending.load(Relaxed) {
            return;
        }
        self.aof.is_scheduled.store(false, Relaxed);
        self.aof.rewriting.since.store(now.max(1), Relaxed);
        let server = self.clone();
        let spawned = thread::Builder::new().name("rewrite".to_owned()).spawn(move || server.rewrite(now));
        match spawned {
            Ok(thread) => *self.aof.thread.lock() = Some(thread),
            Err(error) => self.end_rewrite(now, Instant::now(), Err(format!("no thread for the rewrite: {error}"))),
        }
    }

    fn rewrite(self: &Arc<Self>, now: Millis) {
        let began = Instant::now();
        let done = match self.log_writer() {
            Some(writer) => self.write_base(&writer, now),
            None => Err("the log has been switched off".to_owned()),
        };
        self.end_rewrite(now, began, done);
    }

    fn write_base(self: &Arc<Self>, writer: &Arc<Writer>, now: Millis) -> Result<(), String> {
        let Some(snapshot) = self.cut_and_rotate(writer, now) else {
            return Err("the log has been switched off, or the server is ending".to_owned());
        };
        let path = writer.temporary();
        let written = self.write_snapshot(snapshot, path).map_err(|error| format!("{}: {error}", path.display()));
        let done = written.and_then(|()| writer.rebase("rdb"));
        if done.is_err() {
            _ = std::fs::remove_file(path);
        }
        done
    }

    /// The moment of the new base is that from which on the log goes to a new increment.
    fn cut_and_rotate(self: &Arc<Self>, writer: &Arc<Writer>, now: Millis) -> Option<Snapshot> {
        while !self.aof.is_ending.load(Relaxed) {
            if !self.turns.is_taken()
                && let Some(mut data) = self.lock(Shards::ALL)
                && let Some(cut) = self.cut(&mut data, now)
            {
                if !self.log_writer().is_some_and(|current| Arc::ptr_eq(&current, writer)) {
                    // It has been switched off meanwhile. What was cut is walked to its end.
                    drop(data);
                    drop(Snapshot::new(self.clone(), cut));
                    return None;
                }
                if !self.journal.is_wanted_by(Want::File) {
                    self.journal.want(Want::File, true);
                }
                writer.rotate();
                drop(data);
                return Some(Snapshot::new(self.clone(), cut));
            }
            thread::sleep(PATIENCE);
        }
        None
    }

    pub(super) fn write_snapshot(&self, mut snapshot: Snapshot, path: &Path) -> io::Result<()> {
        let mut file = File::create(path)?;
        let (mut bytes, mut unsynced) = (Vec::new(), 0);
        loop {
            bytes.clear();
            let is_more = snapshot.next(&mut bytes);
            file.write_all(&bytes)?;
            unsynced += bytes.len();
            if !is_more {
                return file.sync_all();
            }
            if unsynced >= SYNC_BYTES && self.config.is_on(config::REWRITE_SYNCS) {
                file.sync_data()?;
                unsynced = 0;
            }
            if self.aof.is_ending.load(Relaxed) {
                return Err(io::Error::other("the server is ending"));
            }
        }
    }

    pub(super) fn end_rewrite(&self, now: Millis, began: Instant, done: Result<(), String>) {
        let rewriting = &self.aof.rewriting;
        let took = began.elapsed();
        rewriting.seconds.store(i64::try_from(took.as_secs()).unwrap_or(i64::MAX - 1) + 1, Relaxed);
        match done {
            Ok(()) => {
                rewriting.done.fetch_add(1, Relaxed);
                rewriting.failures.store(0, Relaxed);
            }
            Err(why) => {
                rewriting.failures.fetch_add(1, Relaxed);
                rewriting.failed_at.store(now + took.as_millis() as u64, Relaxed);
                *rewriting.error.lock() = why;
            }
        }
        rewriting.since.store(0, Relaxed);
    }
}

//! What the log's thread does, over and over: write what has been appended, bring it to the disk when that is due, do what is ordered.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::directory::Directory;
use super::increment::Increment;
use super::writer::{Fsync, Order, Shared};
use crate::journal::Taken;

/// Between two looks at what has been appended, where nobody waits for the disk.
const PACE: Duration = Duration::from_millis(10);
/// Between two attempts at what has failed.
const RETRY: Duration = Duration::from_millis(100);
/// A sleep that a bell or an order ends.
const IDLE: Duration = Duration::from_secs(1);
const SECOND: Duration = Duration::from_secs(1);

/// The thread's own.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    directory: Directory,
    orders: Receiver<Order>,
    increment: Increment,
    synced_at: Instant,
    /// The end of the stream in the file.
    written: u64,
    /// Taken from the journal and not yet written.
    group: Vec<u8>,
    taken: Option<Taken>,
    /// What became of the last rotation.
    rotation: Result<(), String>,
    is_ending: bool,
}

impl Keeper {
    pub(super) fn new(
        shared: Arc<Shared>,
        directory: Directory,
        orders: Receiver<Order>,
        increment: Increment,
    ) -> Self {
        let written = shared.journal.written.get();
        let rotation = Err("the log has not been rotated".to_owned());
        let (group, taken, is_ending) = (Vec::new(), None, false);
        let synced_at = Instant::now();
        Self { shared, directory, orders, increment, synced_at, written, group, taken, rotation, is_ending }
    }

    pub(super) fn start(mut self) -> Result<JoinHandle<()>, String> {
        let shared = self.shared.clone();
        let thread = thread::Builder::new().name("aof".to_owned()).spawn(move || {
            let own = thread::current();
            let bell = self.shared.journal.end.bell(move || own.unpark());
            while !self.is_ending {
                bell.arm();
                let is_well = self.write_groups() && self.is_settled() && self.sync_if_due();
                if is_well {
                    self.shared.heal();
                }
                if !self.obey() {
                    self.rest(is_well);
                }
            }
        });
        let thread = thread.map_err(|error| format!("no thread for the log: {error}"))?;
        _ = shared.thread.set(thread.thread().clone());
        Ok(thread)
    }

    fn is_behind(&self) -> bool {
        self.taken.is_some() || self.shared.journal.end.get() > self.written || self.shared.journal.is_split()
    }

    /// Until there is something to do.
    fn rest(&mut self, is_well: bool) {
        let fsync = self.shared.fsync();
        if !is_well {
            thread::park_timeout(RETRY);
        } else if fsync == Fsync::Always {
            if !self.is_behind() {
                thread::park_timeout(IDLE);
            }
        } else {
            if !self.is_behind() {
                let is_clean = fsync == Fsync::Never || self.increment.is_synced();
                thread::park_timeout(if is_clean { IDLE } else { SECOND.saturating_sub(self.synced_at.elapsed()) });
            }
            // Who wakes it is followed by others: they make one group.
            thread::sleep(PACE);
        }
    }

    /// Writes what has been appended; false when that fails.
    fn write_groups(&mut self) -> bool {
        while self.is_behind() {
            let end = self.shared.journal.end.get();
            if self.taken.is_none() {
                self.taken = self.shared.journal.take(&mut self.group);
            }
            let Some(taken) = self.taken else {
                // So much was appended before the file was wanted.
                self.written = self.written.max(end);
                return true;
            };
            if let Err(why) = self.write_group(&taken) {
                self.shared.fail(why);
                return false;
            }
        }
        true
    }

    fn write_group(&mut self, taken: &Taken) -> Result<(), String> {
        if !self.group.is_empty() {
            let second = self.shared.stamps.load(Relaxed).then(unix_second);
            let before = self.increment.length();
            let written = self.increment.write(&self.group, &taken.history, taken.end, second);
            written.map_err(|error| error.to_string())?;
            self.shared.size.fetch_add(self.increment.length() - before, Relaxed);
            self.group.clear();
        }
        self.written = taken.end;
        self.shared.journal.written.raise(self.written);
        if self.shared.fsync() == Fsync::Never {
            self.increment.forget();
        }
        // Before the group is done with: where this fails, it is the sync alone that is tried again.
        self.taken = Some(*taken);
        if self.shared.fsync() == Fsync::Always || taken.split.is_some() {
            let synced = self.sync();
            // What is lost is in the base that the file behind the split is for.
            if taken.split.is_none() || !self.increment.is_lost() {
                synced?;
            }
        }
        if let Some(database) = taken.split {
            self.rotation = self
                .directory
                .add_increment(|file| Increment::begin(file, &taken.history, taken.end, database))
                .map(|next| self.increment = next);
        }
        self.taken = None;
        Ok(())
    }

    /// The disk has the manifest that names what is written.
    fn settle(&mut self) -> Result<(), String> {
        if self.directory.is_settled() {
            return Ok(());
        }
        self.directory.settle()?;
        self.shared.is_listed.store(!self.directory.is_unlisted(), SeqCst);
        // Nothing else may come that raises it.
        if self.increment.is_synced() {
            self.raise_synced();
        }
        Ok(())
    }

    fn is_settled(&mut self) -> bool {
        self.settle().map_err(|why| self.shared.fail(why)).is_ok()
    }

    fn sync(&mut self) -> Result<(), String> {
        self.settle()?;
        if self.increment.is_synced() {
            self.raise_synced();
            return Ok(());
        }
        let began = Instant::now();
        let synced = self.increment.sync();
        self.shared.is_lost.store(self.increment.is_lost(), Relaxed);
        synced.map_err(|error| format!("fdatasync: {error}"))?;
        if began.elapsed() > SECOND {
            self.shared.delayed_syncs.fetch_add(1, Relaxed);
        }
        self.synced_at = Instant::now();
        self.raise_synced();
        Ok(())
    }

    /// As long as there is no base, nothing can be read again.
    fn raise_synced(&self) {
        if !self.directory.is_unlisted() {
            self.shared.journal.synced.raise(self.written);
        }
    }

    /// Once a second, or what has failed before; false when it fails.
    fn sync_if_due(&mut self) -> bool {
        let is_due = match self.shared.fsync() {
            Fsync::Always => true,
            Fsync::EverySecond => self.synced_at.elapsed() >= SECOND && !self.shared.holds_sync.load(Relaxed),
            Fsync::Never => false,
        };
        if !is_due || self.increment.is_synced() {
            return true;
        }
        self.sync().map_err(|why| self.shared.fail(why)).is_ok()
    }

    /// Does what is ordered; true if there was something. What had been appended when it was ordered is written before.
    fn obey(&mut self) -> bool {
        let Ok(order) = self.orders.try_recv() else { return false };
        let is_well = self.write_groups();
        match order {
            Order::Flush(done) => {
                _ = is_well && self.sync().map_err(|why| self.shared.fail(why)).is_ok();
                _ = done.send(());
            }
            Order::Rebase(extension, done) => _ = done.send(self.rebase(extension)),
            Order::Stop => {
                _ = is_well && self.sync().is_ok();
                self.is_ending = true;
            }
        }
        true
    }

    fn rebase(&mut self, extension: &str) -> Result<(), String> {
        std::mem::replace(&mut self.rotation, Err("the log has not been rotated".to_owned()))?;
        if self.shared.journal.is_split() || self.taken.is_some_and(|taken| taken.split.is_some()) {
            return Err("the log can't be written at the moment".to_owned());
        }
        self.directory.rebase(extension)?;
        self.directory.settle()?;
        // Before whoever waits for the disk is told: he asks for both.
        self.shared.is_listed.store(true, SeqCst);
        self.sync()?;
        let size = self.directory.size();
        self.shared.size.store(size, Relaxed);
        self.shared.size_of_base.store(size, Relaxed);
        Ok(())
    }
}

fn unix_second() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

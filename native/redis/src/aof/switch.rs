//! The log is switched on and off while the server runs. One that is switched on has no base yet: until that is made, the manifest on
//! the disk names what it named before, and nothing counts as being on the disk.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use dataset::{Millis, Shards};
use journal::aof::{Directory, Writer};
use journal::{History, Want};

use crate::host::chance_name;
use crate::server::Server;

/// After it could not be begun it is tried again so much later.
const RETRY: Millis = 1000;

impl Server {
    /// Begins a log whose base is yet to be made, and makes it.
    pub(super) fn switch_log_on(self: &Arc<Self>, now: Millis) {
        if self.aof.rewriting.is_on() || self.aof.trouble.lock().as_ref().is_some_and(|(_, until)| now < *until) {
            return;
        }
        let begun = Directory::open(self.log_names()).and_then(|mut directory| {
            directory.lock()?;
            directory.begin_unlisted();
            Writer::start(self.journal.clone(), directory, false, self.fsync())
        });
        match begun {
            Ok(writer) => {
                *self.aof.writer.lock() = Some(Arc::new(writer));
                *self.aof.trouble.lock() = None;
                self.adjust_log();
                self.start_rewrite(now);
            }
            Err(why) => *self.aof.trouble.lock() = Some((why, now + RETRY)),
        }
    }

    /// Brings everything to the disk and logs no more. What is on the disk stays there.
    pub(super) fn switch_log_off(&self) {
        let Some(writer) = self.log_writer() else { return };
        // Most of it without holding up anybody.
        writer.flush();
        let data = self.dataset.lock(Shards::ALL);
        writer.flush();
        self.journal.want(Want::File, false);
        if !self.journal.is_wanted() {
            // What changes unseen makes it another stream.
            let epoch = self.journal.history().epoch;
            self.journal.change_history(|history, _| *history = History { epoch, ..History::new(chance_name()) });
        }
        *self.aof.writer.lock() = None;
        drop(data);
        writer.stop();
    }

    /// All data is about to be replaced by another server's: the log stays as it is, and nothing is added to it.
    pub(crate) fn suspend_log(&self) {
        self.aof.is_suspended.store(true, Relaxed);
        self.switch_log_off();
    }

    /// That is done: a new log begins with what there is now.
    pub(crate) fn resume_log(&self) {
        self.aof.is_suspended.store(false, Relaxed);
    }
}

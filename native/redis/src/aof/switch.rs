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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};
    use std::{fs, thread};

    use journal::aof::Names;

    use super::*;
    use crate::server::Settings;

    /// Replicas say by this that their disk has something, and WAITAOF counts it.
    #[test]
    fn without_a_base_nothing_is_on_the_disk() {
        let home = std::env::temp_dir().join(format!("memc-switch-{}", std::process::id()));
        let names = Names { home: home.clone(), folder: "appendonlydir".into(), file: "appendonly.aof".into() };
        // In the way of the base.
        let obstacle = names.path().join("temp-rewrite.base");
        fs::create_dir_all(&obstacle).expect("a folder");
        let text = home.to_str().expect("text").to_owned();
        let config = [("dir", text), ("appendonly", "yes".to_owned())].map(|(name, value)| (name.to_owned(), value));
        let settings = Settings { config: config.to_vec(), ..Settings::default() };
        let server = Arc::new(Server::new(settings).configured().expect("right"));
        let wait_for = |what: &str, is_so: &dyn Fn() -> bool| {
            let began = Instant::now();
            while !is_so() {
                assert!(began.elapsed() < Duration::from_secs(30), "{what}");
                thread::sleep(Duration::from_millis(1));
            }
        };
        server.aof.has_begun.store(true, Relaxed);
        server.switch_log_on(1);
        wait_for("the base to fail", &|| server.aof.rewriting().failures.load(Relaxed) > 0);
        assert!(server.journal.is_wanted_by(Want::File));
        assert_eq!((server.on_disk(), Directory::open(names.clone()).expect("a log of nothing").base()), (None, None));
        fs::remove_dir(&obstacle).expect("a folder");
        server.tend_log(2);
        wait_for("the base", &|| server.on_disk().is_some());
        assert!(Directory::open(names.clone()).expect("right").base().is_some());
        server.end_log();
        fs::remove_dir_all(&home).expect("a folder");
    }
}

//! The load at the start: while it is on its way nobody may see a part of the data, only what may be asked at any time is served.

use std::io::BufRead;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use dataset::Millis;

use crate::config;
use crate::load::{self, Expired, Loaded};
use crate::restraints::reason;
use crate::server::Server;

/// What is known of loads.
#[derive(Debug, Default)]
pub(crate) struct Loading {
    /// Keys of the load that is on its way.
    pub(crate) keys: AtomicU64,
    /// Of the last one: keys, and keys that had expired.
    pub(crate) last_keys: AtomicU64,
    pub(crate) last_expired: AtomicU64,
}

impl Server {
    /// From now on, until `loaded`, nobody sees the data.
    pub fn begin_loading(&self) {
        self.restraints.set(reason::LOADING, true);
    }

    /// Data is complete.
    pub fn end_loading(&self) {
        self.restraints.set(reason::LOADING, false);
    }

    /// Loads what the server begins with: the file that it was told to, else its own if there is one and no log takes its place.
    ///
    /// # Errors
    /// Which file is wrong, where, and what can be done.
    pub fn load_at_start(&self, now: Millis) -> Result<Option<Loaded>, String> {
        let own = self.own_file();
        let seed = self.settings.seed.as_deref().filter(|_| !own.exists() && !self.has_log());
        let given = self.settings.load.as_deref().or(seed);
        if let Some(given) = given.filter(|given| own.exists() && !is_same(given, &own)) {
            return Err(format!(
                "{} can't be loaded: {} is there already and would be overwritten; move it away, or start without the other",
                given.display(),
                own.display()
            ));
        }
        match given {
            Some(given) => self.load_file(given, now).map(Some),
            None if (self.config.is_on(config::APPENDONLY) && self.has_log()) || !own.exists() => Ok(None),
            None => {
                let loaded = self.load_file(&own, now)?;
                self.take_up_stream(&loaded);
                Ok(Some(loaded))
            }
        }
    }

    /// A file of ours has a checksum. One without was written with `rdbchecksum no`, or lost it together with what it vouches for.
    pub(crate) fn insist_on_checksum(&self, loaded: &Loaded) -> Result<(), String> {
        let is_ours = loaded.epoch.is_some();
        if is_ours && loaded.checksum.is_none() && self.config.is_on(config::RDB_CHECKSUM) {
            return Err("its checksum is missing, so bytes may have changed: bring it back from a copy or a replica; only if it was \
                        written with `rdbchecksum no`, start with that, then CONFIG SET rdbchecksum yes, and BGREWRITEAOF or SAVE"
                .to_owned());
        }
        Ok(())
    }

    /// Loads a whole file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn load_file(&self, path: &Path, now: Millis) -> Result<Loaded, String> {
        let wrong = |what: String| format!("{}: {what}", path.display());
        let mut source = load::open(path).map_err(|error| error.to_string())?;
        // What follows in a primary's stream may be about keys that have expired meanwhile.
        let expired = if self.replication.is_replica() { Expired::Kept } else { Expired::LeftOut };
        let loaded = self.load(&mut source, now, expired).map_err(|error| wrong(error.to_string()))?;
        self.insist_on_checksum(&loaded).map_err(wrong)?;
        let rest = source.fill_buf().map_err(|error| wrong(error.to_string()))?;
        if !rest.is_empty() {
            return Err(wrong(
                "bytes follow behind the end of the data: this is not the file that was written".to_owned(),
            ));
        }
        self.loading.last_keys.store(loaded.keys, Relaxed);
        self.loading.last_expired.store(loaded.expired, Relaxed);
        Ok(loaded)
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use crate::scene::Scene;

    /// As the refusal advises.
    #[test]
    fn from_a_file_without_checksum_a_server_comes_to_one_with_it() {
        let home = std::env::temp_dir().join(format!("memc-checksum-{}", std::process::id()));
        fs::create_dir_all(&home).expect("a folder");
        let start = |sums_up| Scene::new(&[("dir", home.to_str().expect("text")), ("rdbchecksum", sums_up)]);
        let save = |mut scene: Scene, before: &str| {
            let (mut saver, mut session) = (scene.server.saver(), scene.open());
            assert_eq!(scene.say(&mut session, before).reply, "+OK\r\n");
            assert_eq!(scene.say(&mut session, "BGSAVE").reply, "+Background saving started\r\n");
            saver.turn(Duration::ZERO, || 1);
        };
        save(start("no"), "SET a 1");

        let why = start("yes").server.load_at_start(1).expect_err("nothing vouches for it");
        assert!(why.ends_with("CONFIG SET rdbchecksum yes, and BGREWRITEAOF or SAVE"), "{why}");

        let scene = start("no");
        scene.server.load_at_start(1).expect("it takes it");
        save(scene, "CONFIG SET rdbchecksum yes");
        let loaded = start("yes").server.load_at_start(1).expect("its checksum is there").expect("there is a file");
        assert_eq!(loaded.keys, 1);
        fs::remove_dir_all(&home).expect("it is there");
    }
}

//! Locking that does not wait for a script that runs for too long: who asked is answered `BUSY`, and what must be done anyway is done
//! later by the sweeper's thread, which nobody waits for.

use std::time::Duration;

use dataset::{Locked, Millis, Shards};
use parking_lot::Mutex;

use crate::attached::Attached;
use crate::execute::Aftermath;
use crate::fault::Fault;
use crate::server::Server;

/// Who waits for a shard looks so often whether such a script keeps it.
const PATIENCE: Duration = Duration::from_millis(50);

/// The answer to who would wait for such a script.
pub(crate) const BUSY: Fault =
    Fault::of("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.");

/// What is done once the shards can be had.
type Work = Box<dyn FnOnce(&mut Locked<'_, Attached>) + Send>;

/// Something to be cleaned while these shards are locked.
struct Chore {
    shards: Shards,
    work: Work,
}

/// What has been put off.
#[derive(Default)]
pub(crate) struct Leftovers {
    chores: Mutex<Vec<Chore>>,
    /// Keys that changed and that somebody waits for, in databases.
    ready: Mutex<Vec<(usize, Vec<u8>)>>,
}

impl Server {
    /// Locks these shards, unless a script that runs for too long has one of them.
    #[inline]
    pub(crate) fn lock(&self, shards: Shards) -> Option<Locked<'_, Attached>> {
        self.dataset.lock_unless(shards, PATIENCE, |shard| self.scripts.watch.holds(shard))
    }

    /// The same with the one shard of a key, whose hash is known.
    #[inline]
    pub(crate) fn lock_one<'d>(&'d self, key: &'d [u8], hash: u64) -> Option<Locked<'d, Attached>> {
        self.dataset.lock_one_unless(key, hash, PATIENCE, |shard| self.scripts.watch.holds(shard))
    }

    /// Cleans something up while these shards are locked, now or later.
    pub(crate) fn clean(&self, shards: Shards, work: impl FnOnce(&mut Locked<'_, Attached>) + Send + 'static) {
        match self.lock(shards) {
            Some(mut data) => work(&mut data),
            None => self.leftovers.chores.lock().push(Chore { shards, work: Box::new(work) }),
        }
    }

    /// Those who wait for these keys are served later.
    pub(crate) fn serve_later(&self, ready: impl IntoIterator<Item = (usize, Vec<u8>)>) {
        self.leftovers.ready.lock().extend(ready);
    }

    /// Does what has been put off, as far as that is possible now.
    pub(crate) fn clean_leftovers(&self, now: Millis, after: &mut Aftermath) {
        let chores = std::mem::take(&mut *self.leftovers.chores.lock());
        for Chore { shards, work } in chores {
            self.clean(shards, work);
        }
        let ready = std::mem::take(&mut *self.leftovers.ready.lock());
        for (database, key) in ready {
            match self.lock(self.dataset.shards_of([key.as_slice()])) {
                Some(data) => {
                    after.ready.push_back((database, key));
                    self.serve_waiters(data, now, after);
                }
                None => self.serve_later([(database, key)]),
            }
        }
    }
}

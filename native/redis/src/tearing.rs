//! A fault on request, for tests of checkers (`DEBUG SET-ATOMIC 0`): EXEC and scripts let others in between their commands, as a server
//! that locks for each command alone would. What a command changed is logged before others come in, so that log and replicas agree
//! with the data.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use dataset::Shards;

use crate::call::Call;

/// Whether transactions and scripts are torn.
#[derive(Debug, Default)]
pub(crate) struct Tearing(AtomicBool);

impl Tearing {
    pub(crate) fn set(&self, is_on: bool) {
        self.0.store(is_on, Relaxed);
    }

    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Relaxed)
    }
}

impl Call<'_, '_> {
    /// Logs what has been done so far and releases what is locked.
    pub(crate) fn release(&mut self) {
        if !self.effects.is_empty() {
            self.server.log(self.effects, self.confirmation, self.data, self.session);
        }
        let nothing = self.server.dataset.lock(Shards::NONE);
        drop(std::mem::replace(self.data, nothing));
    }

    /// Others do what they want with the same keys, where that is asked for.
    #[inline]
    pub(crate) fn tear(&mut self) {
        if self.server.tearing.is_on() {
            self.let_others_in();
        }
    }

    #[cold]
    fn let_others_in(&mut self) {
        let shards = self.data.shards();
        self.release();
        // Who waits for the locks is to have them: with few processors hardly anybody would come in otherwise.
        std::thread::yield_now();
        *self.data = self.server.dataset.lock(shards);
    }
}

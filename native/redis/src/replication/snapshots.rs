//! Snapshots for replicas that need everything: one is made for all who wait when it begins.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Whether somebody waits for one.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    is_wanted: Mutex<bool>,
    bell: Condvar,
}

impl Wanted {
    /// Somebody waits from now on.
    pub(crate) fn want(&self) {
        *self.is_wanted.lock() = true;
        self.bell.notify_all();
    }

    /// Waits until somebody does, or for so long; true if somebody does.
    pub(crate) fn take(&self, patience: Duration) -> bool {
        let mut is_wanted = self.is_wanted.lock();
        if !*is_wanted {
            self.bell.wait_for(&mut is_wanted, patience);
        }
        std::mem::take(&mut is_wanted)
    }
}

//! Scripts that run for too long. One that has passed the threshold is put on a list: whoever needs its keys is answered `BUSY`
//! instead of waiting for ever, and SCRIPT KILL finds it, unless it has written: what it wrote can't be taken back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use dataset::Shards;
use parking_lot::Mutex;

use crate::fault::{Fault, Outcome};

const CLEAN: u8 = 0;
const WRITTEN: u8 = 1;
const KILLED: u8 = 2;

/// A script that runs for too long. It is killed or it writes: one of them comes first.
#[derive(Debug)]
pub(crate) struct Overdue {
    shards: Shards,
    state: AtomicU8,
}

impl Overdue {
    /// It is about to write; false when it has been killed before that.
    pub(crate) fn may_write(&self) -> bool {
        let was = self.state.compare_exchange(CLEAN, WRITTEN, Ordering::AcqRel, Ordering::Acquire);
        was != Err(KILLED)
    }

    fn kill(&self) -> bool {
        let was = self.state.compare_exchange(CLEAN, KILLED, Ordering::AcqRel, Ordering::Acquire);
        was != Err(WRITTEN)
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.state.load(Ordering::Acquire) == KILLED
    }
}

/// The scripts that run for too long.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    overdue: Mutex<Vec<Arc<Overdue>>>,
    /// The shards that they hold.
    held: AtomicU64,
    /// The server ends, and waits for no script.
    is_ending: AtomicBool,
}

impl Watch {
    /// A script has passed the threshold.
    pub(crate) fn enter(&self, shards: Shards, has_written: bool) -> Arc<Overdue> {
        let state = AtomicU8::new(if has_written { WRITTEN } else { CLEAN });
        let entry = Arc::new(Overdue { shards, state });
        self.change(|overdue| overdue.push(entry.clone()));
        entry
    }

    /// It has ended.
    pub(crate) fn leave(&self, entry: &Arc<Overdue>) {
        self.change(|overdue| overdue.retain(|other| !Arc::ptr_eq(other, entry)));
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Overdue>>)) {
        let mut overdue = self.overdue.lock();
        change(&mut overdue);
        let held = overdue.iter().fold(Shards::NONE, |held, entry| held.with(entry.shards));
        self.held.store(held.bits(), Ordering::Release);
    }

    /// Whether such a script holds one of these.
    pub(crate) fn holds(&self, shards: Shards) -> bool {
        self.held.load(Ordering::Acquire) & shards.bits() != 0
    }

    /// The server ends: no script goes on for long, whether it has written or not.
    pub(crate) fn end(&self) {
        self.is_ending.store(true, Ordering::Release);
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Acquire)
    }

    /// SCRIPT KILL: all that may be killed are.
    ///
    /// # Errors
    /// `NOTBUSY`, `UNKILLABLE`.
    pub(crate) fn kill(&self) -> Outcome {
        let overdue = self.overdue.lock();
        if overdue.is_empty() {
            return Err(Fault::of("NOTBUSY No scripts in execution right now."));
        }
        let killed = overdue.iter().filter(|entry| entry.kill()).count();
        if killed > 0 { Ok(()) } else { Err(Fault::of(UNKILLABLE)) }
    }
}

const UNKILLABLE: &str = "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the \
                          script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_killed_or_has_written_never_both() {
        let watch = Watch::default();
        assert_eq!(watch.kill(), Err(Fault::of("NOTBUSY No scripts in execution right now.")));
        let first = watch.enter(Shards::one(3), false);
        assert!(watch.holds(Shards::one(3)) && !watch.holds(Shards::one(4)));
        assert_eq!(watch.kill(), Ok(()));
        assert!(first.is_killed() && !first.may_write());
        watch.leave(&first);
        assert!(!watch.holds(Shards::ALL));
        let second = watch.enter(Shards::ALL, false);
        assert!(second.may_write());
        assert_eq!(watch.kill(), Err(Fault::of(UNKILLABLE)));
        assert!(!second.is_killed());
    }
}

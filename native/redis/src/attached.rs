//! What hangs on keys beside their values, under the same locks: who watches a key, who waits for it, who has read
//! it and wants to be told, and when it was last written.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dataset::Locked;

use crate::blocking::Waiter;
use crate::durability::Recent;
use crate::session::Watch;

/// A key in its database.
pub(crate) type Name = (usize, Box<[u8]>);

/// Set once a watched key has changed; a connection's WATCHes share one.
#[derive(Debug, Default)]
pub(crate) struct Alarm(AtomicBool);

impl Alarm {
    pub(crate) fn ring(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn has_rung(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// One shard's part.
#[derive(Debug, Default)]
pub(crate) struct Attached {
    /// Who watches a key.
    pub(crate) watched: HashMap<Name, Vec<Arc<Alarm>>>,
    /// Who waits for a key, first come first served.
    pub(crate) awaited: HashMap<Name, VecDeque<Arc<Waiter>>>,
    /// Which connections, by their numbers, have read a key and want to be told when it changes; in any database.
    pub(crate) tracked: HashMap<Box<[u8]>, Vec<u64>>,
    /// Where the stream ended with keys' last writes.
    pub(crate) recent: Recent,
}

impl Watch {
    /// Its keys, whose shards are locked, are watched no longer.
    pub(crate) fn forget(&self, data: &mut Locked<'_, Attached>) {
        for name in &self.keys {
            let watched = &mut data.attached(&name.1).watched;
            let Some(alarms) = watched.get_mut(name) else { continue };
            alarms.retain(|alarm| !Arc::ptr_eq(alarm, &self.alarm));
            if alarms.is_empty() {
                watched.remove(name);
            }
        }
    }
}

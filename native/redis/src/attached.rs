//! What hangs on keys beside their values, under the same locks: who watches a key and who waits for it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::blocking::Waiter;

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
}

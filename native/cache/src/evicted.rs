//! Who wants to know which items were evicted: a queue, bounded, and switched off until someone looks. Then all that an eviction
//! costs more is one look at a flag that is hardly ever written.

use crate::settings::Seconds;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What may wait to be taken: some MiB with the longest keys. Taken ten times a second, it is more than a connection is told.
const EVICTED_MAX: usize = 8192;

/// An item that left for want of room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evicted {
    /// Its key.
    pub key: Box<[u8]>,
    /// When it left.
    pub at: Seconds,
    /// 0 = never.
    pub expires_at: Seconds,
    /// When it was last read or written.
    pub accessed_at: Seconds,
    /// It was read since it was stored.
    pub fetched: bool,
    /// Bytes of its value.
    pub value_length: usize,
}

/// Shared by all shards of a store.
#[derive(Debug, Default)]
pub(crate) struct Departures {
    observed: AtomicBool,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Evicted>,
    dropped: u64,
}

impl Departures {
    #[inline]
    pub fn are_observed(&self) -> bool {
        self.observed.load(Relaxed)
    }

    /// Switched off, it forgets what waits.
    pub fn observe(&self, on: bool) {
        let mut queue = self.queue.lock();
        self.observed.store(on, Relaxed);
        if !on {
            *queue = Queue::default();
        }
    }

    #[cold]
    pub fn add(&self, evicted: Evicted) {
        let mut queue = self.queue.lock();
        // Asked again under the lock: nothing is left behind for who observes next.
        if !self.are_observed() {
            return;
        }
        if queue.waiting.len() < EVICTED_MAX {
            queue.waiting.push(evicted);
        } else {
            queue.dropped += 1;
        }
    }

    /// What waits, in order, and how many did not fit behind it.
    pub fn take(&self) -> (Vec<Evicted>, u64) {
        let Queue { waiting, dropped } = std::mem::take(&mut *self.queue.lock());
        (waiting, dropped)
    }
}

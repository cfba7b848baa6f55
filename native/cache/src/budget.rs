//! The memory that all shards share, and the numbers that order segments. It counts; who must give way is decided elsewhere.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Shared by all shards of a store.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: AtomicUsize,
    used: AtomicUsize,
    sequence: AtomicU64,
}

impl Budget {
    pub fn new(limit: usize) -> Self {
        Self { limit: AtomicUsize::new(limit), used: AtomicUsize::new(0), sequence: AtomicU64::new(1) }
    }

    pub fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    pub fn set_limit(&self, bytes: usize) {
        self.limit.store(bytes, Relaxed);
    }

    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Claims first, so that nobody else takes what is being freed for it; the claimant then evicts until nothing is over.
    pub fn claim(&self, bytes: usize) {
        self.used.fetch_add(bytes, Relaxed);
    }

    pub fn release(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.used() > self.limit()
    }

    /// A number never given before, and greater than all before.
    pub fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Relaxed)
    }

    pub fn sequence(&self) -> u64 {
        self.sequence.load(Relaxed)
    }
}

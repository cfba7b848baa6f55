//! Bounds between representations of values, which an operator may change while commands run.

use std::sync::atomic::{AtomicUsize, Ordering};

use dataset::Packing;

/// The bounds; each has the name of its setting.
#[derive(Debug)]
pub(crate) struct Tuning {
    pub(crate) hash_max_listpack_entries: AtomicUsize,
    pub(crate) hash_max_listpack_value: AtomicUsize,
    pub(crate) hll_sparse_max_bytes: AtomicUsize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            hash_max_listpack_entries: AtomicUsize::new(Packing::DEFAULT.entries),
            hash_max_listpack_value: AtomicUsize::new(Packing::DEFAULT.bytes),
            hll_sparse_max_bytes: AtomicUsize::new(3000),
        }
    }
}

impl Tuning {
    /// Up to where a hash is packed.
    pub(crate) fn hash_packing(&self) -> Packing {
        Packing {
            entries: self.hash_max_listpack_entries.load(Ordering::Relaxed),
            bytes: self.hash_max_listpack_value.load(Ordering::Relaxed),
        }
    }
}

//! Bounds between representations of values, which an operator may change while commands run.

use std::sync::atomic::{AtomicUsize, Ordering};

use dataset::{Packing, SetBounds};

/// The bounds; each has the name of its setting.
#[derive(Debug)]
pub(crate) struct Tuning {
    pub(crate) hash_max_listpack_entries: AtomicUsize,
    pub(crate) hash_max_listpack_value: AtomicUsize,
    pub(crate) set_max_intset_entries: AtomicUsize,
    pub(crate) set_max_listpack_entries: AtomicUsize,
    pub(crate) set_max_listpack_value: AtomicUsize,
    pub(crate) hll_sparse_max_bytes: AtomicUsize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            hash_max_listpack_entries: AtomicUsize::new(Packing::DEFAULT.entries),
            hash_max_listpack_value: AtomicUsize::new(Packing::DEFAULT.bytes),
            set_max_intset_entries: AtomicUsize::new(SetBounds::DEFAULT.integers),
            set_max_listpack_entries: AtomicUsize::new(SetBounds::DEFAULT.packed.entries),
            set_max_listpack_value: AtomicUsize::new(SetBounds::DEFAULT.packed.bytes),
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

    /// Up to where a set is small.
    pub(crate) fn set_bounds(&self) -> SetBounds {
        SetBounds {
            integers: self.set_max_intset_entries.load(Ordering::Relaxed),
            packed: Packing {
                entries: self.set_max_listpack_entries.load(Ordering::Relaxed),
                bytes: self.set_max_listpack_value.load(Ordering::Relaxed),
            },
        }
    }
}

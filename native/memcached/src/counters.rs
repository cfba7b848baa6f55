//! What is counted: each worker has its own counters and is the only one to write them, so that counting is a load and a store;
//! they are added up when someone asks.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($name:ident)*) => {
        /// The counters of one worker; a cache line or more away from those of others.
        #[derive(Debug, Default)]
        #[repr(align(128))]
        pub struct Counters { $(pub(crate) $name: Counter,)* }

        /// Counters added up.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names are memcached's own")]
        pub struct Totals { $(pub $name: u64,)* }

        impl Totals {
            pub(crate) fn add(&mut self, counters: &Counters) {
                $(self.$name = self.$name.wrapping_add(counters.$name.get());)*
            }

            /// What has come since `earlier`.
            pub(crate) fn since(&self, earlier: &Self) -> Self {
                Self { $($name: self.$name.wrapping_sub(earlier.$name),)* }
            }
        }
    };
}

counters! {
    get_hits get_misses touch_hits touch_misses set delete_hits delete_misses incr_hits incr_misses
    decr_hits decr_misses cas_hits cas_misses cas_badval flush meta store_too_large store_no_memory
}

/// One count, written by one thread only.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// One more.
    #[inline]
    pub(crate) fn up(&self) {
        self.up_by(1);
    }

    /// So many more.
    #[inline]
    pub(crate) fn up_by(&self, amount: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

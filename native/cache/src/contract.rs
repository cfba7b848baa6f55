//! The face of the store (signatures first; the bodies follow).
#![allow(unused_variables, missing_docs, dead_code)]

use std::marker::PhantomData;
use std::sync::Arc;

/// Seconds since the cache began.
pub type Seconds = u32;

#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes that the store may take from the system: segments, large values, index and ghost table together.
    pub memory: usize,
    /// Largest item that will ever be stored, in bytes; fixes the size of what is set aside.
    pub item_size_max: usize,
    /// False: refuse (`NoRoom`) instead of evicting.
    pub evict: bool,
    /// A power of two; `None` chooses by memory.
    pub shards: Option<usize>,
}

/// A key and its hash, computed once a request (`Cache::key`).
#[derive(Clone, Copy, Debug)]
pub struct Key<'k> {
    pub bytes: &'k [u8],
    pub hash: u64,
}

/// A value as it is kept: in a segment, or large and shared.
pub enum Value<'a> {
    Inline(&'a [u8]),
    Shared(&'a Arc<Vec<u8>>),
}

/// A value to be stored.
pub enum NewValue<'a> {
    /// Copied.
    Copied(&'a [u8]),
    /// Kept as it is (meant for values from `Cache::shared_from()` bytes on; shorter ones are copied).
    Owned(Vec<u8>),
}

/// Why nothing was stored: full, and nothing may be (`evict: false`) or can be evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

/// What a stored version carries beside its value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes {
    pub flags: u32,
    /// 0 = never.
    pub expires_at: Seconds,
    /// `Some`: the version gets this CAS value (meta flag E) instead of a fresh one.
    pub cas: Option<u64>,
    pub stale: bool,
    /// A client has been told that it may recache this item (meta flag W).
    pub won: bool,
}

/// How much a `write` may need.
#[derive(Clone, Copy, Debug)]
pub enum Room {
    /// A value of at most so many bytes.
    Value(usize),
    /// The present value and so many bytes more (append, prepend); the same again with 0.
    Added(usize),
}

/// The store. Shared between threads by reference.
pub struct Cache {}

impl Cache {
    pub fn new(settings: &Settings) -> Self { unimplemented!() }
    pub fn key<'k>(&self, bytes: &'k [u8]) -> Key<'k> { unimplemented!() }
    /// Values of at least so many bytes are kept shared and answered without a copy.
    pub fn shared_from(&self) -> usize { unimplemented!() }

    /// Brings the index line of a key towards the processor; for batches, before the look-ups.
    #[inline]
    pub fn prefetch(&self, key: &Key<'_>) { unimplemented!() }

    /// Looks a live item up and holds its shard until the result is dropped.
    #[inline]
    pub fn read(&self, key: &Key<'_>, now: Seconds) -> Option<Found<'_>> { unimplemented!() }

    /// Locks the key's shard for a change that stores nothing new in size: remove, expiry, marks.
    pub fn alter<'c>(&'c self, key: &Key<'c>, now: Seconds) -> Entry<'c> { unimplemented!() }

    /// Makes room (evicting, no lock held), then locks the key's shard for a change that may store.
    ///
    /// # Errors
    /// `NoRoom`.
    pub fn write<'c>(&'c self, key: &Key<'c>, room: Room, now: Seconds) -> Result<Entry<'c>, NoRoom> { unimplemented!() }

    /// The plain unconditional store, as fast as can be.
    ///
    /// # Errors
    /// `NoRoom`; the former value is gone then.
    #[inline]
    pub fn set(&self, key: &Key<'_>, value: NewValue<'_>, flags: u32, expires_at: Seconds, now: Seconds) -> Result<(), NoRoom> {
        unimplemented!()
    }

    /// From `at` on, everything stored before `at` is gone (`at <= now`: at once, memory included).
    pub fn flush(&self, at: Seconds, now: Seconds) { unimplemented!() }
    /// Changes the limit at run time; shrinking evicts.
    pub fn set_memory(&self, bytes: usize) { unimplemented!() }
    /// Background work, called several times a second by one thread: takes expired memory back, compacts, bounded by
    /// a slice of the store a call. Returns how many items it reclaimed.
    pub fn sweep(&self, now: Seconds) -> usize { unimplemented!() }
    /// Walks live items from `cursor` (0 = begin), at least one segment's worth a call; the next cursor, `None` at the end.
    pub fn walk(&self, cursor: u64, now: Seconds, visit: &mut dyn FnMut(&[u8], &Item<'_>)) -> Option<u64> { unimplemented!() }
    pub fn statistics(&self) -> Statistics { unimplemented!() }
    /// Counters back to zero (`stats reset`), gauges stay.
    pub fn reset_statistics(&self) { unimplemented!() }
    /// Checks every invariant of every shard.
    ///
    /// # Panics
    /// When one is broken; for tests and fuzzers.
    pub fn validate(&self) { unimplemented!() }
}

/// One item, as read.
pub struct Item<'a> {
    pub value: Value<'a>,
    pub flags: u32,
    pub expires_at: Seconds,
    /// When it was last read or written.
    pub accessed_at: Seconds,
    /// It was read since it was stored.
    pub fetched: bool,
    pub stale: bool,
    pub won: bool,
}

/// A live item, its shard locked.
pub struct Found<'c> { _p: PhantomData<&'c ()> }

impl Found<'_> {
    pub fn item(&self) -> Item<'_> { unimplemented!() }
    /// Counts as an access: `fetched`, `accessed_at`, frequency. (Left out for meta `u`, for `touch` it is called too.)
    pub fn hit(&mut self) { unimplemented!() }
    /// The version's CAS value; from now on the store keeps it stable while the version lives.
    pub fn cas(&mut self) -> u64 { unimplemented!() }
    /// Changes the expiry in place.
    pub fn set_expires_at(&mut self, at: Seconds) { unimplemented!() }
    /// Changes the marks in place.
    pub fn set_marks(&mut self, stale: bool, won: bool) { unimplemented!() }
}

/// The place of a key, item there or not, its shard locked.
pub struct Entry<'c> { _p: PhantomData<&'c ()> }

impl Entry<'_> {
    /// The live item, if any.
    pub fn found(&mut self) -> Option<Found<'_>> { unimplemented!() }
    /// Stores a version, in place of the present one if there is one; it fits, for `write` made room. Returns nothing: ask
    /// `found().cas()` for its CAS value.
    pub fn put(&mut self, value: NewValue<'_>, attributes: Attributes) { unimplemented!() }
    /// Stores a version made of `front`, the present value and `back`; flags and expiry stay. There must be an item.
    pub fn extend(&mut self, front: &[u8], back: &[u8], cas: Option<u64>) { unimplemented!() }
    /// Gives the present version a new CAS value (`md I`), or `cas`, the value unchanged.
    pub fn renew_cas(&mut self, cas: Option<u64>) { unimplemented!() }
    /// Removes the item if there is one.
    pub fn remove(&mut self) -> bool { unimplemented!() }
}

/// Gauges and counters, summed over the shards.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statistics {
    pub items: u64,
    /// Bytes of live items, keys and headers included.
    pub bytes: u64,
    /// Ever stored.
    pub total_items: u64,
    pub evictions: u64,
    pub evicted_unfetched: u64,
    pub expired: u64,
    pub expired_unfetched: u64,
    /// Seconds since the item last evicted had been read.
    pub limit_bytes: u64,
    pub used_bytes: u64,
    pub segment_bytes: u64,
    pub segments_small: u64,
    pub segments_main: u64,
    pub segments_free: u64,
    pub large_items: u64,
    pub large_bytes: u64,
    pub index_bytes: u64,
    pub ghost_bytes: u64,
    pub ghost_hits: u64,
    pub small_bytes: u64,
    pub main_bytes: u64,
    pub moved_to_main: u64,
    pub compacted_segments: u64,
    pub shards: u64,
}

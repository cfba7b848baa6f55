//! The face of the store over a plain map; the segments follow.
#![allow(missing_docs)]

use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
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

struct Kept {
    value: Arc<Vec<u8>>,
    flags: u32,
    expires_at: Seconds,
    accessed_at: Seconds,
    stored_at: Seconds,
    fetched: bool,
    stale: bool,
    won: bool,
    cas: u64,
}

#[derive(Default)]
struct Map {
    items: HashMap<Vec<u8>, Kept>,
    cas: u64,
    bytes: usize,
    limit: usize,
    evict: bool,
    flush_at: Option<Seconds>,
    statistics: Statistics,
}

fn weight(key: &[u8], kept: &Kept) -> usize {
    key.len() + kept.value.len() + 20
}

impl Map {
    fn expire(&mut self, key: &[u8], now: Seconds) {
        let flush_at = self.flush_at.filter(|at| *at <= now);
        let gone = self.items.get(key).is_some_and(|kept| {
            (kept.expires_at != 0 && now >= kept.expires_at) || flush_at.is_some_and(|at| kept.stored_at < at)
        });
        if gone {
            self.remove(key);
            self.statistics.expired += 1;
        }
    }

    fn remove(&mut self, key: &[u8]) -> bool {
        self.items.remove(key).map(|kept| self.bytes -= weight(key, &kept)).is_some()
    }

    fn make_room(&mut self, bytes: usize, spared: &[u8]) -> Result<(), NoRoom> {
        while self.bytes + bytes > self.limit {
            let victim = self.items.keys().find(|key| *key != spared).cloned();
            match victim {
                Some(key) if self.evict => self.remove(&key),
                _ => return Err(NoRoom),
            };
            self.statistics.evictions += 1;
        }
        Ok(())
    }
}

/// The store. Shared between threads by reference.
pub struct Cache {
    map: Mutex<Map>,
}

impl Cache {
    pub fn new(settings: &Settings) -> Self {
        let map = Map { limit: settings.memory, evict: settings.evict, ..Map::default() };
        Self { map: Mutex::new(map) }
    }
    pub fn key<'k>(&self, bytes: &'k [u8]) -> Key<'k> {
        Key { bytes, hash: 0 }
    }
    /// Values of at least so many bytes are kept shared and answered without a copy.
    pub fn shared_from(&self) -> usize {
        8192
    }

    /// Brings the index line of a key towards the processor; for batches, before the look-ups.
    #[inline]
    pub fn prefetch(&self, _key: &Key<'_>) {}

    /// Looks a live item up and holds its shard until the result is dropped.
    #[inline]
    pub fn read(&self, key: &Key<'_>, now: Seconds) -> Option<Found<'_>> {
        let mut map = self.map.lock();
        map.expire(key.bytes, now);
        let there = map.items.contains_key(key.bytes);
        there.then(|| Found { map: Holder::Locked(map), key: key.bytes.to_vec(), now })
    }

    /// Locks the key's shard for a change that stores nothing new in size: remove, expiry, marks.
    pub fn alter<'c>(&'c self, key: &Key<'c>, now: Seconds) -> Entry<'c> {
        let mut map = self.map.lock();
        map.expire(key.bytes, now);
        Entry { map, key: key.bytes, now }
    }

    /// Makes room (evicting, no lock held), then locks the key's shard for a change that may store.
    ///
    /// # Errors
    /// `NoRoom`.
    pub fn write<'c>(&'c self, key: &Key<'c>, room: Room, now: Seconds) -> Result<Entry<'c>, NoRoom> {
        let mut entry = self.alter(key, now);
        let bytes = match room {
            Room::Value(bytes) | Room::Added(bytes) => bytes + key.bytes.len() + 20,
        };
        entry.map.make_room(bytes, key.bytes)?;
        Ok(entry)
    }

    /// The plain unconditional store, as fast as can be.
    ///
    /// # Errors
    /// `NoRoom`; the former value is gone then.
    #[inline]
    pub fn set(
        &self,
        key: &Key<'_>,
        value: NewValue<'_>,
        flags: u32,
        expires_at: Seconds,
        now: Seconds,
    ) -> Result<(), NoRoom> {
        let size = match &value {
            NewValue::Copied(bytes) => bytes.len(),
            NewValue::Owned(bytes) => bytes.len(),
        };
        let key = Key { bytes: key.bytes, hash: key.hash };
        match self.write(&key, Room::Value(size), now) {
            Ok(mut entry) => {
                entry.put(value, Attributes { flags, expires_at, ..Attributes::default() });
                Ok(())
            }
            Err(NoRoom) => {
                self.alter(&key, now).remove();
                Err(NoRoom)
            }
        }
    }

    /// From `at` on, everything stored before `at` is gone (`at <= now`: at once, memory included).
    pub fn flush(&self, at: Seconds, now: Seconds) {
        let mut map = self.map.lock();
        if at <= now {
            map.items.clear();
            map.bytes = 0;
        } else {
            map.flush_at = Some(at);
        }
    }
    /// Changes the limit at run time; shrinking evicts.
    pub fn set_memory(&self, bytes: usize) {
        let mut map = self.map.lock();
        map.limit = bytes;
        let _ = map.make_room(0, b"");
    }
    /// Background work, called several times a second by one thread: takes expired memory back, compacts, bounded by
    /// a slice of the store a call. Returns how many items it reclaimed.
    pub fn sweep(&self, now: Seconds) -> usize {
        let mut map = self.map.lock();
        let keys: Vec<Vec<u8>> = map.items.keys().cloned().collect();
        let before = keys.len();
        keys.iter().for_each(|key| map.expire(key, now));
        before - map.items.len()
    }
    /// Walks live items from `cursor` (0 = begin), at least one segment's worth a call; the next cursor, `None` at the end.
    pub fn walk(&self, _cursor: u64, now: Seconds, visit: &mut dyn FnMut(&[u8], &Item<'_>)) -> Option<u64> {
        self.sweep(now);
        self.map.lock().items.iter().for_each(|(key, kept)| visit(key, &kept.item()));
        None
    }
    pub fn statistics(&self) -> Statistics {
        let map = self.map.lock();
        Statistics {
            items: map.items.len() as u64,
            bytes: map.bytes as u64,
            limit_bytes: map.limit as u64,
            used_bytes: map.bytes as u64,
            shards: 1,
            ..map.statistics
        }
    }
    /// Counters back to zero (`stats reset`), gauges stay.
    pub fn reset_statistics(&self) {
        self.map.lock().statistics = Statistics::default();
    }
    /// Checks every invariant of every shard.
    ///
    /// # Panics
    /// When one is broken; for tests and fuzzers.
    pub fn validate(&self) {
        let map = self.map.lock();
        assert_eq!(map.bytes, map.items.iter().map(|(key, kept)| weight(key, kept)).sum::<usize>());
    }
}

impl Kept {
    fn item(&self) -> Item<'_> {
        Item {
            value: if self.value.len() < 8192 { Value::Inline(&self.value) } else { Value::Shared(&self.value) },
            flags: self.flags,
            expires_at: self.expires_at,
            accessed_at: self.accessed_at,
            fetched: self.fetched,
            stale: self.stale,
            won: self.won,
        }
    }
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

enum Holder<'c> {
    Locked(MutexGuard<'c, Map>),
    Borrowed(&'c mut Map),
}

/// A live item, its shard locked.
pub struct Found<'c> {
    map: Holder<'c>,
    key: Vec<u8>,
    now: Seconds,
}

impl Found<'_> {
    fn kept(&mut self) -> &mut Kept {
        let map = match &mut self.map {
            Holder::Locked(map) => &mut **map,
            Holder::Borrowed(map) => map,
        };
        map.items.get_mut(&self.key).expect("found under this lock")
    }
    pub fn item(&self) -> Item<'_> {
        let map = match &self.map {
            Holder::Locked(map) => &**map,
            Holder::Borrowed(map) => map,
        };
        map.items[&self.key].item()
    }
    /// Counts as an access: `fetched`, `accessed_at`, frequency. (Left out for meta `u`, for `touch` it is called too.)
    pub fn hit(&mut self) {
        let now = self.now;
        let kept = self.kept();
        kept.fetched = true;
        kept.accessed_at = now;
    }
    /// The version's CAS value; from now on the store keeps it stable while the version lives.
    pub fn cas(&mut self) -> u64 {
        self.kept().cas
    }
    /// Changes the expiry in place.
    pub fn set_expires_at(&mut self, at: Seconds) {
        self.kept().expires_at = at;
    }
    /// Changes the marks in place.
    pub fn set_marks(&mut self, stale: bool, won: bool) {
        let kept = self.kept();
        (kept.stale, kept.won) = (stale, won);
    }
}

/// The place of a key, item there or not, its shard locked.
pub struct Entry<'c> {
    map: MutexGuard<'c, Map>,
    key: &'c [u8],
    now: Seconds,
}

impl Entry<'_> {
    /// The live item, if any.
    pub fn found(&mut self) -> Option<Found<'_>> {
        let there = self.map.items.contains_key(self.key);
        there.then(|| Found { map: Holder::Borrowed(&mut self.map), key: self.key.to_vec(), now: self.now })
    }
    /// Stores a version, in place of the present one if there is one; it fits, for `write` made room. Returns nothing: ask
    /// `found().cas()` for its CAS value.
    pub fn put(&mut self, value: NewValue<'_>, attributes: Attributes) {
        let value = match value {
            NewValue::Copied(bytes) => bytes.to_vec(),
            NewValue::Owned(bytes) => bytes,
        };
        self.map.remove(self.key);
        self.map.cas += 1;
        self.map.statistics.total_items += 1;
        let kept = Kept {
            value: Arc::new(value),
            flags: attributes.flags,
            expires_at: attributes.expires_at,
            accessed_at: self.now,
            stored_at: self.now,
            fetched: false,
            stale: attributes.stale,
            won: attributes.won,
            cas: attributes.cas.unwrap_or(self.map.cas),
        };
        self.map.bytes += weight(self.key, &kept);
        self.map.items.insert(self.key.to_vec(), kept);
    }
    /// Stores a version made of `front`, the present value and `back`; flags and expiry stay. There must be an item.
    pub fn extend(&mut self, front: &[u8], back: &[u8], cas: Option<u64>) {
        let kept = &self.map.items[self.key];
        let value = [front, &kept.value, back].concat();
        let attributes = Attributes { flags: kept.flags, expires_at: kept.expires_at, cas, ..Attributes::default() };
        self.put(NewValue::Owned(value), attributes);
    }
    /// Gives the present version a new CAS value (`md I`), or `cas`, the value unchanged.
    pub fn renew_cas(&mut self, cas: Option<u64>) {
        self.map.cas += 1;
        let fresh = cas.unwrap_or(self.map.cas);
        if let Some(kept) = self.map.items.get_mut(self.key) {
            kept.cas = fresh;
        }
    }
    /// Removes the item if there is one.
    pub fn remove(&mut self) -> bool {
        self.map.remove(self.key)
    }
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
    pub eviction_age: u64,
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

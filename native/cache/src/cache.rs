//! The store as its users see it: finds the shard, locks it, and settles who gives way when memory is short.
//!
//! All shards share one budget. What a version takes is claimed before anything is freed for it, so that nobody else takes
//! it; then the own shard evicts if it has its fair share, else those that have more, in turn. One shard is locked at a time.

use crate::budget::Budget;
use crate::entry::{Attributes, Entry, Found, Holder};
use crate::evicted::{Departures, Evicted};
use crate::index::Index;
use crate::key::{Hasher, KEY_LENGTH_MAX, Key};
use crate::room::Room;
use crate::settings::{Geometry, Seconds, Settings};
use crate::shard::Shard;
use crate::statistics::{Counters, Statistics};
use crate::value::{Item, NewValue, NoRoom};
use crate::walk::Walked;
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A store below this lies in the processor's second-level cache anyway.
const PREFETCH_FROM: usize = 1 << 20;
/// Cache lines of an item that `prefetch_item` asks for: header, key and a value of some hundred bytes. With one line alone
/// copying the value took most of the time.
const ITEM_LINES: usize = 4;
/// Who claims more than this part of the memory waits for its turn.
const TURN_PART: usize = 64;
/// Calls of `sweep` that see every shard once.
const SWEEPS_A_ROUND: usize = 4;
/// The most that one call of `sweep` walks.
const SWEEP_BYTES: usize = 8 << 20;

/// A shard on cache lines of its own.
#[repr(align(128))]
struct Cell {
    shard: Mutex<Shard>,
    /// Where the index lies and how many buckets it has: a hint for prefetching, read without the lock.
    index_address: AtomicUsize,
    index_buckets: AtomicUsize,
}

/// The store. Shared between threads by reference.
pub struct Cache {
    cells: Box<[Cell]>,
    budget: Arc<Budget>,
    departures: Arc<Departures>,
    hasher: Hasher,
    shared_from: usize,
    evict: bool,
    /// Which shard is asked next to give way.
    victim: AtomicUsize,
    /// Which shard is swept next.
    swept: AtomicUsize,
    /// Held from claiming much until it is stored: two that wait for each other's claim would find nothing to evict.
    turn: Mutex<()>,
}

impl Cache {
    /// An empty store; memory is taken as items come.
    pub fn new(settings: &Settings) -> Self {
        let geometry = Geometry::of(settings);
        let budget = Arc::new(Budget::new(settings.memory));
        let departures = Arc::new(Departures::default());
        let hasher = Hasher::new();
        let cell = |_| Cell {
            shard: Mutex::new(Shard::new(geometry, hasher, Arc::clone(&budget), Arc::clone(&departures))),
            index_address: AtomicUsize::new(0),
            index_buckets: AtomicUsize::new(0),
        };
        Self {
            cells: (0..geometry.shards).map(cell).collect(),
            hasher,
            shared_from: geometry.shared_from,
            evict: settings.evict,
            victim: AtomicUsize::new(0),
            swept: AtomicUsize::new(0),
            turn: Mutex::new(()),
            budget,
            departures,
        }
    }

    /// The key of these bytes, at most `KEY_LENGTH_MAX` of them.
    #[inline]
    pub fn key<'k>(&self, bytes: &'k [u8]) -> Key<'k> {
        debug_assert!(bytes.len() <= KEY_LENGTH_MAX);
        Key { bytes, hash: self.hasher.hash(bytes) }
    }

    /// Values of at least so many bytes are kept shared and answered without a copy.
    pub fn shared_from(&self) -> usize {
        self.shared_from
    }

    fn cell(&self, key: &Key<'_>) -> &Cell {
        &self.cells[key.shard(self.cells.len())]
    }

    /// Brings the index line of a key towards the processor; for batches, before the look-ups.
    #[inline]
    pub fn prefetch(&self, key: &Key<'_>) {
        let cell = self.cell(key);
        let whereabouts = (cell.index_address.load(Relaxed), cell.index_buckets.load(Relaxed));
        crate::prefetch::line(Index::line(whereabouts, key.print().slot));
    }

    /// Brings the item itself near, once its index line is: the second step for a batch, where the store is larger than
    /// the processor's caches.
    #[inline]
    pub fn prefetch_item(&self, key: &Key<'_>) {
        if self.budget.used() >= PREFETCH_FROM {
            let address = self.cell(key).shard.lock().probable_address(key);
            let lines = address.into_iter().flat_map(|first| (0..ITEM_LINES).map(move |line| first + line * 64));
            lines.for_each(crate::prefetch::line);
        }
    }

    /// Looks a live item up and holds its shard until the result is dropped.
    #[inline]
    pub fn read(&self, key: &Key<'_>, now: Seconds) -> Option<Found<'_>> {
        let mut shard = self.cell(key).lock(now);
        let spot = shard.find_live(key, now)?;
        Some(Found { shard: Holder::Locked(shard), spot, now })
    }

    /// Looks a live item up and counts it as an access; `then` sees it, with its shard locked. The plainest read, as fast as can be.
    #[inline(always)]
    pub fn fetch<R>(&self, key: &Key<'_>, now: Seconds, then: impl FnOnce(&Item<'_>) -> R) -> Option<R> {
        self.cell(key).lock(now).fetch(key, now, then)
    }

    /// Locks the key's shard for a change that stores nothing new in size: remove, expiry, marks.
    pub fn alter<'c>(&'c self, key: &Key<'c>, now: Seconds) -> Entry<'c> {
        Entry { shard: self.cell(key).lock(now), key: *key, now, credit: 0, _turn: None }
    }

    /// Makes room (evicting, no lock held), then locks the key's shard for a change that may store.
    ///
    /// # Errors
    /// `NoRoom`.
    pub fn write<'c>(&'c self, key: &Key<'c>, room: Room, now: Seconds) -> Result<Entry<'c>, NoRoom> {
        let cell = self.cell(key);
        self.make_room(cell, cell.lock(now), key, room, now)
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
        let cell = self.cell(key);
        let mut shard = cell.lock(now);
        if shard.put_in_place(key, value.as_slice(), flags, expires_at, now) {
            return Ok(());
        }
        match self.make_room(cell, shard, key, Room::Value(value.as_slice().len()), now) {
            Ok(mut entry) => {
                entry.put(value, Attributes { flags, expires_at, ..Attributes::default() });
                Ok(())
            }
            Err(NoRoom) => {
                self.alter(key, now).remove();
                Err(NoRoom)
            }
        }
    }

    /// The place of a key whose shard has room.
    fn make_room<'c>(
        &'c self,
        cell: &'c Cell,
        mut shard: MutexGuard<'c, Shard>,
        key: &Key<'c>,
        room: Room,
        now: Seconds,
    ) -> Result<Entry<'c>, NoRoom> {
        let (mut credit, mut turn) = (0, None);
        loop {
            let need = shard.need(key, room, now);
            let missing = shard.missing(&need);
            if missing > self.budget.limit() / TURN_PART && turn.is_none() {
                drop(shard);
                turn = Some(self.turn.lock());
                shard = cell.lock(now);
                continue;
            }
            if missing > credit {
                self.budget.claim(missing - credit);
                credit = missing;
            }
            if missing == 0 || !self.budget.is_over() && shard.has_places() {
                // What segment and index take is claimed again there.
                self.budget.release(credit - need.large_weight);
                shard.supply(&need);
                cell.publish(&shard);
                return Ok(Entry { shard, key: *key, now, credit: need.large_weight, _turn: turn });
            }
            match self.relieve(cell, shard, missing, now) {
                Some(relieved) => shard = relieved,
                None => {
                    self.budget.release(credit);
                    return Err(NoRoom);
                }
            }
        }
    }

    /// Frees something somewhere; the lock given may be released and taken again. `None`: nothing can be freed.
    fn relieve<'c>(
        &'c self,
        cell: &'c Cell,
        mut shard: MutexGuard<'c, Shard>,
        missing: usize,
        now: Seconds,
    ) -> Option<MutexGuard<'c, Shard>> {
        if missing > self.budget.limit() {
            return None;
        }
        let full = !shard.has_places();
        if (full || shard.used() >= self.fair_share()) && self.free_some(&mut shard, now) {
            return Some(shard);
        }
        drop(shard);
        let relieved = !full && self.relieve_elsewhere(now);
        relieved.then(|| cell.lock(now))
    }

    fn fair_share(&self) -> usize {
        self.budget.limit() / self.cells.len()
    }

    fn free_some(&self, shard: &mut Shard, now: Seconds) -> bool {
        if self.evict { shard.evict(now) } else { shard.squeeze() }
    }

    /// Asks every shard in turn, first those that have more than their share.
    fn relieve_elsewhere(&self, now: Seconds) -> bool {
        [self.fair_share(), 0].into_iter().any(|share| {
            (0..self.cells.len()).any(|_| {
                let number = self.victim.fetch_add(1, Relaxed) % self.cells.len();
                let mut shard = self.cells[number].lock(now);
                shard.used() >= share && self.free_some(&mut shard, now)
            })
        })
    }

    /// From `at` on, everything stored before `at` is gone (`at <= now`: at once, memory included).
    pub fn flush(&self, at: Seconds, now: Seconds) {
        self.cells.iter().for_each(|cell| cell.lock(now).flush(at, now));
    }

    /// Changes the limit at run time; shrinking evicts.
    pub fn set_memory(&self, bytes: usize, now: Seconds) {
        self.budget.set_limit(bytes);
        while self.evict && self.budget.is_over() && self.relieve_elsewhere(now) {}
    }

    /// Background work, called several times a second by one thread: takes expired memory back, compacts, bounded by
    /// a slice of the store a call. Returns how many items it reclaimed.
    pub fn sweep(&self, now: Seconds) -> usize {
        let mut bytes = SWEEP_BYTES;
        let mut reclaimed = 0;
        for _ in 0..self.cells.len().div_ceil(SWEEPS_A_ROUND) {
            if bytes == 0 {
                break;
            }
            let cell = &self.cells[self.swept.fetch_add(1, Relaxed) % self.cells.len()];
            let mut shard = cell.lock(now);
            reclaimed += shard.sweep(now, &mut bytes);
            cell.publish(&shard);
        }
        reclaimed
    }

    /// Walks live items from `cursor` (0 = begin), at least one segment's worth a call; the next cursor, `None` at the end.
    pub fn walk(&self, cursor: u64, now: Seconds, visit: &mut dyn FnMut(&mut Walked<'_>)) -> Option<u64> {
        let (mut number, mut from) = ((cursor >> 32) as usize, (cursor & u64::from(u32::MAX)) as usize);
        while let Some(cell) = self.cells.get(number) {
            if let Some(segment) = cell.lock(now).walk(from, now, visit) {
                return Some((number as u64) << 32 | (segment + 1) as u64);
            }
            (number, from) = (number + 1, 0);
        }
        None
    }

    /// From now on evicted items wait to be taken, or no more.
    pub fn observe_evictions(&self, on: bool) {
        self.departures.observe(on);
    }

    /// Shows the items evicted since the last call, while they are observed; returns how many more there were, for which the
    /// queue had no room.
    pub fn take_evicted(&self, visit: &mut dyn FnMut(&Evicted)) -> u64 {
        let (evicted, dropped) = self.departures.take();
        evicted.iter().for_each(visit);
        dropped
    }

    /// Gauges and counters now.
    pub fn statistics(&self) -> Statistics {
        let mut statistics = Statistics::default();
        self.cells.iter().for_each(|cell| statistics.add(&cell.shard.lock()));
        statistics.limit_bytes = self.budget.limit() as u64;
        statistics.used_bytes = self.budget.used() as u64;
        statistics
    }

    /// Counters back to zero (`stats reset`), gauges stay.
    pub fn reset_statistics(&self) {
        self.cells.iter().for_each(|cell| cell.shard.lock().counters = Counters::default());
    }

    /// Checks every invariant of every shard. Nobody may be in the midst of a change.
    ///
    /// # Panics
    /// When one is broken; for tests and fuzzers.
    pub fn validate(&self) {
        let used = self.cells.iter().map(|cell| {
            let shard = cell.shard.lock();
            shard.validate();
            shard.used()
        });
        assert_eq!(used.sum::<usize>(), self.budget.used(), "the shards' use is claimed, and nothing else");
    }
}

impl Cell {
    #[inline]
    fn lock(&self, now: Seconds) -> MutexGuard<'_, Shard> {
        let mut shard = self.shard.lock();
        shard.keep_time(now);
        shard
    }

    fn publish(&self, shard: &Shard) {
        let (address, buckets) = shard.index.whereabouts();
        self.index_address.store(address, Relaxed);
        self.index_buckets.store(buckets, Relaxed);
    }
}

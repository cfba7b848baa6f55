//! One shard: everything about its keys but the lock. What it is made of, and looking up; the rest of `impl Shard` stands in
//! room.rs (what a version needs), store.rs (versions come and go), cas.rs, eviction.rs, expiry.rs, walk.rs and
//! validate.rs.
//!
//! A spot that `find` gives is valid until something is stored or removed.

use crate::budget::Budget;
use crate::evicted::Departures;
use crate::ghost::Ghost;
use crate::index::{Index, Position};
use crate::item::{ItemBytes, mark};
use crate::key::{Hasher, Key};
use crate::large::Large;
use crate::queue::Queue;
use crate::segment::{Lane, Segments};
use crate::settings::{Geometry, Seconds};
use crate::statistics::Counters;
use crate::value::{Item, Value};
use std::sync::Arc;

/// An item's slot and place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub at: Position,
    pub place: usize,
}

pub(crate) struct Shard {
    pub index: Index,
    pub segments: Segments,
    pub small: Queue,
    pub main: Queue,
    pub large: Large,
    pub ghost: Ghost,
    pub counters: Counters,
    pub hasher: Hasher,
    pub budget: Arc<Budget>,
    pub departures: Arc<Departures>,
    pub shared_from: usize,
    /// The greatest CAS value that anybody was told; no version stored later may show a lower one.
    pub highest_observed: u64,
    /// The state of the die that eviction throws.
    pub die: u64,
    /// Everything goes at this second; `Seconds::MAX` = never.
    flush_at: Seconds,
}

impl Shard {
    pub fn new(geometry: Geometry, hasher: Hasher, budget: Arc<Budget>, departures: Arc<Departures>) -> Self {
        Self {
            index: Index::default(),
            segments: Segments::new(geometry.segment_bits),
            small: Queue::default(),
            main: Queue::default(),
            large: Large::default(),
            ghost: Ghost::default(),
            counters: Counters::default(),
            hasher,
            budget,
            departures,
            shared_from: geometry.shared_from,
            highest_observed: 0,
            die: 0,
            flush_at: Seconds::MAX,
        }
    }

    pub fn queue(&mut self, lane: Lane) -> &mut Queue {
        match lane {
            Lane::Small => &mut self.small,
            Lane::Main => &mut self.main,
        }
    }

    /// What it takes of the budget.
    pub fn used(&self) -> usize {
        self.segments.cost() + self.large.weight() + self.index.bytes() + self.ghost.bytes()
    }

    /// Clears it when a flush has come due.
    #[inline]
    pub fn keep_time(&mut self, now: Seconds) {
        if now >= self.flush_at {
            self.clear();
        }
    }

    pub fn flush(&mut self, at: Seconds, now: Seconds) {
        self.flush_at = at;
        self.keep_time(now);
    }

    fn clear(&mut self) {
        self.budget.release(self.used());
        self.index = Index::default();
        self.ghost = Ghost::default();
        self.segments.clear();
        self.large.clear();
        (self.small, self.main) = (Queue::default(), Queue::default());
        self.flush_at = Seconds::MAX;
    }

    /// The item, expired or not.
    pub fn find(&self, key: &Key<'_>) -> Option<Spot> {
        let found = self.index.find(key.print().slot, |place| self.segments.item(place).is_of(key.bytes));
        found.map(|(at, place)| Spot { at, place })
    }

    /// Where the item lies, or another with the same hash.
    #[inline]
    pub fn probable_address(&self, key: &Key<'_>) -> Option<usize> {
        let (_, place) = self.index.find(key.print().slot, |_| true)?;
        Some(self.segments.address(place))
    }

    /// The live item; an expired one is removed.
    #[inline]
    pub fn find_live(&mut self, key: &Key<'_>, now: Seconds) -> Option<Spot> {
        let spot = self.find(key)?;
        self.unless_expired(spot, now)
    }

    fn unless_expired(&mut self, spot: Spot, now: Seconds) -> Option<Spot> {
        let item = self.segments.item(spot.place);
        if !item.is_expired(now) {
            return Some(spot);
        }
        self.counters.count_expired(item);
        self.counters.expired_met += 1;
        self.remove(spot);
        None
    }

    /// What `find_live`, `hit` and `view` do one after the other, all in one place, and with nothing written to an item that was
    /// read in this second before. Measured together with how an answer is put: gets pipelined by 16 take 750 instructions each
    /// instead of 1,000.
    #[inline(always)]
    pub fn fetch<R>(&mut self, key: &Key<'_>, now: Seconds, then: impl FnOnce(&Item<'_>) -> R) -> Option<R> {
        let (at, place) = self.index.find(key.print().slot, |place| self.segments.item(place).is_of(key.bytes))?;
        if !self.segments.item(place).was_read_at(now) {
            self.unless_expired(Spot { at, place }, now)?;
            self.mark_read(place, now);
        }
        self.index.count_access(at);
        let item = self.segments.item(place);
        Some(then(&as_seen(item, &self.large)))
    }

    /// Counts as an access. What would not change is not written.
    #[inline]
    pub fn hit(&mut self, spot: Spot, now: Seconds) {
        if !self.segments.item(spot.place).was_read_at(now) {
            self.mark_read(spot.place, now);
        }
        self.index.count_access(spot.at);
    }

    fn mark_read(&mut self, place: usize, now: Seconds) {
        let mut item = self.segments.item_mut(place);
        item.add_marks(mark::FETCHED);
        item.set_accessed_at(now);
    }

    /// The item as its users see it.
    #[inline]
    pub fn view(&self, place: usize) -> Item<'_> {
        as_seen(self.segments.item(place), &self.large)
    }

    pub fn value_length(&self, item: ItemBytes<'_>) -> usize {
        item.large_number().map_or_else(|| item.value().len(), |number| self.large.get(number).len())
    }

    pub fn set_expires_at(&mut self, place: usize, at: Seconds) {
        let (number, offset) = self.segments.split(place);
        let segment = self.segments.get_mut(number);
        segment.item_mut(offset).set_expires_at(at);
        segment.expect_expiry(at);
    }

    /// An item's bytes, its large value included.
    pub fn weight(&self, item: ItemBytes<'_>) -> usize {
        item.bytes() + item.large_number().map_or(0, |number| self.large.weight_of(number))
    }
}

/// An item as its users see it.
#[inline(always)]
fn as_seen<'a>(item: ItemBytes<'a>, large: &'a Large) -> Item<'a> {
    Item {
        value: match item.large_number() {
            None => Value::Inline(item.value()),
            Some(number) => Value::Shared(large.get(number)),
        },
        flags: item.flags(),
        expires_at: item.expires_at(),
        accessed_at: item.accessed_at(),
        fetched: item.has(mark::FETCHED),
        stale: item.has(mark::STALE),
        won: item.has(mark::WON),
    }
}

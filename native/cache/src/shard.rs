//! One shard: everything about its keys but the lock. Looks up, stores, removes; what must give way is in eviction.rs.
//!
//! A place that `find` gives is valid until something is stored or removed.

use crate::budget::Budget;
use crate::entry::Attributes;
use crate::ghost::Ghost;
use crate::index::{Index, PLACE_END, Position};
use crate::item::{Draft, ItemBytes, LARGE_NUMBER_BYTES, OVERHEAD_MAX, mark};
use crate::key::{Hasher, Key};
use crate::large::{self, Large};
use crate::queue::Queue;
use crate::segment::{Lane, OFFSET_BITS, Segments};
use crate::settings::{Geometry, Seconds};
use crate::statistics::Counters;
use crate::value::{Item, NewValue};
use std::sync::Arc;

/// How much a `write` may need.
#[derive(Clone, Copy, Debug)]
pub enum Room {
    /// A value of at most so many bytes.
    Value(usize),
    /// The present value and so many bytes more (append, prepend); the same again with 0.
    Added(usize),
}

/// What a version to be stored takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    lane: Lane,
    segment_bytes: usize,
    pub large_weight: usize,
}

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
    shared_from: usize,
    /// The greatest CAS value that anybody was told; no version stored later may show a lower one.
    highest_observed: u64,
    /// The state of the die that eviction throws.
    pub die: u64,
    /// Everything goes at this second; `Seconds::MAX` = never.
    flush_at: Seconds,
}

impl Shard {
    pub fn new(geometry: Geometry, hasher: Hasher, budget: Arc<Budget>) -> Self {
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
    #[inline]
    pub fn find(&self, key: &Key<'_>) -> Option<Spot> {
        let found = self.index.find(key.print().slot, |place| self.segments.item(place).key() == key.bytes);
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
        let item = self.segments.item(spot.place);
        if !item.is_expired(now) {
            return Some(spot);
        }
        self.counters.count_expired(item);
        self.remove(spot);
        None
    }

    /// Counts as an access. What would not change is not written.
    #[inline]
    pub fn hit(&mut self, spot: Spot, now: Seconds) {
        let item = self.segments.item(spot.place);
        let (fetched, accessed_at) = (item.has(mark::FETCHED), item.accessed_at());
        if !fetched {
            self.segments.item_mut(spot.place).add_marks(mark::FETCHED);
        }
        if accessed_at != now {
            self.segments.item_mut(spot.place).set_accessed_at(now);
        }
        self.index.count_access(spot.at);
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

    /// Shows the live items of the first segment from `number` on; its number, `None` if there is none.
    pub fn walk(&self, number: usize, now: Seconds, visit: &mut dyn FnMut(&[u8], &Item<'_>)) -> Option<usize> {
        let (number, segment) = self.segments.at_or_after(number)?;
        for offset in segment.live() {
            let item = segment.item(offset);
            if !item.is_expired(now) {
                visit(item.key(), &self.view(self.segments.place(number, offset)));
            }
        }
        Some(number)
    }

    /// An item's bytes, its large value included.
    pub fn weight(&self, item: ItemBytes<'_>) -> usize {
        item.bytes() + item.large_number().map_or(0, |number| self.large.weight_of(number))
    }

    pub fn need(&self, key: &Key<'_>, room: Room, now: Seconds) -> Need {
        let spot = self.find(key);
        let bytes = match room {
            Room::Value(bytes) => bytes,
            Room::Added(bytes) => {
                let item = spot.map(|spot| self.segments.item(spot.place)).filter(|item| !item.is_expired(now));
                bytes + item.map_or(0, |item| self.value_length(item))
            }
        };
        let is_large = bytes >= self.shared_from;
        let in_segment = if is_large { self.shared_from } else { bytes.max(LARGE_NUMBER_BYTES) };
        Need {
            lane: self.lane_for(key, spot),
            segment_bytes: OVERHEAD_MAX + key.bytes.len() + in_segment,
            large_weight: if is_large { large::weight(bytes + bytes / 16) } else { 0 },
        }
    }

    /// A new version stands where the former one stood; a key that came back soon goes to the main queue.
    fn lane_for(&self, key: &Key<'_>, former: Option<Spot>) -> Lane {
        match former {
            Some(spot) => self.segments.get(self.segments.split(spot.place).0).lane,
            None if self.ghost.knows(key.print()) => Lane::Main,
            None => Lane::Small,
        }
    }

    /// The bytes that must be claimed before `need` can be met.
    pub fn missing(&self, need: &Need) -> usize {
        let segment = match self.tail_with(need.lane, need.segment_bytes) {
            Some(number) => self.segments.get(number).growth_for(need.segment_bytes),
            None => self.segments.cost_for(need.segment_bytes),
        };
        let index = if self.index.has_room() { 0 } else { self.index.grown_bytes() - self.index.bytes() };
        segment + index + need.large_weight
    }

    /// The segment to append so many bytes to, if they fit.
    fn tail_with(&self, lane: Lane, bytes: usize) -> Option<usize> {
        self.tail(lane).filter(|number| self.segments.get(*number).room() >= bytes)
    }

    pub fn tail(&self, lane: Lane) -> Option<usize> {
        match lane {
            Lane::Small => self.small.segments.back().copied(),
            Lane::Main => self.main.segments.back().copied(),
        }
    }

    pub fn is_tail(&self, number: usize) -> bool {
        self.tail(self.segments.get(number).lane) == Some(number)
    }

    /// Whether places are left for another segment, and one more for eviction to move items to.
    pub fn has_places(&self) -> bool {
        self.segments.place(self.segments.count() + 2, 0) < PLACE_END
    }

    /// Opens a segment and grows the index as needed; what that takes is claimed.
    pub fn supply(&mut self, need: &Need) {
        self.allocate(need.lane, need.segment_bytes);
        if !self.index.has_room() {
            self.index.grow();
        }
    }

    /// The segment to append so many bytes to, grown or opened as needed; what that takes is claimed by the caller.
    fn allocate(&mut self, lane: Lane, bytes: usize) -> usize {
        if let Some(number) = self.tail_with(lane, bytes) {
            self.segments.grow(number, bytes);
            return number;
        }
        let number = self.segments.open(self.budget.next_sequence(), lane, bytes);
        self.queue(lane).segments.push_back(number);
        number
    }

    /// Stores a version. `need` is met; returns how much of the credit for a large value was used.
    pub fn put(&mut self, key: &Key<'_>, value: NewValue<'_>, attributes: &Attributes, now: Seconds) -> usize {
        let former = self.find(key);
        let marks = attributes.marks();
        let draft = Draft {
            key: key.bytes,
            value: &[],
            marks,
            flags: attributes.flags,
            cas: attributes.cas,
            accessed_at: now,
            expires_at: attributes.expires_at,
        };
        if value.as_slice().len() < self.shared_from {
            self.store(key, former, Draft { value: value.as_slice(), ..draft });
            return 0;
        }
        let number = self.large.insert(value.into_vec());
        self.store(key, former, Draft { value: &number.to_le_bytes(), marks: marks | mark::LARGE, ..draft });
        self.large.weight_of(number as usize)
    }

    /// Overwrites a short value where it lies; false where that cannot be.
    pub fn put_in_place(&mut self, key: &Key<'_>, value: &[u8], flags: u32, expires_at: Seconds, now: Seconds) -> bool {
        let Some(spot) = self.find(key).filter(|_| value.len() < self.shared_from) else { return false };
        let draft = Draft { key: key.bytes, value, marks: 0, flags, cas: None, accessed_at: now, expires_at };
        let done = self.overwrite(spot, draft);
        self.counters.total_items += u64::from(done);
        done
    }

    fn store(&mut self, key: &Key<'_>, former: Option<Spot>, draft: Draft<'_>) {
        self.counters.total_items += 1;
        if former.is_some_and(|spot| self.overwrite(spot, draft)) {
            return;
        }
        let lane = self.lane_for(key, former);
        let place = self.append(lane, draft);
        match former {
            Some(spot) => {
                self.bury(spot.place);
                self.index.set_place(spot.at, place);
            }
            None => {
                self.counters.ghost_hits += u64::from(lane == Lane::Main);
                if lane == Lane::Main {
                    self.ghost.forget(key.print());
                }
                self.index.insert(key.print().slot, place, 0);
            }
        }
    }

    /// In place if it is not longer and its CAS value can be a fresh one.
    fn overwrite(&mut self, spot: Spot, mut draft: Draft<'_>) -> bool {
        let (number, offset) = self.segments.split(spot.place);
        let segment = self.segments.get(number);
        let item = segment.item(offset);
        let implicit = segment.implicit_cas(offset);
        if draft.cas.is_none() && (item.has(mark::OBSERVED) || implicit <= self.highest_observed) {
            if !item.has(mark::CAS) {
                return false;
            }
            draft.cas = Some(self.fresh_cas());
        }
        if draft.bytes() > item.bytes() {
            return false;
        }
        let lane = segment.lane;
        let former_weight = self.weight(item);
        if let Some(former) = item.large_number() {
            self.free_large(former);
        }
        self.segments.get_mut(number).overwrite(offset, &draft);
        let weight = self.weight(self.segments.get(number).item(offset));
        let queue = self.queue(lane);
        queue.weight = queue.weight - former_weight + weight;
        true
    }

    /// Appends to a queue's last segment, or to a new one. Storing made room; what eviction and compaction, which free more
    /// than they take, need for the moment is claimed here.
    pub fn append(&mut self, lane: Lane, mut draft: Draft<'_>) -> usize {
        // A CAS value may still have to be written, so its room is asked for.
        let bytes = draft.bytes() + if draft.cas.is_some() { 0 } else { size_of::<u64>() };
        let cost = self.segments.cost();
        let number = self.allocate(lane, bytes);
        self.budget.claim(self.segments.cost() - cost);
        let segment = self.segments.get(number);
        if draft.cas.is_none() && segment.implicit_cas(segment.end()) <= self.highest_observed {
            draft.cas = Some(self.fresh_cas());
        }
        let offset = self.segments.get_mut(number).append(&draft);
        let weight = self.weight(self.segments.get(number).item(offset));
        self.queue(lane).weight += weight;
        self.segments.place(number, offset)
    }

    /// An item's bytes go dead and its large value goes; its slot is the caller's.
    fn bury(&mut self, place: usize) {
        let item = self.segments.item(place);
        let weight = self.weight(item);
        if let Some(large) = item.large_number() {
            self.free_large(large);
        }
        self.retire(place, weight);
    }

    pub fn free_large(&mut self, number: usize) {
        let freed = self.large.remove(number);
        self.budget.release(freed);
    }

    /// An item's bytes go dead; they weighed so much in their queue, large value included.
    fn retire(&mut self, place: usize, weight: usize) {
        let (number, offset) = self.segments.split(place);
        let segment = self.segments.get_mut(number);
        segment.kill(offset);
        let (lane, is_empty) = (segment.lane, segment.live_items == 0);
        self.queue(lane).weight -= weight;
        if is_empty {
            self.give_up_segment(number, lane);
        }
    }

    /// An empty segment is freed, or used again if it is the one appended to.
    fn give_up_segment(&mut self, number: usize, lane: Lane) {
        if self.tail(lane) == Some(number) {
            let sequence = self.budget.next_sequence();
            self.segments.get_mut(number).reset(sequence);
        } else {
            self.free_segment(number, lane);
        }
    }

    pub fn free_segment(&mut self, number: usize, lane: Lane) {
        self.queue(lane).remove(number);
        let freed = self.segments.close(number);
        self.budget.release(freed);
    }

    pub fn remove(&mut self, spot: Spot) {
        self.index.remove(spot.at);
        self.bury(spot.place);
    }

    /// Greater than every CAS value before it.
    fn fresh_cas(&self) -> u64 {
        self.budget.next_sequence() << OFFSET_BITS
    }

    /// The version's CAS value, which it keeps from now on.
    pub fn observe_cas(&mut self, place: usize) -> u64 {
        let (number, offset) = self.segments.split(place);
        let segment = self.segments.get_mut(number);
        let explicit = segment.item(offset).cas();
        let cas = explicit.unwrap_or_else(|| segment.implicit_cas(offset));
        segment.item_mut(offset).add_marks(mark::OBSERVED);
        // A client may have chosen a value from the far future (meta flag E): that must not taint those that follow.
        if cas < self.budget.sequence() << OFFSET_BITS {
            self.highest_observed = self.highest_observed.max(cas);
        }
        cas
    }

    /// Gives the version at `spot` another CAS value. Where it has no place for one, the item moves.
    pub fn renew_cas(&mut self, spot: Spot, cas: Option<u64>) {
        let item = self.segments.item(spot.place);
        let cas = match cas {
            Some(cas) => cas,
            None if item.has(mark::OBSERVED | mark::CAS) => self.fresh_cas(),
            None => return,
        };
        if item.has(mark::CAS) {
            let marks = item.marks() & !mark::OBSERVED;
            let mut item = self.segments.item_mut(spot.place);
            item.set_cas(cas);
            item.set_marks(marks);
        } else {
            let lane = self.segments.get(self.segments.split(spot.place).0).lane;
            let weight = self.weight(item);
            let copy = item.copy();
            let draft = Draft { cas: Some(cas), ..ItemBytes::first_of(&copy).draft() };
            let place = self.append(lane, Draft { marks: draft.marks & !mark::OBSERVED, ..draft });
            self.retire(spot.place, weight);
            self.index.set_place(spot.at, place);
        }
    }
}

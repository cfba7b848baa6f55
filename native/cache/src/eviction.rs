//! How a shard makes room: dead bytes are squeezed out first, then items leave in S3-FIFO's order.
//!
//! ```text
//!            new ──> small ── read since ──> main ──┐
//!                      │                      │ ^   │ read since, counted down
//!   ghost <── not read ┘              not ────┘ └───┘
//!     └────── comes back: straight to main
//! ```
//!
//! Eviction passes item by item from the head of a queue's first segment, so that large values, whose stubs lie there, go
//! one by one; the segment is freed when it has been passed. Survivors are appended to the main queue. So a segment more
//! than before may be claimed for a moment, and what decides is that less is used when all is done.

use crate::evicted::Evicted;
use crate::ghost::Ghost;
use crate::item::{Draft, ItemBytes, mark};
use crate::key::Print;
use crate::policy;
use crate::segment::{Lane, Segment};
use crate::settings::Seconds;
use crate::shard::Shard;

/// A segment is worth compacting rather than evicting anything when a seventh of it is dead. Moving the rest costs about as much as
/// it costs to evict as much, and a working set of four fifths of the memory is never evicted for being overwritten.
const DEAD_PART: usize = 7;
/// The rent doubles whenever so many bytes, and so many segments, were passed and nothing came free: where everything is read all the
/// time, one call still ends within a few milliseconds.
const PATIENCE_BYTES: usize = 256 << 10;
const PATIENCE_SEGMENTS: usize = 2;
/// Where nothing may be evicted, smaller gains must do.
const DEAD_PART_IN_NEED: usize = 32;

impl Shard {
    /// Frees something. False: there is nothing left to evict.
    pub fn evict(&mut self, now: Seconds) -> bool {
        if self.compact(DEAD_PART) {
            return true;
        }
        self.fit_ghost();
        let used = self.used();
        let patience = PATIENCE_BYTES.max(PATIENCE_SEGMENTS * self.segments.size());
        let mut passed = 0;
        while let Some(lane) = self.victim() {
            passed += self.reclaim(lane, passed / patience, now);
            if self.used() < used {
                return true;
            }
        }
        self.used() < used
    }

    /// Frees something without evicting. False: what is dead is not worth it.
    pub fn squeeze(&mut self) -> bool {
        self.compact(DEAD_PART_IN_NEED)
    }

    fn victim(&self) -> Option<Lane> {
        match (self.small.segments.is_empty(), self.main.segments.is_empty()) {
            (true, true) => None,
            (true, false) => Some(Lane::Main),
            (false, true) => Some(Lane::Small),
            (false, false) => Some(policy::victim(self.small.weight, self.main.weight)),
        }
    }

    /// Passes items at the head of a queue until a large value came free or the segment is through. Returns how many bytes
    /// it passed.
    fn reclaim(&mut self, lane: Lane, pressure: usize, now: Seconds) -> usize {
        let number = *self.queue(lane).segments.front().expect("the queue was chosen for its segments");
        let large_weight = self.large.weight();
        // Survivors must not be appended to the segment that they leave: an empty one stands in.
        let mut segment = std::mem::take(self.segments.get_mut(number));
        let from = segment.head;
        while let Some(offset) = segment.advance() {
            self.pass(&segment, number, offset, pressure, now);
            segment.kill(offset);
            if self.large.weight() < large_weight {
                break;
            }
        }
        let is_through = segment.advance().is_none();
        let passed = segment.head - from;
        *self.segments.get_mut(number) = segment;
        if is_through {
            self.free_segment(number, lane);
        }
        passed
    }

    /// Decides about one item of a segment that stands aside.
    fn pass(&mut self, segment: &Segment, number: usize, offset: usize, pressure: usize, now: Seconds) {
        let item = segment.item(offset);
        let print = Print::of(self.hasher.hash(item.key()));
        let place = self.segments.place(number, offset);
        let (at, _) = self.index.find(print.slot, |found| found == place).expect("a live item has a slot");
        let frequency = self.index.frequency(at);
        let weight = self.weight(item);
        let mean_weight = (self.small.weight + self.main.weight) / self.index.items();
        let load = policy::Load { weight, mean_weight, pressure };
        self.queue(segment.lane).weight -= weight;
        let expired = item.is_expired(now);
        let die = self.throw_die();
        let kept = policy::kept(segment.lane, frequency, load, die).filter(|_| !expired);
        if let Some(frequency) = kept {
            self.counters.moved_to_main += u64::from(segment.lane == Lane::Small);
            let place = self.append(Lane::Main, moved(segment, offset));
            self.index.set_place(at, place);
            self.index.set_frequency(at, frequency);
            return;
        }
        self.index.remove(at);
        if expired {
            self.counters.count_expired(item);
        } else {
            self.counters.count_evicted(item, now);
            if self.departures.are_observed() {
                self.departures.add(self.evicted(item, now));
            }
            if segment.lane == Lane::Small {
                self.ghost.remember(print);
            }
        }
        if let Some(large) = item.large_number() {
            self.free_large(large);
        }
    }

    #[cold]
    fn evicted(&self, item: ItemBytes<'_>, now: Seconds) -> Evicted {
        Evicted {
            key: item.key().into(),
            at: now,
            expires_at: item.expires_at(),
            accessed_at: item.accessed_at(),
            fetched: item.has(mark::FETCHED),
            value_length: self.value_length(item),
        }
    }

    /// A step of a linear congruential generator: its upper bits are random enough here.
    fn throw_die(&mut self) -> u8 {
        self.die = self.die.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.die >> 56) as u8
    }

    /// Keeps the ghost table about as large as there are items.
    fn fit_ghost(&mut self) {
        let wanted = Ghost::bytes_for(self.index.items());
        let present = self.ghost.bytes();
        if present < wanted / 2 || present / 4 > wanted {
            self.budget.release(present);
            self.ghost.resize(self.index.items());
            self.budget.claim(self.ghost.bytes());
        }
    }

    /// Moves items out of segments of which at least one in `part` bytes is dead, until something is free.
    fn compact(&mut self, part: usize) -> bool {
        let used = self.used();
        while let Some(number) = self.deadest(part) {
            self.empty_segment(number);
            if self.used() < used {
                return true;
            }
        }
        false
    }

    fn deadest(&self, part: usize) -> Option<usize> {
        let worth = |segment: &Segment| segment.dead * part >= self.segments.size();
        let candidates = self.segments.numbered().filter(|(number, segment)| worth(segment) && !self.is_tail(*number));
        candidates.max_by_key(|(_, segment)| segment.dead).map(|(number, _)| number)
    }

    /// Moves a segment's live items to the tail of its queue and frees it. It is not the tail itself.
    pub fn empty_segment(&mut self, number: usize) {
        let mut segment = std::mem::take(self.segments.get_mut(number));
        let lane = segment.lane;
        while let Some(offset) = segment.advance() {
            let item = segment.item(offset);
            let place = self.segments.place(number, offset);
            let at = self.position_of(item, place);
            let weight = self.weight(item);
            self.queue(lane).weight -= weight;
            let place = self.append(lane, moved(&segment, offset));
            self.index.set_place(at, place);
            segment.kill(offset);
        }
        *self.segments.get_mut(number) = segment;
        self.free_segment(number, lane);
        self.counters.compacted_segments += 1;
    }

    /// The slot of the live item at a place.
    pub fn position_of(&self, item: ItemBytes<'_>, place: usize) -> crate::index::Position {
        let print = Print::of(self.hasher.hash(item.key()));
        self.index.find(print.slot, |found| found == place).expect("a live item has a slot").0
    }
}

/// An item to be written elsewhere: a CAS value that somebody knows goes with it.
fn moved(segment: &Segment, offset: usize) -> Draft<'_> {
    let item = segment.item(offset);
    let observed = item.has(mark::OBSERVED).then(|| segment.implicit_cas(offset));
    Draft { cas: item.cas().or(observed), ..item.draft() }
}

//! What a version to be stored needs, and where it will be appended.

use crate::index::PLACE_END;
use crate::item::{LARGE_NUMBER_BYTES, OVERHEAD_MAX};
use crate::key::Key;
use crate::large;
use crate::segment::Lane;
use crate::settings::Seconds;
use crate::shard::{Shard, Spot};

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

impl Shard {
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
    pub fn lane_for(&self, key: &Key<'_>, former: Option<Spot>) -> Lane {
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

    /// Opens a segment and grows the index as needed, and claims what that takes.
    pub fn supply(&mut self, need: &Need) {
        self.allocate(need.lane, need.segment_bytes);
        self.supply_index();
    }

    pub fn supply_index(&mut self) {
        if !self.index.has_room() {
            let bytes = self.index.bytes();
            self.index.grow();
            self.budget.claim(self.index.bytes() - bytes);
        }
    }

    /// The segment to append so many bytes to, grown or opened as needed; what that takes is claimed.
    pub fn allocate(&mut self, lane: Lane, bytes: usize) -> usize {
        let cost = self.segments.cost();
        let number = match self.tail_with(lane, bytes) {
            Some(number) => {
                self.segments.grow(number, bytes);
                number
            }
            None => {
                let number = self.segments.open(self.budget.next_sequence(), lane, bytes);
                self.queue(lane).segments.push_back(number);
                number
            }
        };
        self.budget.claim(self.segments.cost() - cost);
        number
    }
}

//! Versions come and go: in place where that can be, else at the tail of a queue.

use crate::entry::Attributes;
use crate::item::{Draft, mark};
use crate::key::Key;
use crate::segment::Lane;
use crate::settings::Seconds;
use crate::shard::{Shard, Spot};
use crate::value::NewValue;

impl Shard {
    /// Stores a version, for which room was made. Returns what it takes for a large value, which is not claimed here.
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
                self.supply_index();
                self.index.insert(key.print().slot, place, 0);
            }
        }
    }

    /// In place if it is not longer and its CAS value can be a fresh one.
    fn overwrite(&mut self, spot: Spot, mut draft: Draft<'_>) -> bool {
        let (number, offset) = self.segments.split(spot.place);
        let segment = self.segments.get(number);
        let item = segment.item(offset);
        if draft.cas.is_none() && self.may_be_known(spot.place) {
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

    /// Appends to a queue's last segment, or to a new one. For storing, room was made before; eviction and compaction free more
    /// than they take here for the moment.
    pub fn append(&mut self, lane: Lane, mut draft: Draft<'_>) -> usize {
        // A CAS value may still have to be written, so its room is asked for.
        let bytes = draft.bytes() + if draft.cas.is_some() { 0 } else { size_of::<u64>() };
        let number = self.allocate(lane, bytes);
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
    pub fn retire(&mut self, place: usize, weight: usize) {
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
}

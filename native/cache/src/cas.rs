//! CAS values without a field for them.
//!
//! A version's value follows from its place: its segment's number, which no other segment of the store ever had, and its
//! offset. Once somebody was told it (`OBSERVED`), it has to last: when the item moves, it is written down; when it is
//! overwritten, the new version goes elsewhere. And a newer version's value is greater than any that was told before: where
//! its place would give a lower one, a fresh number is written down instead.
//!
//! A walk tells values without marking their versions, for writing them all down would take eight bytes an item. Such a value
//! is never that of another version, but its own version shows another once it has moved: a comparison with it may fail in
//! vain, and never succeeds wrongly.

use crate::item::{Draft, ItemBytes, mark};
use crate::segment::OFFSET_BITS;
use crate::shard::{Shard, Spot};

impl Shard {
    /// Greater than every CAS value before it.
    pub fn fresh_cas(&self) -> u64 {
        self.budget.next_sequence() << OFFSET_BITS
    }

    /// The version's CAS value, which it keeps from now on.
    pub fn observe_cas(&mut self, place: usize) -> u64 {
        let (number, offset) = self.segments.split(place);
        let segment = self.segments.get_mut(number);
        let explicit = segment.item(offset).cas();
        let cas = explicit.unwrap_or_else(|| segment.implicit_cas(offset));
        if !segment.item(offset).has(mark::OBSERVED) {
            segment.item_mut(offset).add_marks(mark::OBSERVED);
        }
        if self.is_of_the_past(cas) {
            self.highest_observed = self.highest_observed.max(cas);
        }
        cas
    }

    /// A client may have chosen a value from the far future (meta flag E): that must not taint those that follow.
    pub fn is_of_the_past(&self, cas: u64) -> bool {
        cas < self.budget.sequence() << OFFSET_BITS
    }

    /// Somebody may know the CAS value that follows from the version's place.
    pub fn may_be_known(&self, place: usize) -> bool {
        let (number, offset) = self.segments.split(place);
        let segment = self.segments.get(number);
        segment.item(offset).has(mark::OBSERVED) || segment.implicit_cas(offset) <= self.highest_observed
    }

    /// Gives the version at `spot` another CAS value. Where it has no place for one, the item moves.
    pub fn renew_cas(&mut self, spot: Spot, cas: Option<u64>) {
        let item = self.segments.item(spot.place);
        let cas = match cas {
            Some(cas) => cas,
            None if item.has(mark::CAS) || self.may_be_known(spot.place) => self.fresh_cas(),
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
            // Nobody made room for this; it is as much as has just gone dead.
            if self.budget.is_over() {
                self.squeeze();
            }
        }
    }
}

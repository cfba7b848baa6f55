//! Every invariant of a shard, walked. For tests and fuzzers.

use crate::item::mark;
use crate::key::Print;
use crate::segment::Lane;
use crate::shard::Shard;
use std::collections::HashSet;

impl Shard {
    /// # Panics
    /// When an invariant is broken.
    pub fn validate(&self) {
        self.index.validate();
        self.large.validate();
        self.segments.validate();
        self.validate_queues();
        let mut large = HashSet::new();
        for (hash, place) in self.index.slots() {
            let item = self.segments.item(place);
            assert!(!item.has(mark::DEAD), "a slot points to a live item");
            assert_eq!(Print::of(self.hasher.hash(item.key())).slot, hash, "a slot keeps its item's hash");
            if let Some(number) = item.large_number() {
                assert!(large.insert(number), "a large value belongs to one item");
                assert!(self.large.get(number).len() >= item.value().len(), "a large value is there");
            }
        }
        assert_eq!(large.len(), self.large.items(), "every large value has an item");
        let live: usize = self.segments.numbered().map(|(_, segment)| segment.live_items).sum();
        assert_eq!(self.index.items(), live, "every live item has a slot");
    }

    fn validate_queues(&self) {
        let mut queued = HashSet::new();
        for (lane, queue) in [(Lane::Small, &self.small), (Lane::Main, &self.main)] {
            let mut weight = 0;
            for &number in &queue.segments {
                let segment = self.segments.get(number);
                segment.validate();
                assert_eq!(segment.lane, lane, "a segment knows its queue");
                assert!(queued.insert(number), "a segment stands in one queue, once");
                weight += segment.live().map(|offset| self.weight(segment.item(offset))).sum::<usize>();
            }
            assert_eq!(queue.weight, weight, "a queue weighs what its live items weigh");
        }
        assert_eq!(queued.len(), self.segments.count(), "every segment stands in a queue");
    }
}

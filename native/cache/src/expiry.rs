//! Expired memory comes back without anyone reading it: segments are visited when something in them has expired.

use crate::segment::{Lane, Segment};
use crate::settings::Seconds;
use crate::shard::{Shard, Spot};

/// A segment visited is emptied if so many percent of it are dead.
const DEAD_PERCENT: usize = 40;

impl Shard {
    /// Visits segments where items have expired, until `bytes` are walked; takes what it walked from `bytes`, and returns how many
    /// items it reclaimed.
    pub fn sweep(&mut self, now: Seconds, bytes: &mut usize) -> usize {
        self.keep_time(now);
        let due = |(number, segment): (usize, &Segment)| (segment.visit_at <= now).then_some(number);
        let due: Vec<usize> = self.segments.numbered().filter_map(due).collect();
        let mut reclaimed = 0;
        for number in due {
            if *bytes == 0 {
                break;
            }
            *bytes = bytes.saturating_sub(self.segments.size());
            reclaimed += self.visit(number, now);
        }
        self.give_back();
        reclaimed
    }

    fn visit(&mut self, number: usize, now: Seconds) -> usize {
        let segment = self.segments.get(number);
        let expired: Vec<usize> = segment.live().filter(|offset| segment.item(*offset).is_expired(now)).collect();
        let stays = expired.len() < segment.live_items;
        for &offset in &expired {
            let place = self.segments.place(number, offset);
            let item = self.segments.item(place);
            let at = self.position_of(item, place);
            self.counters.count_expired(item);
            self.remove(Spot { at, place });
        }
        if stays {
            self.segments.get_mut(number).plan_visit();
            if self.segments.get(number).dead * 100 >= self.segments.size() * DEAD_PERCENT && !self.is_tail(number) {
                self.empty_segment(number);
            }
        }
        expired.len()
    }

    /// What stays allocated for items to come, though few or none are there.
    fn give_back(&mut self) {
        for lane in [Lane::Small, Lane::Main] {
            let empty = self.tail(lane).filter(|number| self.segments.get(*number).live_items == 0);
            empty.into_iter().for_each(|number| self.free_segment(number, lane));
        }
        let bytes = self.index.bytes();
        if self.index.shrink() {
            self.budget.release(bytes - self.index.bytes());
        }
    }
}

//! Walking over all items of a shard, a segment at a time, as listings do.

use crate::settings::Seconds;
use crate::shard::Shard;
use crate::value::Item;

/// One item of a walk.
#[derive(Debug)]
pub struct Walked<'a> {
    /// Its key.
    pub key: &'a [u8],
    /// The item.
    pub item: Item<'a>,
    cas: u64,
    cas_told: bool,
}

impl Walked<'_> {
    /// The version's CAS value at present. No later version will show it; this one does until the store moves it, for unlike
    /// `Found::cas` it is not kept stable.
    pub fn cas(&mut self) -> u64 {
        self.cas_told = true;
        self.cas
    }
}

impl Shard {
    /// Shows the live items of the first segment from `number` on; its number, `None` if there is none.
    pub fn walk(&mut self, number: usize, now: Seconds, visit: &mut dyn FnMut(&mut Walked<'_>)) -> Option<usize> {
        let (number, segment) = self.segments.at_or_after(number)?;
        let mut highest_told = 0;
        for offset in segment.live().filter(|offset| !segment.item(*offset).is_expired(now)) {
            let stored = segment.item(offset);
            let item = self.view(self.segments.place(number, offset));
            let cas = stored.cas().unwrap_or_else(|| segment.implicit_cas(offset));
            let mut walked = Walked { key: stored.key(), item, cas, cas_told: false };
            visit(&mut walked);
            if walked.cas_told && self.is_of_the_past(cas) {
                highest_told = highest_told.max(cas);
            }
        }
        self.highest_observed = self.highest_observed.max(highest_told);
        Some(number)
    }
}

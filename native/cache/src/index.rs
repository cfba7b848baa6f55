//! Where a shard's items lie: an open table of 8-byte slots in buckets of one cache line. It knows no items; who looks up
//! says whether a place is the right one.
//!
//! ```text
//!   slot    hash 32 | frequency 4 | place 28        0 = free; a bucket's free slots are its last
//! ```
//!
//! A slot keeps the whole hash that its position comes from. So the table can grow and shrink by any factor without a look
//! at the items, and displacement need not be stored. A full bucket overflows into the following ones; when a slot comes
//! free, an item that overflowed past it moves back, so there are no tombstones.

const SLOTS: usize = 8;
const PLACE_BITS: u32 = 28;
/// Places, and so a shard's segments together, are below this.
pub(crate) const PLACE_END: usize = 1 << PLACE_BITS;
const PLACE_MASK: u64 = PLACE_END as u64 - 1;
pub(crate) const FREQUENCY_MAX: u8 = 15;

#[repr(align(64))]
#[derive(Clone, Default)]
struct Bucket([u64; SLOTS]);

impl Bucket {
    fn is_full(&self) -> bool {
        self.0[SLOTS - 1] != 0
    }

    fn used(&self) -> usize {
        self.0.iter().filter(|slot| **slot != 0).count()
    }

    /// A bit for every slot with this hash.
    #[inline]
    fn matches(&self, hash: u32) -> u32 {
        crate::lanes::equal_upper_halves(&self.0, hash)
    }
}

/// A slot of the table; valid until the next insertion or removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    bucket: u32,
    slot: u32,
}

#[derive(Default)]
pub(crate) struct Index {
    buckets: Vec<Bucket>,
    items: usize,
}

fn hash_of(slot: u64) -> u32 {
    (slot >> 32) as u32
}

fn place_of(slot: u64) -> usize {
    (slot & PLACE_MASK) as usize
}

/// By multiplication, so that any number of buckets will do.
#[inline]
fn home(hash: u32, buckets: usize) -> usize {
    ((u64::from(hash) * buckets as u64) >> 32) as usize
}

impl Index {
    pub fn items(&self) -> usize {
        self.items
    }

    pub fn bytes(&self) -> usize {
        self.buckets.len() * size_of::<Bucket>()
    }

    /// Address and number of the buckets, for prefetching.
    pub fn whereabouts(&self) -> (usize, usize) {
        (self.buckets.as_ptr().addr(), self.buckets.len())
    }

    /// Address of the bucket where a search begins.
    pub fn line(whereabouts: (usize, usize), hash: u32) -> usize {
        whereabouts.0 + home(hash, whereabouts.1) * size_of::<Bucket>()
    }

    /// The slot of `hash` whose place is `right`.
    #[inline(always)]
    pub fn find(&self, hash: u32, mut right: impl FnMut(usize) -> bool) -> Option<(Position, usize)> {
        let mut number = home(hash, self.buckets.len());
        while let Some(bucket) = self.buckets.get(number) {
            let mut matches = bucket.matches(hash);
            while matches != 0 {
                let position = matches.trailing_zeros() % SLOTS as u32;
                let slot = bucket.0[position as usize];
                if slot != 0 && right(place_of(slot)) {
                    return Some((Position { bucket: number as u32, slot: position }, place_of(slot)));
                }
                matches &= matches - 1;
            }
            if !bucket.is_full() {
                return None;
            }
            number = self.after(number);
        }
        None
    }

    fn after(&self, bucket: usize) -> usize {
        if bucket + 1 == self.buckets.len() { 0 } else { bucket + 1 }
    }

    fn slot(&mut self, at: Position) -> &mut u64 {
        &mut self.buckets[at.bucket as usize].0[at.slot as usize]
    }

    pub fn frequency(&self, at: Position) -> u8 {
        (self.buckets[at.bucket as usize].0[at.slot as usize] >> PLACE_BITS) as u8 & FREQUENCY_MAX
    }

    pub fn set_frequency(&mut self, at: Position, frequency: u8) {
        let slot = self.slot(at);
        *slot = *slot & !(u64::from(FREQUENCY_MAX) << PLACE_BITS) | u64::from(frequency) << PLACE_BITS;
    }

    /// One more access; a slot that counts no further is not written.
    #[inline]
    pub fn count_access(&mut self, at: Position) {
        if self.frequency(at) < FREQUENCY_MAX {
            *self.slot(at) += 1 << PLACE_BITS;
        }
    }

    pub fn set_place(&mut self, at: Position, place: usize) {
        debug_assert!(place < PLACE_END);
        let slot = self.slot(at);
        *slot = *slot & !PLACE_MASK | place as u64;
    }

    /// True while one more item fits without making the chains of full buckets long.
    #[inline]
    pub fn has_room(&self) -> bool {
        (self.items + 1) * 10 <= self.buckets.len() * SLOTS * 9
    }

    /// The bytes of the table that `grow` makes.
    pub fn grown_bytes(&self) -> usize {
        self.grown() * size_of::<Bucket>()
    }

    fn grown(&self) -> usize {
        self.buckets.len() + self.buckets.len() / 7 + 1
    }

    pub fn grow(&mut self) {
        self.rebuild(self.grown());
    }

    /// Gives memory back when most of the table is free; true if it did.
    pub fn shrink(&mut self) -> bool {
        let wanted = self.items / 6 + 1;
        let spare = self.buckets.len() > 3 * wanted;
        if spare {
            self.rebuild(wanted);
        }
        spare
    }

    fn rebuild(&mut self, buckets: usize) {
        let former = std::mem::replace(&mut self.buckets, vec![Bucket::default(); buckets]);
        former.iter().flat_map(|bucket| bucket.0).filter(|slot| *slot != 0).for_each(|slot| self.add(slot));
    }

    /// There must be room.
    pub fn insert(&mut self, hash: u32, place: usize, frequency: u8) {
        debug_assert!(self.has_room() && place != 0 && place < PLACE_END);
        self.items += 1;
        self.add(u64::from(hash) << 32 | u64::from(frequency) << PLACE_BITS | place as u64);
    }

    fn add(&mut self, slot: u64) {
        let mut number = home(hash_of(slot), self.buckets.len());
        while self.buckets[number].is_full() {
            number = self.after(number);
        }
        let bucket = &mut self.buckets[number];
        bucket.0[bucket.used()] = slot;
    }

    pub fn remove(&mut self, at: Position) {
        self.items -= 1;
        let (mut number, mut slot) = (at.bucket as usize, at.slot as usize);
        loop {
            let bucket = &mut self.buckets[number];
            let was_full = bucket.is_full();
            let last = bucket.used() - 1;
            bucket.0[slot] = bucket.0[last];
            bucket.0[last] = 0;
            match self.overflowed_past(number).filter(|_| was_full) {
                None => return,
                Some((from, from_slot)) => {
                    self.buckets[number].0[last] = self.buckets[from].0[from_slot];
                    (number, slot) = (from, from_slot);
                }
            }
        }
    }

    /// A slot behind bucket `number` whose search begins there or before.
    fn overflowed_past(&self, number: usize) -> Option<(usize, usize)> {
        let count = self.buckets.len();
        let mut at = number;
        for distance in 1..count {
            at = self.after(at);
            let displaced = |slot: &u64| {
                let home = home(hash_of(*slot), count);
                *slot != 0 && if home <= at { at - home } else { at + count - home } >= distance
            };
            if let Some(found) = self.buckets[at].0.iter().position(displaced) {
                return Some((at, found));
            }
            if !self.buckets[at].is_full() {
                return None;
            }
        }
        None
    }

    /// Every slot's hash and place.
    pub fn slots(&self) -> impl Iterator<Item = (u32, usize)> {
        self.buckets
            .iter()
            .flat_map(|bucket| bucket.0)
            .filter(|slot| *slot != 0)
            .map(|slot| (hash_of(slot), place_of(slot)))
    }

    /// # Panics
    /// When a slot cannot be reached from its home, a bucket has a hole, or the count is wrong.
    pub fn validate(&self) {
        let count = self.buckets.len();
        for (number, bucket) in self.buckets.iter().enumerate() {
            assert!(bucket.0[bucket.used()..].iter().all(|slot| *slot == 0), "a bucket's free slots are its last");
            for &slot in &bucket.0[..bucket.used()] {
                assert_ne!(place_of(slot), 0, "a used slot has a place");
                let mut from = home(hash_of(slot), count);
                while from != number {
                    assert!(self.buckets[from].is_full(), "the way from a slot's home to it is full");
                    from = self.after(from);
                }
            }
        }
        assert_eq!(self.items, self.slots().count(), "items are counted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_insertions_and_removals_keep_every_slot_reachable() {
        let mut index = Index::default();
        let mut present = Vec::new();
        let mut state = 1u64;
        for step in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let random = (state >> 33) as usize;
            if random % 5 < 2 && !present.is_empty() {
                let (hash, place) = present.swap_remove(random % present.len());
                let (at, found) = index.find(hash, |candidate| candidate == place).expect("it was inserted");
                assert_eq!(found, place);
                index.remove(at);
            } else {
                let (hash, place) = ((state >> 20) as u32 & 0x00ff_ffff, step + 1);
                if !index.has_room() {
                    index.grow();
                }
                index.insert(hash, place, 0);
                present.push((hash, place));
            }
            if step % 500 == 0 {
                index.shrink();
                index.validate();
            }
        }
        for (hash, place) in present.drain(..) {
            let (at, _) = index.find(hash, |candidate| candidate == place).expect("it was inserted");
            index.remove(at);
        }
        index.validate();
        assert_eq!(index.items(), 0);
        assert!(index.shrink() && index.bytes() <= 64);
    }

    #[test]
    fn a_slot_is_small_at_every_size() {
        let mut index = Index::default();
        for number in 1..100_000u32 {
            if !index.has_room() {
                index.grow();
            }
            index.insert(number.wrapping_mul(0x9e37_79b9), number as usize, 0);
        }
        assert!(index.bytes() < 100_000 * 103 / 10, "{} bytes", index.bytes());
    }

    #[test]
    fn frequency_and_place_change_without_touching_each_other() {
        let mut index = Index::default();
        index.grow();
        index.insert(0, 5, 0);
        let (at, _) = index.find(0, |_| true).expect("it was inserted");
        (0..40).for_each(|_| index.count_access(at));
        assert_eq!(index.frequency(at), FREQUENCY_MAX);
        index.set_place(at, PLACE_END - 1);
        index.set_frequency(at, 2);
        assert_eq!((index.frequency(at), index.find(0, |_| true)), (2, Some((at, PLACE_END - 1))));
    }
}

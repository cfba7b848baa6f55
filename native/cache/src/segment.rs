//! A run of memory that items are appended to. It knows no index: who kills an item says so here.
//!
//! ```text
//!   |<- consumed ->|<- live and dead items ->|<- room ->|
//!   0             head                      end       size
//! ```

use crate::item::{Draft, ItemBytes, ItemBytesMut, Stretch, mark};
use crate::settings::Seconds;
use slab::Slab;

/// Beside its items: the allocator's and the table's.
const OVERHEAD: usize = 128;
/// Offsets take so many bits in an implicit CAS value.
pub(crate) const OFFSET_BITS: u32 = 20;
/// A segment is visited for expired items again when this part of it may be reclaimed.
const VISIT_SHARE: usize = 8;

/// Which of a shard's two queues a segment stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lane {
    #[default]
    Small,
    Main,
}

/// A segment grows to its size in steps.
fn capacity_for(size: usize, bytes: usize) -> usize {
    [size / 16, size / 4].into_iter().find(|step| *step >= bytes).unwrap_or(size)
}

#[derive(Default)]
pub(crate) struct Segment {
    bytes: Vec<u8>,
    size: usize,
    /// Unique among all segments of a store, ever.
    sequence: u64,
    pub lane: Lane,
    /// Eviction has passed every item before.
    pub head: usize,
    /// Bytes of dead items and filler from `head` on.
    pub dead: usize,
    pub live_items: usize,
    /// When a visit will find something expired; `Seconds::MAX` = never.
    pub visit_at: Seconds,
}

impl Segment {
    /// Takes no more than `bytes` need for now: where values are large, their stubs fill no whole segment.
    fn new(size: usize, bytes: usize, sequence: u64, lane: Lane) -> Self {
        let bytes = Vec::with_capacity(capacity_for(size, bytes));
        Self { bytes, size, sequence, lane, visit_at: Seconds::MAX, ..Self::default() }
    }

    /// What it takes from the system.
    fn cost(&self) -> usize {
        self.bytes.capacity() + OVERHEAD
    }

    /// What appending so many bytes, which fit, takes from the system.
    pub fn growth_for(&self, bytes: usize) -> usize {
        let wanted = self.bytes.len() + bytes;
        if wanted <= self.bytes.capacity() { 0 } else { capacity_for(self.size, wanted) - self.bytes.capacity() }
    }

    /// Empty again, under a new number, for CAS values come from it.
    pub fn reset(&mut self, sequence: u64) {
        self.bytes.clear();
        (self.sequence, self.head, self.dead, self.live_items, self.visit_at) = (sequence, 0, 0, 0, Seconds::MAX);
    }

    pub fn end(&self) -> usize {
        self.bytes.len()
    }

    pub fn room(&self) -> usize {
        self.size - self.bytes.len()
    }

    /// The CAS value of the version at `offset` if it was given none: places are never used twice under one number.
    pub fn implicit_cas(&self, offset: usize) -> u64 {
        self.sequence << OFFSET_BITS | offset as u64
    }

    /// There must be room.
    pub fn append(&mut self, draft: &Draft<'_>) -> usize {
        debug_assert!(draft.bytes() <= self.room());
        let offset = self.bytes.len();
        draft.append_to(&mut self.bytes);
        self.live_items += 1;
        self.expect_expiry(draft.expires_at);
        offset
    }

    /// In place of the item at `offset`, which is not shorter.
    pub fn overwrite(&mut self, offset: usize, draft: &Draft<'_>) {
        let former = self.item(offset).bytes();
        draft.overwrite(&mut self.bytes[offset..offset + former]);
        self.dead += former - draft.bytes();
        self.expect_expiry(draft.expires_at);
    }

    pub fn expect_expiry(&mut self, at: Seconds) {
        if at != 0 {
            self.visit_at = self.visit_at.min(at);
        }
    }

    #[inline]
    pub fn item(&self, offset: usize) -> ItemBytes<'_> {
        ItemBytes::first_of(&self.bytes[offset..])
    }

    #[inline]
    pub fn item_mut(&mut self, offset: usize) -> ItemBytesMut<'_> {
        ItemBytesMut(&mut self.bytes[offset..])
    }

    /// The live item at `offset` is one no more. Eviction passes it at once when it is the first.
    pub fn kill(&mut self, offset: usize) {
        let bytes = self.item(offset).bytes();
        self.item_mut(offset).add_marks(mark::DEAD);
        self.live_items -= 1;
        self.dead += bytes;
    }

    /// The next live item from `offset` on.
    pub fn next_live(&self, mut offset: usize) -> Option<usize> {
        while offset < self.bytes.len() {
            match Stretch::first_of(&self.bytes[offset..]) {
                Stretch::Item(item) if !item.has(mark::DEAD) => return Some(offset),
                stretch => offset += stretch.bytes(),
            }
        }
        None
    }

    /// Lets eviction pass everything dead up to the next live item, whose offset this is.
    pub fn advance(&mut self) -> Option<usize> {
        let next = self.next_live(self.head);
        let to = next.unwrap_or(self.bytes.len());
        self.dead -= to - self.head;
        self.head = to;
        next
    }

    /// Offsets of the live items.
    pub fn live(&self) -> impl Iterator<Item = usize> {
        std::iter::successors(self.next_live(self.head), |offset| self.next_live(offset + self.item(*offset).bytes()))
    }

    /// When the next visit pays: once a good part of the live bytes has expired.
    pub fn plan_visit(&mut self) {
        let mut expiries: Vec<(Seconds, usize)> = self
            .live()
            .map(|offset| self.item(offset))
            .filter(|item| item.expires_at() != 0)
            .map(|item| (item.expires_at(), item.bytes()))
            .collect();
        expiries.sort_unstable();
        let mut wanted = expiries.iter().map(|(_, bytes)| bytes).sum::<usize>() / VISIT_SHARE;
        let enough = expiries.iter().find(|(_, bytes)| {
            let reached = *bytes >= wanted;
            wanted = wanted.saturating_sub(*bytes);
            reached
        });
        self.visit_at = enough.map_or(Seconds::MAX, |(at, _)| *at);
    }

    /// # Panics
    /// When a counter is wrong.
    pub fn validate(&self) {
        let (mut at, mut live, mut live_bytes) = (self.head, 0, 0);
        while at < self.bytes.len() {
            let stretch = Stretch::first_of(&self.bytes[at..]);
            if matches!(&stretch, Stretch::Item(item) if !item.has(mark::DEAD)) {
                live += 1;
                live_bytes += stretch.bytes();
            }
            at += stretch.bytes();
        }
        assert_eq!(at, self.bytes.len(), "items end where the segment ends");
        assert!(self.bytes.capacity() <= self.size, "a segment keeps to its size");
        assert_eq!(self.live_items, live, "live items are counted");
        assert_eq!(self.dead, self.end() - self.head - live_bytes, "dead bytes are counted");
    }
}

/// A shard's segments by number; a place is a number (from one on, for no place is 0) and an offset.
pub(crate) struct Segments {
    table: Slab<Segment>,
    bits: u32,
    cost: usize,
}

impl Segments {
    pub fn new(bits: u32) -> Self {
        Self { table: Slab::new(), bits, cost: 0 }
    }

    pub fn size(&self) -> usize {
        1 << self.bits
    }

    pub fn count(&self) -> usize {
        self.table.len()
    }

    pub fn place(&self, number: usize, offset: usize) -> usize {
        (number + 1) << self.bits | offset
    }

    #[inline]
    pub fn split(&self, place: usize) -> (usize, usize) {
        ((place >> self.bits) - 1, place & ((1 << self.bits) - 1))
    }

    /// What all segments take from the system.
    pub fn cost(&self) -> usize {
        self.cost
    }

    /// What a new segment for so many bytes takes at first.
    pub fn cost_for(&self, bytes: usize) -> usize {
        capacity_for(self.size(), bytes) + OVERHEAD
    }

    pub fn open(&mut self, sequence: u64, lane: Lane, bytes: usize) -> usize {
        let segment = Segment::new(self.size(), bytes, sequence, lane);
        self.cost += segment.cost();
        self.table.insert(segment)
    }

    /// Makes room for so many bytes more, which fit.
    pub fn grow(&mut self, number: usize, bytes: usize) {
        let segment = &mut self.table[number];
        let growth = segment.growth_for(bytes);
        if growth > 0 {
            segment.bytes.reserve_exact(segment.bytes.capacity() + growth - segment.bytes.len());
            self.cost += growth;
        }
    }

    /// What that gave back.
    pub fn close(&mut self, number: usize) -> usize {
        let freed = self.table.remove(number).cost();
        self.cost -= freed;
        freed
    }

    pub fn clear(&mut self) {
        *self = Self::new(self.bits);
    }

    /// # Panics
    /// When the cost is wrong.
    pub fn validate(&self) {
        let cost: usize = self.table.iter().map(|(_, segment)| segment.cost()).sum();
        assert_eq!(self.cost, cost, "segments are charged as they are");
    }

    #[inline]
    pub fn get(&self, number: usize) -> &Segment {
        &self.table[number]
    }

    #[inline]
    pub fn get_mut(&mut self, number: usize) -> &mut Segment {
        &mut self.table[number]
    }

    #[inline]
    pub fn item(&self, place: usize) -> ItemBytes<'_> {
        let (number, offset) = self.split(place);
        self.table[number].item(offset)
    }

    #[inline]
    pub fn address(&self, place: usize) -> usize {
        let (number, offset) = self.split(place);
        self.table[number].bytes.as_ptr().addr() + offset
    }

    #[inline]
    pub fn item_mut(&mut self, place: usize) -> ItemBytesMut<'_> {
        let (number, offset) = self.split(place);
        self.table[number].item_mut(offset)
    }

    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Segment)> {
        self.table.iter()
    }

    /// The segment with this number or the next one there is.
    pub fn at_or_after(&self, number: usize) -> Option<(usize, &Segment)> {
        self.table.iter().find(|(found, _)| *found >= number)
    }
}

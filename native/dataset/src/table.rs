//! A hash table that grows and shrinks by small steps and can be walked with a cursor: of items in a database, of elements in a large
//! collection. It is used like hashbrown's `HashTable`: hashes come from outside.
//!
//! ```text
//!   segments: 0 1 2 3 4 5          a small hashbrown table each; the hash's lower bits name one (linear hashing)
//!   growing:  2 splits into 2 and 6     shrinking: 5 goes back into 1
//! ```
//!
//! A walk goes by the *order* of the hash (its lower bits reversed): whatever splits or joins meanwhile, a segment holds an interval
//! of it. So what is there from the beginning to the end of a walk is met exactly once, and what comes or goes, at most once.

use std::fmt;

use hashbrown::hash_table::{HashTable, OccupiedEntry};

use crate::prefetch;

/// Elements in a segment, on average, before another one is made. An insertion moves at most some two hundred.
const FILL: usize = 64;

/// Bits of a hash that name segments at most: those above place elements within one.
const SEGMENT_BITS: u32 = 26;

/// Tries of a random pick before it settles for one that is only nearly fair.
const PICKS_MAX: usize = 128;

/// The hash of bytes, the same everywhere in this process: no other process's, so that nobody can choose keys that collide.
#[inline]
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    use std::sync::LazyLock;
    static STATE: LazyLock<hashbrown::DefaultHashBuilder> = LazyLock::new(Default::default);
    let mut hasher = STATE.build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

/// Elements by hash. All hashes and hashers given to one table agree.
#[derive(Clone)]
pub struct Table<T> {
    segments: Vec<HashTable<T>>,
    /// Where the tags of each segment lie, as far as is known: a hint for `bring_slot`.
    tags: Vec<usize>,
    len: usize,
    /// Bytes that the segments' tables take.
    allocated: usize,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { segments: Vec::new(), tags: Vec::new(), len: 0, allocated: 0 }
    }
}

impl<T: fmt::Debug> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Where a segment's own table puts it.
#[inline]
fn inner(hash: u64) -> u64 {
    hash.rotate_right(SEGMENT_BITS)
}

/// Where a walk meets it.
pub(crate) fn order(hash: u64) -> u32 {
    (hash as u32).reverse_bits()
}

/// Where the tags of an entry's table begin: hashbrown lays its elements down before them, the first one last.
fn tags_behind<T>(entry: &OccupiedEntry<'_, T>) -> usize {
    std::ptr::from_ref(entry.get()).addr() + (entry.bucket_index() + 1) * size_of::<T>()
}

impl<T> Table<T> {
    /// Elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Without elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that it has taken, the structure itself not counted; known without a walk.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.allocated
            + self.segments.capacity() * size_of::<HashTable<T>>()
            + self.tags.capacity() * size_of::<usize>()
    }

    /// Segments: each insertion makes at most one more, each removal at most one less.
    pub(crate) fn segments(&self) -> usize {
        self.segments.len()
    }

    /// The elements of one of them.
    pub(crate) fn segment(&self, number: usize) -> impl Iterator<Item = &T> {
        self.segments[number].iter()
    }

    /// The segment of a hash, where there are any.
    #[inline]
    pub(crate) fn segment_of(&self, hash: u64) -> usize {
        let count = self.segments.len().max(1);
        let round = 1 << count.ilog2();
        let wide = hash as usize & (2 * round - 1);
        if wide < count { wide } else { wide & (round - 1) }
    }

    /// The one of this hash that is meant.
    #[must_use]
    #[inline]
    pub fn find(&self, hash: u64, is_meant: impl FnMut(&T) -> bool) -> Option<&T> {
        self.segments.get(self.segment_of(hash))?.find(inner(hash), is_meant)
    }

    /// The same, to be changed (not its hash).
    #[inline]
    pub fn find_mut(&mut self, hash: u64, is_meant: impl FnMut(&T) -> bool) -> Option<&mut T> {
        let at = self.segment_of(hash);
        self.segments.get_mut(at)?.find_mut(inner(hash), is_meant)
    }

    /// One more; the caller knows that it is not there.
    pub fn insert(&mut self, hash: u64, element: T, hasher: impl Fn(&T) -> u64) -> &mut T {
        if self.len >= self.segments.len() * FILL {
            self.split(&hasher);
        }
        let at = self.segment_of(hash);
        let segment = &mut self.segments[at];
        if segment.len() == segment.capacity() {
            self.allocated -= segment.allocation_size();
            segment.reserve(1, |element| inner(hasher(element)));
            self.allocated += segment.allocation_size();
        }
        self.len += 1;
        let entry = segment.insert_unique(inner(hash), element, |element| inner(hasher(element)));
        self.tags[at] = tags_behind(&entry);
        entry.into_mut()
    }

    /// Makes room for so many elements in all, if it has less, as they will lie when they are there: on the way nothing is divided.
    pub fn reserve(&mut self, count: usize, hasher: impl Fn(&T) -> u64) {
        let wanted = count.div_ceil(FILL);
        if wanted <= self.segments.len() {
            return;
        }
        let former = std::mem::take(&mut self.segments);
        self.segments.resize_with(wanted, HashTable::new);
        let room = |at| {
            let share = (count as u64 * self.orders_of(at)) >> u32::BITS;
            // Half a deviation less: where a segment's table would be twice as large for a few elements, it is when they come.
            HashTable::with_capacity((share - share.isqrt() / 2) as usize)
        };
        self.segments = (0..wanted).map(room).collect();
        self.allocated = self.segments.iter().map(HashTable::allocation_size).sum();
        self.tags = vec![0; wanted];
        self.len = 0;
        for element in former.into_iter().flatten() {
            self.insert(hasher(&element), element, &hasher);
        }
    }

    /// Brings near what a search will read first: the tags and the places that belong to them. A hint.
    #[inline]
    pub(crate) fn bring_slot(&self, hash: u64) {
        let at = self.segment_of(hash);
        if let (Some(segment), Some(&tags)) = (self.segments.get(at), self.tags.get(at)) {
            let first = inner(hash) as usize & segment.num_buckets().wrapping_sub(1);
            let slot = tags.wrapping_sub((first + 1) * size_of::<T>());
            prefetch::line(tags.wrapping_add(first));
            prefetch::line(slot);
            prefetch::line(slot.wrapping_sub(prefetch::LINE));
        }
    }

    /// An element that has the hash's tag: most likely the one that a search will find.
    #[inline]
    pub(crate) fn likely(&self, hash: u64) -> Option<&T> {
        self.segments.get(self.segment_of(hash))?.find(inner(hash), |_| true)
    }

    /// Takes the one of this hash that is meant out.
    pub fn remove(&mut self, hash: u64, is_meant: impl FnMut(&T) -> bool, hasher: impl Fn(&T) -> u64) -> Option<T> {
        let at = self.segment_of(hash);
        let entry = self.segments.get_mut(at)?.find_entry(inner(hash), is_meant).ok()?;
        let (element, _) = entry.remove();
        self.len -= 1;
        if self.segments.len() > 1 && self.len < self.segments.len() * (FILL / 4) {
            self.join(&hasher);
        }
        Some(element)
    }

    /// One segment more: the next one in turn is divided.
    fn split(&mut self, hasher: &impl Fn(&T) -> u64) {
        let count = self.segments.len();
        if count == 0 {
            self.segments.push(HashTable::new());
            self.tags.push(0);
            return;
        }
        let parent = count - (1 << count.ilog2());
        let whole = std::mem::take(&mut self.segments[parent]);
        self.allocated -= whole.allocation_size();
        self.segments.push(HashTable::new());
        let mut tags = [0; 2];
        let places = |element: &T| self.segment_of(hasher(element));
        let stay = whole.iter().filter(|element| places(element) == parent).count();
        let mut parts = [HashTable::with_capacity(stay), HashTable::with_capacity(whole.len() - stay)];
        for element in whole {
            let hash = hasher(&element);
            let goes = usize::from(self.segment_of(hash) != parent);
            let entry = parts[goes].insert_unique(inner(hash), element, |element| inner(hasher(element)));
            tags[goes] = tags_behind(&entry);
        }
        self.allocated += parts.iter().map(HashTable::allocation_size).sum::<usize>();
        [self.segments[parent], self.segments[count]] = parts;
        self.tags[parent] = tags[0];
        self.tags.push(tags[1]);
    }

    /// One segment less: the last one goes back to where it came from.
    fn join(&mut self, hasher: &impl Fn(&T) -> u64) {
        let Some(last) = self.segments.pop() else { return };
        self.tags.pop();
        let count = self.segments.len();
        let parent = std::mem::take(&mut self.segments[count - (1 << count.ilog2())]);
        self.allocated -= last.allocation_size() + parent.allocation_size();
        let mut whole = HashTable::with_capacity(last.len() + parent.len());
        for element in parent.into_iter().chain(last) {
            whole.insert_unique(inner(hasher(&element)), element, |element| inner(hasher(element)));
        }
        self.allocated += whole.allocation_size();
        self.segments[count - (1 << count.ilog2())] = whole;
        if self.segments.capacity() > 4 * count {
            self.segments.shrink_to(2 * count);
            self.tags.shrink_to(2 * count);
        }
    }

    /// Every element, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.segments.iter().flatten()
    }

    /// The next elements of a walk: about `count` of them, from `cursor` on (0 at first). Returns the cursor to go on with, 0 at the end.
    pub fn scan<'t>(
        &'t self,
        cursor: u64,
        count: usize,
        hasher: impl Fn(&T) -> u64,
        mut visit: impl FnMut(&'t T),
    ) -> u64 {
        let (mut position, mut left) = (cursor, count.max(1));
        while position <= u64::from(u32::MAX) && !self.segments.is_empty() && left > 0 {
            let from = position as u32;
            let at = self.segment_of(from.reverse_bits().into());
            let mut met: Vec<(u32, &T)> =
                self.segments[at].iter().map(|element| (order(hasher(element)), element)).collect();
            met.retain(|(order, _)| *order >= from);
            let mut end = self.end_of(at);
            if met.len() > left {
                met.sort_unstable_by_key(|(order, _)| *order);
                // Elements of one order are met together: a cursor can't stand between them.
                let last = met[left - 1].0;
                met.truncate(met.partition_point(|(order, _)| *order <= last));
                end = u64::from(last) + 1;
            }
            met.iter().for_each(|(_, element)| visit(element));
            left = left.saturating_sub(met.len());
            position = end;
        }
        if position > u64::from(u32::MAX) || self.segments.is_empty() { 0 } else { position }
    }

    /// The elements of the segment where a walk with this cursor goes on.
    pub(crate) fn ahead(&self, cursor: u64) -> impl Iterator<Item = &T> {
        let segment = self.segments.get(self.segment_of((cursor as u32).reverse_bits().into()));
        segment.into_iter().flatten()
    }

    /// Where the interval of orders that a segment holds ends.
    fn end_of(&self, segment: usize) -> u64 {
        u64::from((segment as u32).reverse_bits()) + self.orders_of(segment)
    }

    /// How long that interval is.
    fn orders_of(&self, segment: usize) -> u64 {
        let round = self.segments.len().ilog2();
        let is_divided = segment >> round == 1 || segment + (1 << round) < self.segments.len();
        1 << (u32::BITS - round - u32::from(is_divided))
    }

    /// Any element, each as likely as the others; `draw` gives random numbers.
    pub fn random(&self, mut draw: impl FnMut() -> u64) -> Option<&T> {
        if self.is_empty() {
            return None;
        }
        let below = |bound: usize, drawn: u64| ((u128::from(drawn) * bound as u128) >> 64) as usize;
        // All buckets alike: as many are drawn from in each segment, and those that don't exist count as empty.
        let mut widest = 4 * FILL;
        for _ in 0..PICKS_MAX {
            let segment = &self.segments[below(self.segments.len(), draw())];
            widest = widest.max(segment.num_buckets());
            if let Some(found) = segment.get_bucket(below(widest, draw())) {
                return Some(found);
            }
        }
        let from = below(self.segments.len(), draw());
        let (before, behind) = self.segments.split_at(from);
        let segment = behind.iter().chain(before).find(|segment| !segment.is_empty())?;
        segment.iter().nth(below(segment.len(), draw()))
    }

    /// # Panics
    /// When a count is wrong or an element stands where it is not looked for.
    pub fn validate(&self, hasher: impl Fn(&T) -> u64) {
        assert_eq!(self.len, self.segments.iter().map(HashTable::len).sum(), "elements are counted");
        let allocated: usize = self.segments.iter().map(HashTable::allocation_size).sum();
        assert_eq!(self.allocated, allocated, "what the segments take is counted");
        assert!(self.len <= self.segments.len() * FILL, "there are segments enough");
        for (number, segment) in self.segments.iter().enumerate() {
            for element in segment {
                assert_eq!(self.segment_of(hasher(element)), number, "an element is in its segment");
            }
        }
    }
}

#[cfg(test)]
mod tests;

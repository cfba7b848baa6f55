//! Elements packed into one allocation, `size element size` each, so that they are walked from both ends. Room is kept at the front
//! as well as at the back: pushing and popping moves nothing but the element. It knows no list.
//!
//! ```text
//!   bytes   ── gap ──│5 hello 5│5 world 5│── spare capacity ──
//!           0        start               len
//! ```

use super::End;

/// What a node may hold before it is full; an element that is larger has a node of its own.
pub(crate) const NODE_BYTES: usize = 8192;

/// A size up to `SHORT_MAX` is one byte, any other is this mark and four bytes.
const LONG: u8 = 255;
const SHORT_MAX: usize = 254;
const LONG_BYTES: usize = 5;

/// Nodes that waste less than this are let alone.
const WASTE_MIN: usize = 128;

/// Bytes that an element takes.
pub(super) fn entry_bytes(element: &[u8]) -> usize {
    element.len() + 2 * if element.len() <= SHORT_MAX { 1 } else { LONG_BYTES }
}

/// Elements in one allocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    bytes: Vec<u8>,
    start: u32,
    count: u32,
}

impl Node {
    /// An empty one with room for so many bytes at one end.
    pub(super) fn with_room(end: End, room: usize) -> Self {
        let mut bytes = Vec::with_capacity(room);
        if end == End::Front {
            bytes.resize(room, 0);
        }
        Self { start: bytes.len() as u32, bytes, count: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    /// Bytes of its elements.
    pub(super) fn used(&self) -> usize {
        self.bytes.len() - self.start as usize
    }

    /// Bytes that it takes.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// One more element of this size does not make it too full.
    pub(super) fn fits(&self, element: &[u8]) -> bool {
        self.used() + entry_bytes(element) <= NODE_BYTES
    }

    pub(super) fn elements(&self) -> Elements<'_> {
        Elements { rest: &self.bytes[self.start as usize..] }
    }

    /// The elements from the `at`-th on.
    pub(super) fn elements_from(&self, at: usize) -> Elements<'_> {
        let mut elements = self.elements();
        if at <= self.len() / 2 {
            elements.skip_some(End::Front, at);
        } else {
            let mut before = elements;
            before.skip_some(End::Back, self.len() - at);
            elements.rest = &elements.rest[before.rest.len()..];
        }
        elements
    }

    pub(super) fn end(&self, end: End) -> Option<&[u8]> {
        match end {
            End::Front => self.elements().next(),
            End::Back => self.elements().next_back(),
        }
    }

    pub(super) fn push(&mut self, end: End, element: &[u8]) {
        match end {
            End::Front => self.push_front(element),
            End::Back => self.push_back(element),
        }
        self.count += 1;
    }

    fn push_back(&mut self, element: &[u8]) {
        let size = entry_bytes(element);
        if self.bytes.capacity() - self.bytes.len() < size {
            self.make_room_behind(size);
        }
        encode(element, |part| self.bytes.extend_from_slice(part));
    }

    fn push_front(&mut self, element: &[u8]) {
        let size = entry_bytes(element);
        if (self.start as usize) < size {
            self.make_room_before(size);
        }
        self.start -= size as u32;
        let mut at = self.start as usize;
        encode(element, |part| {
            self.bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        });
    }

    /// A quarter more than is used, so that a node grows in few steps and wastes little; none beyond a full node.
    fn spare(&self) -> usize {
        (self.used() / 4).max(16).min(NODE_BYTES.saturating_sub(self.used()))
    }

    fn make_room_behind(&mut self, size: usize) {
        let spare = self.spare();
        if self.start as usize >= size + spare {
            self.bytes.drain(..self.start as usize);
        } else {
            let mut bytes = Vec::with_capacity(self.used() + size + spare);
            bytes.extend_from_slice(&self.bytes[self.start as usize..]);
            self.bytes = bytes;
        }
        self.start = 0;
    }

    fn make_room_before(&mut self, size: usize) {
        let (spare, used, start) = (self.spare(), self.used(), self.start as usize);
        let free = self.bytes.capacity() - used;
        if free >= size + spare {
            self.bytes.resize(used + free, 0);
            self.bytes.copy_within(start..start + used, free);
            self.start = free as u32;
        } else {
            let gap = size + spare;
            let mut bytes = Vec::with_capacity(gap + used);
            bytes.resize(gap, 0);
            bytes.extend_from_slice(&self.bytes[start..]);
            self.bytes = bytes;
            self.start = gap as u32;
        }
    }

    /// Drops so many elements, at most all, at one end.
    pub(super) fn drop_end(&mut self, end: End, count: usize) {
        let mut elements = self.elements();
        elements.skip_some(end, count);
        let left = elements.rest.len();
        match end {
            End::Front => self.start = (self.bytes.len() - left) as u32,
            End::Back => self.bytes.truncate(self.start as usize + left),
        }
        self.count -= count as u32;
        self.give_back();
    }

    /// Gives memory back once half of it is empty.
    fn give_back(&mut self) {
        if self.capacity() > WASTE_MIN && self.used() < self.capacity() / 2 {
            self.bytes.drain(..self.start as usize);
            self.start = 0;
            self.bytes.shrink_to(self.used() + self.spare());
        }
    }

    /// What stands from the `at`-th element on, as a node of its own.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let behind = self.elements_from(at).rest.to_vec();
        self.bytes.truncate(self.bytes.len() - behind.len());
        let count = self.count - at as u32;
        self.count = at as u32;
        self.give_back();
        Self { bytes: behind, start: 0, count }
    }

    /// Appends all elements of another one.
    pub(super) fn append(&mut self, other: &Self) {
        let added = &other.bytes[other.start as usize..];
        if self.bytes.capacity() - self.bytes.len() < added.len() {
            self.make_room_behind(added.len());
        }
        self.bytes.extend_from_slice(added);
        self.count += other.count;
    }

    /// Removes so many (0 or 1) elements at a place and inserts one there; false if that would make it too full.
    pub(super) fn splice(&mut self, at: usize, removed: usize, element: &[u8]) -> bool {
        let mut behind = self.elements_from(at);
        let before = behind.rest.len();
        behind.skip_some(End::Front, removed);
        let gone = before - behind.rest.len();
        let size = entry_bytes(element);
        if self.used() - gone + size > NODE_BYTES && self.len() > removed {
            return false;
        }
        if self.bytes.capacity() - self.bytes.len() + gone < size {
            self.make_room_behind(size);
        }
        let at = self.bytes.len() - before;
        let mut entry = Vec::with_capacity(size);
        encode(element, |part| entry.extend_from_slice(part));
        self.bytes.splice(at..at + gone, entry);
        self.count = self.count + 1 - removed as u32;
        self.give_back();
        true
    }

    /// Removes elements equal to this one, but for the first `skip`, and at most `limit`; some are to be removed.
    pub(super) fn remove(&mut self, element: &[u8], skip: usize, limit: usize) {
        let mut kept = Vec::with_capacity(self.used());
        let (mut seen, mut count) = (0, 0);
        for found in self.elements() {
            let is_equal = found == element;
            if !is_equal || seen < skip || seen - skip >= limit {
                encode(found, |part| kept.extend_from_slice(part));
                count += 1;
            }
            seen += usize::from(is_equal);
        }
        *self = Self { bytes: kept, start: 0, count };
        self.give_back();
    }

    /// # Panics
    /// When the elements read differently from the two ends, or are not as many as counted.
    pub(super) fn validate(&self) {
        let forward: Vec<_> = self.elements().collect();
        let mut backward: Vec<_> = self.elements().rev().collect();
        backward.reverse();
        assert_eq!(forward, backward, "a node reads alike from both ends");
        assert_eq!(forward.len(), self.len(), "a node's elements are counted");
        let used: usize = forward.iter().map(|element| entry_bytes(element)).sum();
        assert_eq!(used, self.used(), "a node holds nothing but elements");
        assert!(used <= NODE_BYTES || self.len() == 1, "only a single element overfills a node");
    }
}

/// Hands out the parts of an element's entry in order.
fn encode(element: &[u8], mut put: impl FnMut(&[u8])) {
    if element.len() <= SHORT_MAX {
        let mark = [element.len() as u8];
        [&mark, element, &mark].into_iter().for_each(put);
    } else {
        let size = (element.len() as u32).to_le_bytes();
        put(&[LONG]);
        [&size, element, &size].into_iter().for_each(&mut put);
        put(&[LONG]);
    }
}

/// Walks a node from either end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Elements<'a> {
    rest: &'a [u8],
}

impl Elements<'_> {
    /// Goes over so many at one end.
    fn skip_some(&mut self, end: End, count: usize) {
        for _ in 0..count {
            match end {
                End::Front => self.next(),
                End::Back => self.next_back(),
            };
        }
    }
}

fn long_size(bytes: &[u8]) -> usize {
    bytes.first_chunk().map_or(0, |size| u32::from_le_bytes(*size) as usize)
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let (&mark, rest) = self.rest.split_first()?;
        let (skip, size) = if mark == LONG { (LONG_BYTES - 1, long_size(rest)) } else { (0, usize::from(mark)) };
        let (element, rest) = rest[skip..].split_at(size);
        self.rest = &rest[skip + 1..];
        Some(element)
    }
}

impl DoubleEndedIterator for Elements<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        let (&mark, rest) = self.rest.split_last()?;
        let skip = if mark == LONG { LONG_BYTES - 1 } else { 0 };
        let (rest, size) = rest.split_at(rest.len() - skip);
        let size = if mark == LONG { long_size(size) } else { usize::from(mark) };
        let (rest, element) = rest.split_at(rest.len() - size);
        self.rest = &rest[..rest.len() - skip - 1];
        Some(element)
    }
}

//! Some entries of a stream, one behind the other, as Redis lays them out in a listpack: the ids as distances from the first one's,
//! the fields left out where they are the first entry's.
//!
//! ```text
//!   entries, deleted, fields, field …, 0 | flags, ms, seq, [fields,] [field,] value …, elements | …
//! ```

use super::listpack::{Element, put, read};
use super::{Id, NODE_BYTES, NODE_ENTRIES};

/// Bytes of a listpack around its elements.
const FRAME: usize = 7;
/// The entry is gone.
const DELETED: i64 = 1;
/// It has the first entry's fields.
const SAME_FIELDS: i64 = 2;

/// Entries that stand together. What it is kept under is the id that distances count from.
#[derive(Clone, Debug)]
pub(super) struct Block {
    bytes: Vec<u8>,
}

/// One entry, with its fields and values.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'s> {
    /// Its id.
    pub id: Id,
    block: &'s Block,
    /// Fields and their values.
    pairs: usize,
    /// Where the next field is read.
    field: usize,
    /// Where the next value is read; with fields of its own, the same.
    value: Option<usize>,
}

/// An entry's place in its block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) id: Id,
    pub(super) at: usize,
    flags: i64,
    /// Behind its id.
    body: usize,
    /// Behind it all.
    end: usize,
}

impl Place {
    pub(super) fn is_deleted(self) -> bool {
        self.flags & DELETED != 0
    }
}

fn integer(bytes: &[u8], at: usize) -> (i64, usize) {
    match read(bytes, at) {
        (Element::Integer(value), next) => (value, next),
        (Element::Bytes(_), next) => (0, next),
    }
}

fn skip(bytes: &[u8], at: usize, elements: usize) -> usize {
    (0..elements).fold(at, |at, _| read(bytes, at).1)
}

fn put_number(out: &mut Vec<u8>, value: u64) {
    // Distances may be beyond what is signed: Redis lets them wrap, and so they come back.
    put(out, Element::Integer(value as i64));
}

impl Block {
    /// A block of this first entry.
    pub(super) fn new(id: Id, words: &[&[u8]]) -> Self {
        let mut block = Self { bytes: Vec::new() };
        put_number(&mut block.bytes, 0);
        put_number(&mut block.bytes, 0);
        put_number(&mut block.bytes, words.len() as u64 / 2);
        words.iter().step_by(2).for_each(|field| put(&mut block.bytes, Element::of(field)));
        put_number(&mut block.bytes, 0);
        block.append(id, id, words);
        block
    }

    /// An entry of these words may still be appended.
    pub(super) fn has_room(&self, words: &[&[u8]]) -> bool {
        let more: usize = words.iter().map(|word| word.len()).sum();
        let (count, deleted) = self.counts();
        self.bytes.len() + FRAME + more < NODE_BYTES && count + deleted < NODE_ENTRIES
    }

    /// Entries there are, and deleted ones.
    pub(super) fn counts(&self) -> (usize, usize) {
        let (count, next) = integer(&self.bytes, 0);
        (count as usize, integer(&self.bytes, next).0 as usize)
    }

    fn set_counts(&mut self, count: usize, deleted: usize) {
        let (_, next) = integer(&self.bytes, 0);
        let (_, end) = integer(&self.bytes, next);
        let mut counts = Vec::with_capacity(8);
        put_number(&mut counts, count as u64);
        put_number(&mut counts, deleted as u64);
        if counts.len() == end {
            self.bytes[..end].copy_from_slice(&counts);
        } else {
            self.bytes.splice(..end, counts);
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// Where the first entry's fields begin, how many they are, and where the entries begin.
    fn master(&self) -> (usize, usize, usize) {
        let (count, fields) = integer(&self.bytes, skip(&self.bytes, 0, 2));
        (fields, count as usize, skip(&self.bytes, fields, count as usize + 1))
    }

    fn has_fields(&self, words: &[&[u8]]) -> bool {
        let (count, mut at) = integer(&self.bytes, skip(&self.bytes, 0, 2));
        count as usize * 2 == words.len()
            && words.iter().step_by(2).all(|field| {
                let (element, next) = read(&self.bytes, at);
                at = next;
                element.is(field)
            })
    }

    /// Appends an entry.
    pub(super) fn append(&mut self, master: Id, id: Id, words: &[&[u8]]) {
        self.put(master, id, words, self.has_fields(words));
    }

    /// The same, where it is known whether its fields are the first entry's.
    pub(super) fn put(&mut self, master: Id, id: Id, words: &[&[u8]], is_same: bool) {
        debug_assert!(!is_same || self.has_fields(words), "they are the same");
        let fields = words.len() / 2;
        let out = &mut self.bytes;
        put_number(out, if is_same { SAME_FIELDS as u64 } else { 0 });
        put_number(out, id.ms.wrapping_sub(master.ms));
        put_number(out, id.seq.wrapping_sub(master.seq));
        if is_same {
            words.iter().skip(1).step_by(2).for_each(|value| put(out, Element::of(value)));
        } else {
            put_number(out, fields as u64);
            words.iter().for_each(|word| put(out, Element::of(word)));
        }
        put_number(out, (3 + if is_same { fields } else { 2 * fields + 1 }) as u64);
        let (count, deleted) = self.counts();
        self.set_counts(count + 1, deleted);
    }

    /// Places of all entries, deleted ones too; `master` is what the block is kept under.
    pub(super) fn places(&self, master: Id) -> impl Iterator<Item = Place> {
        let (_, fields, mut at) = self.master();
        std::iter::from_fn(move || {
            if at >= self.bytes.len() {
                return None;
            }
            let (flags, next) = integer(&self.bytes, at);
            let (ms, next) = integer(&self.bytes, next);
            let (seq, body) = integer(&self.bytes, next);
            let id = Id::new(master.ms.wrapping_add(ms as u64), master.seq.wrapping_add(seq as u64));
            let last = if flags & SAME_FIELDS != 0 {
                skip(&self.bytes, body, fields)
            } else {
                let (own, next) = integer(&self.bytes, body);
                skip(&self.bytes, next, 2 * own as usize)
            };
            let place = Place { id, at, flags, body, end: skip(&self.bytes, last, 1) };
            at = place.end;
            Some(place)
        })
    }

    /// The entry at a place.
    pub(super) fn entry(&self, place: Place) -> Entry<'_> {
        if place.flags & SAME_FIELDS != 0 {
            let (field, pairs, _) = self.master();
            return Entry { id: place.id, block: self, pairs, field, value: Some(place.body) };
        }
        let (pairs, field) = integer(&self.bytes, place.body);
        Entry { id: place.id, block: self, pairs: pairs as usize, field, value: None }
    }

    /// Marks an entry as gone; returns how many are left.
    pub(super) fn delete(&mut self, place: Place) -> usize {
        // Flags are below 128: one byte.
        self.bytes[place.at] |= DELETED as u8;
        let (count, deleted) = self.counts();
        self.set_counts(count - 1, deleted + 1);
        count - 1
    }

    pub(super) fn validate(&self, master: Id) {
        let (count, deleted) = self.counts();
        let (mut is_there, mut is_gone, mut former) = (0, 0, None);
        for place in self.places(master) {
            *if place.is_deleted() { &mut is_gone } else { &mut is_there } += 1;
            assert!(former.is_none_or(|former| former < place.id), "entries stand in the order of their ids");
            former = Some(place.id);
            let before = skip(&self.bytes, place.at, integer(&self.bytes, self.last_element(place)).0 as usize);
            assert_eq!(before, self.last_element(place), "an entry counts its elements");
        }
        assert_eq!((is_there, is_gone), (count, deleted), "a block counts its entries");
        assert!(count > 0, "a block without entries is removed");
    }

    fn last_element(&self, place: Place) -> usize {
        let mut at = place.at;
        loop {
            let next = read(&self.bytes, at).1;
            if next == place.end {
                return at;
            }
            at = next;
        }
    }
}

impl<'s> Iterator for Entry<'s> {
    type Item = (Element<'s>, Element<'s>);

    fn next(&mut self) -> Option<Self::Item> {
        self.pairs = self.pairs.checked_sub(1)?;
        let (field, behind) = read(&self.block.bytes, self.field);
        let (value, next) = read(&self.block.bytes, self.value.unwrap_or(behind));
        if self.value.is_some() {
            (self.field, self.value) = (behind, Some(next));
        } else {
            self.field = next;
        }
        Some((field, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.pairs, Some(self.pairs))
    }
}

impl ExactSizeIterator for Entry<'_> {}

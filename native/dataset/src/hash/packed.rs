//! A small hash in one allocation, in the order in which fields came. Finding a field is a walk.
//!
//! ```text
//!   pair = word field, word value      word = length, bytes      length = 1 byte, or 255 and 4 bytes, the lowest first
//! ```

use std::ops::Range;

/// A length of one byte is at most this.
const SHORT_MAX: usize = 254;
/// Room for pairs grows by this part of what they take.
const GROWTH: usize = 8;
/// Room that is always left.
const SPARE: usize = 64;

/// Fields and their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
    len: u32,
}

/// Where a pair lies: its beginning, the end of its field, and its value without the length.
struct Place {
    start: usize,
    split: usize,
    value: Range<usize>,
}

/// Bytes of a word with its length.
fn word_bytes(word: &[u8]) -> usize {
    word.len() + if word.len() <= SHORT_MAX { 1 } else { 5 }
}

/// Writes a word with its length over exactly its bytes.
fn write_word(place: &mut [u8], word: &[u8]) {
    let head = place.len() - word.len();
    if head == 1 {
        place[0] = word.len() as u8;
    } else {
        place[0] = u8::MAX;
        place[1..5].copy_from_slice(&(word.len() as u32).to_le_bytes());
    }
    place[head..].copy_from_slice(word);
}

/// The word that begins here, without its length.
fn word_at(bytes: &[u8], at: usize) -> Range<usize> {
    match bytes[at] {
        u8::MAX => {
            let length = bytes[at + 1..at + 5].try_into().map_or(0, u32::from_le_bytes);
            at + 5..at + 5 + length as usize
        }
        length => at + 1..at + 1 + usize::from(length),
    }
}

/// A walk over the pairs.
#[derive(Clone, Debug)]
pub(super) struct Pairs<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let field = word_at(self.bytes, self.at);
        let value = word_at(self.bytes, field.end);
        self.at = value.end;
        Some((&self.bytes[field], &self.bytes[value]))
    }
}

impl Packed {
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) fn weight(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn pairs(&self) -> Pairs<'_> {
        Pairs { bytes: &self.bytes, at: 0 }
    }

    fn find(&self, wanted: &[u8]) -> Option<Place> {
        let (bytes, mut at) = (self.bytes.as_slice(), 0);
        while at < bytes.len() {
            let field = word_at(bytes, at);
            let value_at = field.end;
            let value = word_at(bytes, value_at);
            if field.len() == wanted.len() && bytes[field] == *wanted {
                return Some(Place { start: at, split: value_at, value });
            }
            at = value.end;
        }
        None
    }

    pub(super) fn get(&self, field: &[u8]) -> Option<&[u8]> {
        self.find(field).map(|place| &self.bytes[place.value])
    }

    /// Sets a field; true if it is new.
    pub(super) fn set(&mut self, field: &[u8], value: &[u8]) -> bool {
        let Some(Place { split, value: former, .. }) = self.find(field) else {
            self.push(field, value);
            return true;
        };
        if former.len() == value.len() {
            self.bytes[former].copy_from_slice(value);
        } else {
            write_word(self.exchange(split..former.end, word_bytes(value)), value);
        }
        false
    }

    /// Appends a field that is not there.
    pub(super) fn push(&mut self, field: &[u8], value: &[u8]) {
        let (at, split) = (self.bytes.len(), word_bytes(field));
        let (first, second) = self.exchange(at..at, split + word_bytes(value)).split_at_mut(split);
        write_word(first, field);
        write_word(second, value);
        self.len += 1;
    }

    /// Removes a field; false if it was not there.
    pub(super) fn remove(&mut self, field: &[u8]) -> bool {
        let Some(Place { start, value, .. }) = self.find(field) else { return false };
        self.exchange(start..value.end, 0);
        self.len -= 1;
        true
    }

    /// Gives so many bytes the place of others; what they hold is the caller's matter.
    fn exchange(&mut self, range: Range<usize>, length: usize) -> &mut [u8] {
        let (end, former) = (range.start + length, self.bytes.len());
        if length > range.len() {
            let more = length - range.len();
            if self.bytes.capacity() - former < more {
                self.bytes.reserve_exact(more + (former + more) / GROWTH);
            }
            self.bytes.resize(former + more, 0);
        }
        self.bytes.copy_within(range.end..former, end);
        self.bytes.truncate(former + length - range.len());
        if self.bytes.capacity() > 2 * self.bytes.len() + SPARE {
            self.bytes.shrink_to_fit();
        }
        &mut self.bytes[range.start..end]
    }

    pub(super) fn validate(&self) {
        assert_eq!(self.pairs().count(), self.len(), "pairs are counted");
        let bytes: usize = self.pairs().map(|(field, value)| word_bytes(field) + word_bytes(value)).sum();
        assert_eq!(bytes, self.bytes.len(), "pairs are all there is");
        assert!(self.bytes.capacity() <= 2 * self.bytes.len() + SPARE, "not much room is left over");
    }
}

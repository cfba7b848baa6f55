//! A small sorted set: one vector of bytes, its entries in order. It knows no bounds; who uses it asks `fits` first.
//!
//! ```text
//!   count | entry …        entry = head | score | member        head = kind of score * 65 + length of member
//! ```
//!
//! A score takes two bytes, four or eight: most scores are small integers.

use std::cmp::Ordering;

/// The longest member that fits.
pub(super) const MEMBER_MAX: usize = 64;
/// So many members fit.
pub(super) const COUNT_MAX: usize = 128;

/// Heads of one kind.
const LENGTHS: usize = MEMBER_MAX + 1;
/// Bytes of a score, by its kind: a 16-bit integer, a 32-bit integer, a double.
const WIDTHS: [usize; 3] = [2, 4, 8];

/// Entries in order, in one allocation.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
}

/// Scores and members in order, with the offset behind each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a [u8], f64);

    fn next(&mut self) -> Option<Self::Item> {
        let head = usize::from(*self.bytes.get(self.at)?);
        let (kind, length) = (head / LENGTHS, head % LENGTHS);
        let (score, rest) = self.bytes[self.at + 1..].split_at(WIDTHS[kind]);
        self.at += 1 + WIDTHS[kind] + length;
        Some((&rest[..length], unpack(score)))
    }
}

fn unpack(score: &[u8]) -> f64 {
    match *score {
        [a, b] => i16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => i32::from_le_bytes([a, b, c, d]).into(),
        _ => f64::from_le_bytes(score.try_into().expect("the widest score has eight bytes")),
    }
}

/// The kind of a score and its bytes. Minus zero becomes zero, as in Redis's listpacks.
fn pack(score: f64) -> (usize, [u8; 8]) {
    let mut bytes = [0; 8];
    let whole = score as i32;
    if f64::from(whole) != score {
        return (2, score.to_le_bytes());
    }
    let kind = if let Ok(short) = i16::try_from(whole) {
        bytes[..2].copy_from_slice(&short.to_le_bytes());
        0
    } else {
        bytes[..4].copy_from_slice(&whole.to_le_bytes());
        1
    };
    (kind, bytes)
}

/// The order of a sorted set: by score, then by member.
pub(super) fn order(one: (f64, &[u8]), other: (f64, &[u8])) -> Ordering {
    one.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal).then_with(|| one.1.cmp(other.1))
}

impl Packed {
    pub(super) fn len(&self) -> usize {
        self.bytes.first().copied().unwrap_or(0).into()
    }

    pub(super) fn weight(&self) -> usize {
        self.bytes.capacity()
    }

    /// One more member of this length may be added.
    pub(super) fn fits(&self, member: &[u8]) -> bool {
        self.len() < COUNT_MAX && member.len() <= MEMBER_MAX
    }

    pub(super) fn entries(&self) -> Entries<'_> {
        Entries { bytes: &self.bytes, at: 1 }
    }

    /// The rank of a member, and its score.
    pub(super) fn find(&self, member: &[u8]) -> Option<(usize, f64)> {
        self.entries().enumerate().find(|(_, (found, _))| *found == member).map(|(rank, (_, score))| (rank, score))
    }

    /// Adds a member or gives it another score; returns the former one. The member fits.
    pub(super) fn insert(&mut self, member: &[u8], score: f64) -> Option<f64> {
        let (mut found, mut place) = (None, None);
        let mut entries = self.entries();
        let mut start = entries.at;
        while let Some((other, its)) = entries.next() {
            if other == member {
                found = Some((start, entries.at, its));
            } else if place.is_none() && order((its, other), (score, member)).is_gt() {
                place = Some(start);
            }
            start = entries.at;
        }
        let mut place = place.unwrap_or(self.bytes.len());
        if let Some((from, to, former)) = found {
            if former == score {
                return Some(former);
            }
            self.cut(from, to);
            place -= if place > from { to - from } else { 0 };
        }
        self.put(place, member, score);
        found.map(|(_, _, former)| former)
    }

    fn put(&mut self, place: usize, member: &[u8], score: f64) {
        if self.bytes.is_empty() {
            self.bytes.reserve_exact(GROWTH);
            self.bytes.push(0);
        }
        let place = place.max(1);
        let (kind, score) = pack(score);
        let (width, end) = (WIDTHS[kind], self.bytes.len());
        let size = 1 + width + member.len();
        if self.bytes.capacity() < end + size {
            // Growing by halves would waste what packing has saved.
            self.bytes.reserve_exact(size + GROWTH + end / 16);
        }
        self.bytes.resize(end + size, 0);
        self.bytes.copy_within(place..end, place + size);
        self.bytes[place] = (kind * LENGTHS + member.len()) as u8;
        self.bytes[place + 1..=place + width].copy_from_slice(&score[..width]);
        self.bytes[place + 1 + width..place + size].copy_from_slice(member);
        self.bytes[0] += 1;
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.bytes.drain(from..to);
        self.bytes[0] -= 1;
    }

    /// Removes the members of these ranks.
    pub(super) fn remove(&mut self, ranks: std::ops::Range<usize>) {
        let mut entries = self.entries();
        let offset = |entries: &mut Entries<'_>, skip: usize| {
            if skip > 0 {
                entries.nth(skip - 1);
            }
            entries.at
        };
        let from = offset(&mut entries, ranks.start);
        let to = offset(&mut entries, ranks.len());
        self.bytes.drain(from..to);
        self.bytes[0] -= ranks.len() as u8;
        if self.bytes.capacity() > 2 * self.bytes.len() + 2 * GROWTH {
            self.bytes.shrink_to(self.bytes.len() + GROWTH);
        }
    }

    pub(super) fn validate(&self) {
        assert_eq!(self.entries().count(), self.len(), "the members are counted");
        let mut entries = self.entries();
        while entries.next().is_some() {}
        assert!(self.bytes.is_empty() || entries.at == self.bytes.len(), "the last entry ends where the bytes end");
        assert!(self.len() <= COUNT_MAX, "many members are no small set");
    }
}

/// Bytes beside what is needed that are taken when room is made.
const GROWTH: usize = 16;

//! One item's bytes in a segment. It knows neither segments nor index.
//!
//! ```text
//!   key length u8 | marks u8 | value length u16 | accessed u32 | expires u32 | [flags u32] | [cas u64] | key | value
//! ```
//!
//! Nothing is aligned. The value of a LARGE item is the number of its place among the large values. Where an item shrank
//! in place, filler follows it: single `FILLER_BYTE`s, or `FILLER` and a 24-bit length that counts these four bytes too.

use crate::key::KEY_LENGTH_MAX;
use crate::settings::Seconds;

pub(crate) mod mark {
    /// Four bytes of client flags are there.
    pub const FLAGS: u8 = 1;
    /// Eight bytes of CAS value are there.
    pub const CAS: u8 = 2;
    /// The value lies outside the segment.
    pub const LARGE: u8 = 4;
    /// Its CAS value was asked for, and must not change while the version lives.
    pub const OBSERVED: u8 = 8;
    /// Read since it was stored.
    pub const FETCHED: u8 = 16;
    pub const STALE: u8 = 32;
    pub const WON: u8 = 64;
    /// Overwritten, removed, expired or moved away; no index slot points here.
    pub const DEAD: u8 = 128;

    pub fn when(condition: bool, mark: u8) -> u8 {
        if condition { mark } else { 0 }
    }
}

pub(crate) const HEADER_BYTES: usize = 12;
/// The most that an item takes beside key and value.
pub(crate) const OVERHEAD_MAX: usize = HEADER_BYTES + 4 + 8;
/// What a LARGE item keeps in place of its value.
pub(crate) const LARGE_NUMBER_BYTES: usize = 4;

const FILLER_BYTE: u8 = 254;
const FILLER: u8 = 255;

/// An item about to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft<'a> {
    pub key: &'a [u8],
    pub value: &'a [u8],
    /// `LARGE`, `STALE`, `WON`; the layout's bits follow from the fields.
    pub marks: u8,
    pub flags: u32,
    pub cas: Option<u64>,
    pub accessed_at: Seconds,
    pub expires_at: Seconds,
}

impl Draft<'_> {
    pub fn bytes(&self) -> usize {
        let optional = usize::from(self.flags != 0) * 4 + usize::from(self.cas.is_some()) * 8;
        HEADER_BYTES + optional + self.key.len() + self.value.len()
    }

    fn header(&self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        assert!(self.key.len() <= KEY_LENGTH_MAX, "a key is at most {KEY_LENGTH_MAX} bytes long");
        header[0] = self.key.len() as u8;
        header[1] = self.marks | mark::when(self.flags != 0, mark::FLAGS) | mark::when(self.cas.is_some(), mark::CAS);
        let length = u16::try_from(self.value.len()).expect("values in segments are short");
        header[2..4].copy_from_slice(&length.to_le_bytes());
        header[4..8].copy_from_slice(&self.accessed_at.to_le_bytes());
        header[8..].copy_from_slice(&self.expires_at.to_le_bytes());
        header
    }

    /// Hands the item's parts out in order.
    #[inline]
    fn write(&self, mut put: impl FnMut(&[u8])) {
        put(&self.header());
        if self.flags != 0 {
            put(&self.flags.to_le_bytes());
        }
        if let Some(cas) = self.cas {
            put(&cas.to_le_bytes());
        }
        put(self.key);
        put(self.value);
    }

    #[inline]
    pub fn append_to(&self, bytes: &mut Vec<u8>) {
        self.write(|part| bytes.extend_from_slice(part));
    }

    /// Writes over a former item and fills what is left of it.
    pub fn overwrite(&self, bytes: &mut [u8]) {
        let mut at = 0;
        self.write(|part| {
            bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        });
        fill(&mut bytes[at..]);
    }
}

fn fill(gap: &mut [u8]) {
    let length = gap.len();
    if length < 4 {
        gap.fill(FILLER_BYTE);
    } else {
        gap[..4].copy_from_slice(&((length as u32) << 8 | u32::from(FILLER)).to_le_bytes());
    }
}

/// What lies at a place in a segment.
pub(crate) enum Stretch<'a> {
    Item(ItemBytes<'a>),
    Filler(usize),
}

impl<'a> Stretch<'a> {
    /// The stretch that begins `bytes`, which are not empty.
    pub fn first_of(bytes: &'a [u8]) -> Self {
        match bytes[0] {
            FILLER_BYTE => Self::Filler(1),
            FILLER => {
                Self::Filler(u32::from_le_bytes(*bytes.first_chunk().expect("a filler has four bytes")) as usize >> 8)
            }
            _ => Self::Item(ItemBytes::first_of(bytes)),
        }
    }

    pub fn bytes(&self) -> usize {
        match self {
            Self::Item(item) => item.bytes(),
            Self::Filler(bytes) => *bytes,
        }
    }
}

/// An item as it lies there; `bytes` may go on behind it.
#[derive(Clone, Copy)]
pub(crate) struct ItemBytes<'a> {
    header: &'a [u8; HEADER_BYTES],
    rest: &'a [u8],
}

impl<'a> ItemBytes<'a> {
    #[inline]
    pub fn first_of(bytes: &'a [u8]) -> Self {
        let (header, rest) = bytes.split_first_chunk().expect("an item has a header");
        Self { header, rest }
    }

    #[inline]
    pub fn marks(&self) -> u8 {
        self.header[1]
    }

    #[inline]
    pub fn has(&self, mark: u8) -> bool {
        self.marks() & mark != 0
    }

    #[inline]
    fn key_offset(&self) -> usize {
        usize::from(self.marks() & mark::FLAGS) * 4 + usize::from((self.marks() & mark::CAS) >> 1) * 8
    }

    #[inline]
    pub fn key(&self) -> &'a [u8] {
        &self.rest[self.key_offset()..][..usize::from(self.header[0])]
    }

    /// Whether this is its key.
    #[inline]
    pub fn is_of(&self, key: &[u8]) -> bool {
        usize::from(self.header[0]) == key.len() && self.key() == key
    }

    /// Live, and marked as read in this very second.
    #[inline]
    pub fn was_read_at(&self, now: Seconds) -> bool {
        self.has(mark::FETCHED) && self.accessed_at() == now && !self.is_expired(now)
    }

    #[inline]
    fn value_length(&self) -> usize {
        usize::from(u16::from_le_bytes([self.header[2], self.header[3]]))
    }

    /// For a LARGE item, its number.
    #[inline]
    pub fn value(&self) -> &'a [u8] {
        &self.rest[self.key_offset() + usize::from(self.header[0])..][..self.value_length()]
    }

    #[inline]
    pub fn large_number(&self) -> Option<usize> {
        let number =
            || u32::from_le_bytes(*self.value().first_chunk().expect("a large item holds its number")) as usize;
        self.has(mark::LARGE).then(number)
    }

    #[inline]
    pub fn bytes(&self) -> usize {
        HEADER_BYTES + self.key_offset() + usize::from(self.header[0]) + self.value_length()
    }

    #[inline]
    pub fn flags(&self) -> u32 {
        let flags = || u32::from_le_bytes(*self.rest.first_chunk().expect("flags are there"));
        if self.has(mark::FLAGS) { flags() } else { 0 }
    }

    #[inline]
    pub fn cas(&self) -> Option<u64> {
        let offset = usize::from(self.marks() & mark::FLAGS) * 4;
        let cas = || u64::from_le_bytes(*self.rest[offset..].first_chunk().expect("a CAS value is there"));
        self.has(mark::CAS).then(cas)
    }

    #[inline]
    pub fn accessed_at(&self) -> Seconds {
        Seconds::from_le_bytes(*self.header[4..].first_chunk().expect("the header is twelve bytes"))
    }

    #[inline]
    pub fn expires_at(&self) -> Seconds {
        Seconds::from_le_bytes(*self.header[8..].first_chunk().expect("the header is twelve bytes"))
    }

    #[inline]
    pub fn is_expired(&self, now: Seconds) -> bool {
        (1..=now).contains(&self.expires_at())
    }

    /// The bytes of this item alone.
    pub fn copy(&self) -> Vec<u8> {
        [&self.header[..], &self.rest[..self.bytes() - HEADER_BYTES]].concat()
    }

    /// The same item, to be written again elsewhere.
    pub fn draft(&self) -> Draft<'a> {
        Draft {
            key: self.key(),
            value: self.value(),
            marks: self.marks() & !(mark::FLAGS | mark::CAS),
            flags: self.flags(),
            cas: self.cas(),
            accessed_at: self.accessed_at(),
            expires_at: self.expires_at(),
        }
    }
}

/// Changes an item in place; `bytes` begin with it.
pub(crate) struct ItemBytesMut<'a>(pub &'a mut [u8]);

impl ItemBytesMut<'_> {
    #[inline]
    pub fn set_marks(&mut self, marks: u8) {
        self.0[1] = marks;
    }

    #[inline]
    pub fn add_marks(&mut self, marks: u8) {
        self.0[1] |= marks;
    }

    #[inline]
    pub fn set_accessed_at(&mut self, now: Seconds) {
        self.0[4..8].copy_from_slice(&now.to_le_bytes());
    }

    #[inline]
    pub fn set_expires_at(&mut self, at: Seconds) {
        self.0[8..12].copy_from_slice(&at.to_le_bytes());
    }

    /// Where a CAS value is there already.
    pub fn set_cas(&mut self, cas: u64) {
        let offset = HEADER_BYTES + usize::from(self.0[1] & mark::FLAGS) * 4;
        self.0[offset..offset + 8].copy_from_slice(&cas.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft<'static> {
        Draft {
            key: b"key",
            value: b"value",
            marks: mark::STALE,
            flags: 7,
            cas: Some(9),
            accessed_at: 3,
            expires_at: 5,
        }
    }

    #[test]
    fn an_item_reads_back_as_it_was_drafted() {
        for (flags, cas) in [(0, None), (7, None), (0, Some(9)), (7, Some(9))] {
            let draft = Draft { flags, cas, ..draft() };
            let mut bytes = Vec::new();
            draft.append_to(&mut bytes);
            assert_eq!(bytes.len(), draft.bytes());
            let item = ItemBytes::first_of(&bytes);
            assert_eq!((item.bytes(), item.key(), item.value()), (bytes.len(), &b"key"[..], &b"value"[..]));
            assert_eq!((item.flags(), item.cas(), item.accessed_at(), item.expires_at()), (flags, cas, 3, 5));
            assert!(item.has(mark::STALE) && !item.has(mark::WON));
        }
    }

    #[test]
    fn what_an_overwrite_leaves_is_filler_of_the_right_length() {
        for gap in 0..300 {
            let mut bytes = vec![0; draft().bytes() + gap];
            draft().overwrite(&mut bytes);
            let mut at = draft().bytes();
            while at < bytes.len() {
                let stretch = Stretch::first_of(&bytes[at..]);
                assert!(matches!(stretch, Stretch::Filler(_)));
                at += stretch.bytes();
            }
            assert_eq!(at, bytes.len());
        }
    }

    #[test]
    fn an_item_is_expired_from_its_second_on() {
        let mut bytes = Vec::new();
        draft().append_to(&mut bytes);
        let item = ItemBytes::first_of(&bytes);
        assert!(!item.is_expired(4) && item.is_expired(5) && item.is_expired(6));
    }
}

//! Small collections in one piece: Redis's ziplists, listpacks, intsets and zipmaps, each an iterator over its elements that ends with
//! the first one that is wrong.

mod intset;
mod listpack;
mod ziplist;
mod zipmap;

pub(crate) use listpack::count;

use intset::Intset;
use listpack::Listpack;
use ziplist::Ziplist;
use zipmap::Zipmap;

use crate::Wrong;

/// An element: bytes, or an integer that stands for its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
}

impl Element<'_> {
    /// Does something with its bytes.
    pub(crate) fn with<R>(self, then: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Self::Bytes(bytes) => then(bytes),
            Self::Integer(value) => then(itoa::Buffer::new().format(value).as_bytes()),
        }
    }

    /// The score that it says.
    pub(crate) fn score(self) -> Result<f64, Wrong> {
        match self {
            Self::Integer(value) => Ok(value as f64),
            Self::Bytes(bytes) => text_score(bytes),
        }
    }
}

/// A score in decimal digits.
pub(crate) fn text_score(bytes: &[u8]) -> Result<f64, Wrong> {
    let score: Option<f64> = std::str::from_utf8(bytes).ok().and_then(|text| text.trim().parse().ok());
    score.filter(|score| !score.is_nan()).ok_or(Wrong::Corrupt("a sorted set's score is no number"))
}

/// The bytes at a place, as an array.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// A signed integer of so many bytes, the lowest first.
fn integer(bytes: &[u8], at: usize, width: usize) -> Option<i64> {
    let mut value = [0; 8];
    value[8 - width..].copy_from_slice(bytes.get(at..at.checked_add(width)?)?);
    Some(i64::from_le_bytes(value) >> (64 - 8 * width))
}

/// How a piece is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Intset,
    Listpack,
    Ziplist,
    Zipmap,
}

/// The elements of a piece of any form.
pub(crate) enum Elements<'a> {
    Intset(Intset<'a>),
    Listpack(Listpack<'a>),
    Ziplist(Ziplist<'a>),
    Zipmap(Zipmap<'a>),
}

impl<'a> Elements<'a> {
    pub(crate) fn of(form: Form, piece: &'a [u8]) -> Result<Self, Wrong> {
        Ok(match form {
            Form::Intset => Self::Intset(Intset::new(piece)?),
            Form::Listpack => Self::Listpack(Listpack::new(piece)?),
            Form::Ziplist => Self::Ziplist(Ziplist::new(piece)?),
            Form::Zipmap => Self::Zipmap(Zipmap::new(piece)?),
        })
    }

    /// The next one, without which the piece is incomplete.
    pub(crate) fn needed(&mut self) -> Result<Element<'a>, Wrong> {
        self.next().unwrap_or(Err(Wrong::Corrupt("a collection in one piece ends within one of its entries")))
    }

    /// The next one, which is an integer.
    pub(crate) fn number(&mut self) -> Result<i64, Wrong> {
        match self.needed()? {
            Element::Integer(value) => Ok(value),
            Element::Bytes(_) => {
                Err(Wrong::Corrupt("a number should stand in a collection in one piece, but a string does"))
            }
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Intset(intset) => intset.next(),
            Self::Listpack(listpack) => listpack.next(),
            Self::Ziplist(ziplist) => ziplist.next(),
            Self::Zipmap(zipmap) => zipmap.next(),
        }
    }
}

//! The sparse encoding of registers: runs of equal ones, in order.
//!
//! ```text
//!   00nnnnnn            n + 1 zeros
//!   01nnnnnn nnnnnnnn   n + 1 zeros, n of 14 bits
//!   1vvvvvnn            n + 1 registers of value v + 1
//! ```
//!
//! Redis compares strings for equality, so a change must leave the very bytes that it leaves in Redis: a run is split where the
//! register lies, and up to five runs from the one before on are joined where they are neighbours of the same value.

use std::ops::Range;

use super::registers::HEAD;

const LARGE_ZEROS: u8 = 0x40;
const VALUES: u8 = 0x80;
/// What the kinds of runs hold at most.
const ZEROS_MAX: usize = 64;
const VALUES_MAX: usize = 4;
const VALUE_MAX: u8 = 32;
/// Runs that are looked at after a change.
const JOINED: usize = 5;

/// Registers with one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) length: usize,
    pub(super) value: u8,
    /// Zeros in two bytes.
    is_large: bool,
}

impl Run {
    pub(super) fn zeros(length: usize) -> Self {
        Self { length, value: 0, is_large: length > ZEROS_MAX }
    }

    fn of(length: usize, value: u8) -> Self {
        if value == 0 { Self::zeros(length) } else { Self { length, value, is_large: false } }
    }

    /// The first of some bytes. The second byte of two counts as 0 if it is missing.
    fn read(bytes: &[u8]) -> Option<Self> {
        let first = *bytes.first()?;
        Some(if first & VALUES != 0 {
            Self { length: usize::from(first & 3) + 1, value: (first >> 2 & 31) + 1, is_large: false }
        } else if first & LARGE_ZEROS != 0 {
            let low = bytes.get(1).copied().unwrap_or(0);
            Self { length: (usize::from(first & 63) << 8 | usize::from(low)) + 1, value: 0, is_large: true }
        } else {
            Self { length: usize::from(first) + 1, value: 0, is_large: false }
        })
    }

    pub(super) fn write(self, bytes: &mut Vec<u8>) {
        let stored = self.length - 1;
        match self.value {
            0 if self.is_large => bytes.extend([LARGE_ZEROS | (stored >> 8) as u8, stored as u8]),
            0 => bytes.push(stored as u8),
            value => bytes.push(VALUES | (value - 1) << 2 | stored as u8),
        }
    }

    fn bytes(self) -> usize {
        if self.is_large { 2 } else { 1 }
    }
}

/// The runs of some bytes.
pub(super) fn runs(bytes: &[u8]) -> impl Iterator<Item = Run> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let run = Run::read(rest)?;
        rest = rest.get(run.bytes()..).unwrap_or_default();
        Some(run)
    })
}

/// What became of raising a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raised {
    /// It was as high.
    No,
    Yes,
    /// The value or the length is more than this encoding holds.
    NeedsDense,
}

/// Where the run of a register lies.
struct Found {
    run: Run,
    /// Its first register.
    first: usize,
    bytes: Range<usize>,
    /// Where the run before it begins, or it itself.
    before: usize,
}

fn find(bytes: &[u8], register: usize) -> Option<Found> {
    let (mut at, mut before, mut first) = (HEAD, HEAD, 0);
    loop {
        let run = Run::read(bytes.get(at..)?)?;
        let end = at + run.bytes();
        if register < first + run.length {
            return Some(Found { run, first, bytes: at..end.min(bytes.len()), before });
        }
        (before, at, first) = (at, end, first + run.length);
    }
}

/// Raises a register of a HyperLogLog that is encoded so. `None` if it is corrupted.
pub(super) fn raise(bytes: &mut Vec<u8>, register: usize, value: u8, bytes_max: usize) -> Option<Raised> {
    if value > VALUE_MAX {
        return Some(Raised::NeedsDense);
    }
    let Found { run, first, bytes: place, before } = find(bytes, register)?;
    if run.value >= value {
        return Some(Raised::No);
    }
    let (ahead, behind) = (register - first, first + run.length - 1 - register);
    let mut split = Vec::with_capacity(5);
    if ahead > 0 {
        Run::of(ahead, run.value).write(&mut split);
    }
    Run::of(1, value).write(&mut split);
    if behind > 0 {
        Run::of(behind, run.value).write(&mut split);
    }
    if split.len() > place.len() && bytes.len() + split.len() - place.len() > bytes_max {
        return Some(Raised::NeedsDense);
    }
    bytes.splice(place, split);
    join(bytes, before);
    Some(Raised::Yes)
}

/// Joins neighbours of the same value.
fn join(bytes: &mut Vec<u8>, from: usize) {
    let mut at = from;
    for _ in 0..JOINED {
        let Some(run) = bytes.get(at..).and_then(Run::read) else { return };
        let next = bytes.get(at + 1..).and_then(Run::read);
        match next {
            Some(next) if run.value > 0 && next.value == run.value && run.length + next.length <= VALUES_MAX => {
                let mut joined = Vec::with_capacity(1);
                Run::of(run.length + next.length, run.value).write(&mut joined);
                bytes.splice(at..at + 2, joined);
            }
            _ => at += run.bytes(),
        }
    }
}

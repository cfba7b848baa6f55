//! Integers of any width in strings: `i5` at bit 13. Reading, writing, and what happens at the ends of their range.

use crate::fault::Fault;
use crate::words;

/// A width, with or without a sign.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) bits: u32,
    is_signed: bool,
}

/// What becomes of a number that its kind does not hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Overflow {
    /// Its lower bits.
    Wrap,
    /// The number next to it that the kind holds.
    Saturate,
    /// Nothing is written.
    Fail,
}

/// Bytes that an integer may touch: 64 bits that begin within a byte.
const WINDOW: usize = 9;

impl Kind {
    pub(super) fn parse(word: &[u8]) -> Result<Self, Fault> {
        const INVALID: Fault = Fault::of(
            "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        );
        let (is_signed, digits) = match word {
            [b'i', digits @ ..] => (true, digits),
            [b'u', digits @ ..] => (false, digits),
            _ => return Err(INVALID),
        };
        let most = if is_signed { 64 } else { 63 };
        let bits = words::canonical(digits).filter(|bits| (1..=most).contains(bits)).ok_or(INVALID)?;
        Ok(Self { bits: bits as u32, is_signed })
    }

    fn least(self) -> i128 {
        if self.is_signed { -(1 << (self.bits - 1)) } else { 0 }
    }

    fn most(self) -> i128 {
        (1 << (self.bits - u32::from(self.is_signed))) - 1
    }

    /// The number that its lower bits are.
    fn wrapped(self, number: i128) -> i64 {
        let unused = 128 - self.bits;
        if self.is_signed { (number << unused >> unused) as i64 } else { ((number as u128) << unused >> unused) as i64 }
    }

    /// The number that is written, if one is.
    pub(super) fn fit(self, number: i128, overflow: Overflow) -> Option<i64> {
        let fitting = number.clamp(self.least(), self.most());
        match overflow {
            _ if fitting == number => Some(number as i64),
            Overflow::Wrap => Some(self.wrapped(number)),
            Overflow::Saturate => Some(fitting as i64),
            Overflow::Fail => None,
        }
    }

    /// The number that is written for one that is given. Where there is no sign, a negative one counts as a very large one; and where
    /// there is, one so far below that the distance overflows counts as too large, since that is how Redis computes it.
    pub(super) fn fit_given(self, number: i64, overflow: Overflow) -> Option<i64> {
        let number = if self.is_signed { i128::from(number) } else { i128::from(number as u64) };
        let is_distance_lost = self.is_signed && self.bits < 64 && self.most() - number > i64::MAX.into();
        match overflow {
            Overflow::Saturate if is_distance_lost => Some(self.most() as i64),
            _ => self.fit(number, overflow),
        }
    }

    /// The integer at this bit.
    pub(super) fn read(self, bytes: &[u8], at: u64) -> i64 {
        let (window, shift) = self.window(bytes, at);
        self.wrapped((window >> shift) as i128)
    }

    /// Writes an integer at this bit; there are bytes enough.
    pub(super) fn write(self, bytes: &mut [u8], at: u64, value: i64) {
        let (window, shift) = self.window(bytes, at);
        let mask = (u128::from(u64::MAX) >> (64 - self.bits)) << shift;
        let window = window & !mask | (value as u128) << shift & mask;
        let written = &window.to_be_bytes()[16 - WINDOW..];
        bytes.iter_mut().skip((at >> 3) as usize).zip(written).for_each(|(byte, written)| *byte = *written);
    }

    /// The bytes where an integer lies, and how many bits stand behind it in them.
    fn window(self, bytes: &[u8], at: u64) -> (u128, u32) {
        let first = usize::try_from(at >> 3).unwrap_or(usize::MAX).min(bytes.len());
        let mut window = [0; 16];
        let there = &bytes[first..bytes.len().min(first + WINDOW)];
        window[16 - WINDOW..][..there.len()].copy_from_slice(there);
        (u128::from_be_bytes(window), 8 * WINDOW as u32 - (at & 7) as u32 - self.bits)
    }
}

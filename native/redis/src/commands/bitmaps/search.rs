//! Counting and finding bits: BITCOUNT, BITPOS. Where there is no key, what else they are given is not looked at, as in Redis 7.

use std::ops::RangeInclusive;

use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("bitcount", -2, flag::READONLY, FIRST, bitcount)
        .of(&["bitmap"])
        .about("2.6.0", "How many bits of a string are set."),
    Command::new("bitpos", -3, flag::READONLY, FIRST, bitpos)
        .of(&["bitmap"])
        .about("2.8.7", "The first bit of a string that is set, or that is not."),
];

/// A part of a string: indices of bytes or of bits, both included; negative ones count from the end.
struct Part {
    first: i64,
    last: i64,
    is_in_bits: bool,
}

impl Part {
    const WHOLE: Self = Self { first: 0, last: -1, is_in_bits: false };

    fn parse(first: &[u8], last: Option<&[u8]>, unit: Option<&[u8]>) -> Result<Self, Fault> {
        let first = words::integer(first)?;
        let is_in_bits = match unit {
            Some(word) if words::is(word, "BIT") => true,
            Some(word) if !words::is(word, "BYTE") => return Err(Fault::SYNTAX),
            _ => false,
        };
        Ok(Self { first, last: last.map_or(Ok(-1), words::integer)?, is_in_bits })
    }

    /// The positions of its bits among so many bytes.
    fn bits(&self, bytes: usize) -> Option<RangeInclusive<usize>> {
        let total = if self.is_in_bits { bytes as i64 * 8 } else { bytes as i64 };
        let index = |index: i64| if index < 0 { index.saturating_add(total).max(0) } else { index };
        let (first, last) = (index(self.first), index(self.last).min(total - 1));
        if first > last {
            return None;
        }
        let (first, last) = (first as usize, last as usize);
        Some(if self.is_in_bits { first..=last } else { first * 8..=last * 8 + 7 })
    }
}

fn bitcount(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (bytes, reply) = call.string(words[1])?;
    let Some(bytes) = bytes else {
        reply.integer(0);
        return Ok(());
    };
    let part = match &words[2..] {
        [] => Part::WHOLE,
        [first, last, unit @ ..] if unit.len() < 2 => {
            let (one, other) = (words::integer(first)?, words::integer(last)?);
            if one < 0 && other < 0 && one > other {
                reply.integer(0);
                return Ok(());
            }
            Part::parse(first, Some(last), unit.first().copied())?
        }
        _ => return Err(Fault::SYNTAX),
    };
    reply.integer(part.bits(bytes.len()).map_or(0, |bits| count(bytes, bits)) as i64);
    Ok(())
}

/// How many of these bits are set.
fn count(bytes: &[u8], bits: RangeInclusive<usize>) -> u64 {
    let (first, last) = (bits.start() / 8, bits.end() / 8);
    let (words, rest) = bytes[first..=last].as_chunks::<8>();
    let whole: u64 = words.iter().map(|word| u64::from(u64::from_ne_bytes(*word).count_ones())).sum();
    let whole = whole + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>();
    let before = bytes[first] & !(0xff >> (bits.start() & 7));
    let behind = bytes[last] & !(0xff << (7 - (bits.end() & 7)));
    whole - u64::from(before.count_ones() + behind.count_ones())
}

fn bitpos(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let bit = match words::integer(words[2])? {
        0 => false,
        1 => true,
        _ => return Err(Fault::of("ERR The bit argument must be 1 or 0.")),
    };
    let (bytes, reply) = call.string(words[1])?;
    let Some(bytes) = bytes else {
        reply.integer(if bit { -1 } else { 0 });
        return Ok(());
    };
    let part = match &words[3..] {
        [] => Part::WHOLE,
        [first] => Part::parse(first, None, None)?,
        [first, last, unit @ ..] if unit.len() < 2 => Part::parse(first, Some(last), unit.first().copied())?,
        _ => return Err(Fault::SYNTAX),
    };
    let found = part.bits(bytes.len()).map(|bits| find(bytes, bits, bit));
    // Unless an end is given, a string of ones only is followed by a 0.
    let has_end = words.len() > 4;
    reply.integer(match found {
        Some(Some(at)) => at as i64,
        Some(None) if !bit && !has_end => bytes.len() as i64 * 8,
        _ => -1,
    });
    Ok(())
}

/// The first of these bits that is like this.
fn find(bytes: &[u8], bits: RangeInclusive<usize>, bit: bool) -> Option<usize> {
    let (first, last) = (bits.start() / 8, bits.end() / 8);
    // Ones where such a bit stands.
    let wanted = |at: usize| {
        let byte = if bit { bytes[at] } else { !bytes[at] };
        if at == first { byte & 0xff >> (bits.start() & 7) } else { byte }
    };
    let other = if bit { [0; 8] } else { [0xff; 8] };
    let skipped = match wanted(first) {
        0 => {
            1 + 8 * bytes[first + 1..=last.max(first)]
                .as_chunks::<8>()
                .0
                .iter()
                .take_while(|word| **word == other)
                .count()
        }
        _ => 0,
    };
    let at = (first + skipped..=last).find(|at| wanted(*at) != 0)?;
    Some(at * 8 + wanted(at).leading_zeros() as usize).filter(|at| bits.contains(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_counted_and_searched_bit_by_bit(
            bytes in prop::collection::vec(prop_oneof![4 => Just(0_u8), 4 => Just(255_u8), 1 => any::<u8>()], 1..40),
            ends in any::<(u16, u16)>(),
            bit: bool,
        ) {
            let total = bytes.len() * 8;
            let (one, other) = (usize::from(ends.0) % total, usize::from(ends.1) % total);
            let bits = one.min(other)..=one.max(other);
            let is_set = |at: usize| bytes[at / 8] >> (7 - at % 8) & 1 == 1;
            prop_assert_eq!(count(&bytes, bits.clone()), bits.clone().filter(|at| is_set(*at)).count() as u64);
            prop_assert_eq!(find(&bytes, bits.clone(), bit), bits.clone().find(|at| is_set(*at) == bit));
        }
    }
}

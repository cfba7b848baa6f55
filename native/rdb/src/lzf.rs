//! LZF, the compression of long strings: runs of literals, and repetitions of what came before.
//!
//! ```text
//!   000lllll  l+1 literals            lllooooo oooooooo  l+2 bytes from o+1 back            111ooooo llllllll oooooooo  l+9 bytes
//! ```

const HASH_BITS: u32 = 14;
const LITERALS_MAX: usize = 32;
const OFFSET_MAX: usize = 1 << 13;
const MATCH_MAX: usize = 264;
/// A repetition of three bytes makes at most `MATCH_MAX` of them: what claims to become more is wrong.
pub(crate) const EXPANSION_MAX: u64 = (MATCH_MAX as u64).div_ceil(3);

/// Where to look for repetitions, kept from one string to the next.
pub(crate) struct Compressor {
    /// One more than the position where three bytes of this hash last stood, as far as this string goes.
    seen: Box<[u32]>,
}

impl Default for Compressor {
    fn default() -> Self {
        Self { seen: vec![0; 1 << HASH_BITS].into_boxed_slice() }
    }
}

fn slot(bytes: [u8; 3]) -> usize {
    let word = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
    (word.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}

fn three(input: &[u8], at: usize) -> Option<[u8; 3]> {
    input.get(at..at + 3)?.try_into().ok()
}

impl Compressor {
    /// Appends the compressed form; false, with `out` as it was, when that would take `room` bytes or more.
    pub(crate) fn compress(&mut self, input: &[u8], room: usize, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        // Positions of other strings may stand in the table: what is found there is looked at before it is believed.
        let (mut at, mut literals) = (0, 0);
        while let Some(bytes) = three(input, at) {
            let seen = &mut self.seen[slot(bytes)];
            let candidate = (*seen as usize).wrapping_sub(1);
            *seen = at as u32 + 1;
            let is_match = candidate < at && at - candidate <= OFFSET_MAX && three(input, candidate) == Some(bytes);
            if !is_match {
                at += 1;
                continue;
            }
            put_literals(&input[literals..at], out);
            let most = MATCH_MAX.min(input.len() - at);
            let rest = input[at + 3..at + most].iter().zip(&input[candidate + 3..]);
            let length = 3 + rest.take_while(|(one, other)| one == other).count();
            put_match(at - candidate - 1, length, out);
            // Two more places that may repeat: all of them would cost more than they save.
            for more in [at + 1, at + length - 1] {
                if let Some(bytes) = three(input, more) {
                    self.seen[slot(bytes)] = more as u32 + 1;
                }
            }
            at += length;
            literals = at;
            if out.len() - start >= room {
                break;
            }
        }
        if out.len() - start < room {
            put_literals(&input[literals..], out);
        }
        let fits = out.len() - start < room;
        if !fits {
            out.truncate(start);
        }
        fits
    }
}

fn put_literals(literals: &[u8], out: &mut Vec<u8>) {
    for run in literals.chunks(LITERALS_MAX) {
        out.push(run.len() as u8 - 1);
        out.extend_from_slice(run);
    }
}

fn put_match(offset: usize, length: usize, out: &mut Vec<u8>) {
    let (high, low) = ((offset >> 8) as u8, offset as u8);
    let length = length - 2;
    if length < 7 {
        out.extend_from_slice(&[(length as u8) << 5 | high, low]);
    } else {
        out.extend_from_slice(&[7 << 5 | high, (length - 7) as u8, low]);
    }
}

/// Appends exactly `length` bytes that the input stands for; `None` when it stands for anything else.
pub(crate) fn decompress(input: &[u8], length: usize, out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    let mut rest = input;
    while let [control, after @ ..] = rest {
        let control = usize::from(*control);
        if control < LITERALS_MAX {
            let (literals, after) = after.split_at_checked(control + 1)?;
            if out.len() - start + literals.len() > length {
                return None;
            }
            out.extend_from_slice(literals);
            rest = after;
            continue;
        }
        let (more, after) = if control >> 5 == 7 {
            after.split_first().map(|(more, after)| (usize::from(*more), after))?
        } else {
            (0, after)
        };
        let (low, after) = after.split_first()?;
        let count = (control >> 5) + more + 2;
        let offset = (control & 0x1f) << 8 | usize::from(*low);
        let from = out.len().checked_sub(offset + 1).filter(|from| *from >= start)?;
        if out.len() - start + count > length {
            return None;
        }
        let end = out.len() + count;
        // What is repeated may reach into what it makes: each turn copies all that is there by now, twice as much as the last one.
        while out.len() < end {
            let there = (out.len() - from).min(end - out.len());
            out.extend_from_within(from..from + there);
        }
        rest = after;
    }
    (out.len() - start == length).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(compressor: &mut Compressor, input: &[u8]) {
        let mut packed = vec![1, 2, 3];
        if !compressor.compress(input, input.len().saturating_sub(4), &mut packed) {
            assert_eq!(packed, [1, 2, 3], "nothing is left behind");
            return;
        }
        let mut out = vec![9; 5];
        decompress(&packed[3..], input.len(), &mut out).expect("what was compressed comes back");
        assert_eq!(&out[5..], input);
    }

    #[test]
    fn repetitions_take_little() {
        let mut out = Vec::new();
        assert!(Compressor::default().compress(&[b'x'; 10_000], 9_000, &mut out));
        assert!(out.len() < 130, "{} bytes", out.len());
    }

    #[test]
    fn wrong_input_is_found() {
        let mut out = Vec::new();
        for (input, length) in [
            (&b"\x05abc"[..], 6),
            (b"\x20", 3),
            (b"\x20\x00", 3),
            (b"\xe0\x01", 3),
            (b"\x00a\x20\x05", 4),
            (b"\x01ab", 1),
        ] {
            assert_eq!(decompress(input, length, &mut out), None, "{input:?}");
        }
    }

    proptest! {
        #[test]
        fn strings_come_back(inputs in prop::collection::vec(prop::collection::vec(0u8..4, 0..2000), 1..4)) {
            let mut compressor = Compressor::default();
            inputs.iter().for_each(|input| round(&mut compressor, input));
        }

        #[test]
        fn any_bytes_are_no_danger(input in prop::collection::vec(any::<u8>(), 0..200), length in 0usize..5000) {
            let _ = decompress(&input, length, &mut Vec::new());
        }
    }
}

//! What the next bytes of an append-only file are. Pure: bytes in, a piece out, and nothing is taken for what they only claim.

use std::ops::Range;

/// The beginning of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// A command of so many bytes.
    Command(usize),
    /// A line that begins with `#`, of so many bytes.
    Line(usize),
    /// At least so many bytes are needed to tell more.
    More(usize),
    /// Nothing that may stand here, and why.
    Bad(&'static str),
}

/// Bytes of a line that begins with `#`.
const LINE_MAX: usize = 1024;
/// Digits of a length and what is around them.
const LENGTH_MAX: usize = 32;
/// Words of one command.
const WORDS_MAX: usize = 1 << 28;

/// Tells what `input` begins with; a command's words are put into `words` as ranges of it.
pub(crate) fn scan(input: &[u8], words: &mut Vec<Range<usize>>) -> Scanned {
    words.clear();
    match input {
        [] => Scanned::More(1),
        [b'#', ..] => line(input),
        [b'*', ..] => command(input, words).unwrap_or_else(|stop| stop),
        // A primary may have streamed an empty request: it is a command of no words, whose bytes count as any other's.
        [b'\n', ..] => Scanned::Command(1),
        [b'\r', b'\n', ..] => Scanned::Command(2),
        [b'\r'] => Scanned::More(2),
        _ => Scanned::Bad("a command does not begin with *"),
    }
}

/// Whether these bytes are one command that a log may hold. `words` is room that is used again.
pub fn is_command(bytes: &[u8], words: &mut Vec<Range<usize>>) -> bool {
    scan(bytes, words) == Scanned::Command(bytes.len())
}

fn line(input: &[u8]) -> Scanned {
    match memchr::memchr(b'\n', &input[..input.len().min(LINE_MAX)]) {
        Some(end) => Scanned::Line(end + 1),
        None if input.len() >= LINE_MAX => Scanned::Bad("an annotation has no end"),
        None => Scanned::More(input.len() + 1),
    }
}

fn command(input: &[u8], words: &mut Vec<Range<usize>>) -> Result<Scanned, Scanned> {
    if input.get(1) == Some(&b'-') {
        return length(input, 1, b'-').map(|(_, at)| Scanned::Command(at));
    }
    let (count, mut at) = length(input, 0, b'*')?;
    if count > WORDS_MAX {
        return Err(Scanned::Bad("a command has no such number of words"));
    }
    for _ in 0..count {
        let (length, start) = length(input, at, b'$')?;
        let end = start.checked_add(length).ok_or(Scanned::Bad("a word has no such length"))?;
        match input.get(end..end.saturating_add(2)) {
            Some(b"\r\n") => words.push(start..end),
            Some(_) => return Err(Scanned::Bad("a word does not end where it says")),
            None => return Err(Scanned::More(end.saturating_add(2))),
        }
        at = end + 2;
    }
    Ok(Scanned::Command(at))
}

/// The number of a line `*12\r\n` or `$12\r\n`, and where the next one begins.
fn length(input: &[u8], at: usize, kind: u8) -> Result<(usize, usize), Scanned> {
    let rest = input.get(at..).unwrap_or_default();
    match rest.first() {
        None => return Err(Scanned::More(at + 1)),
        Some(&first) if first != kind => return Err(Scanned::Bad("a word does not begin with $")),
        Some(_) => {}
    }
    let (mut number, mut digits) = (0_usize, 0);
    for &byte in &rest[1..rest.len().min(LENGTH_MAX)] {
        if !byte.is_ascii_digit() {
            break;
        }
        number = number.checked_mul(10).and_then(|ten| ten.checked_add(usize::from(byte - b'0'))).ok_or(WRONG)?;
        digits += 1;
    }
    match rest.get(1 + digits..3 + digits) {
        Some(b"\r\n") if digits > 0 => Ok((number, at + digits + 3)),
        Some(_) => Err(WRONG),
        None if rest.len() == 2 + digits && rest[1 + digits] != b'\r' => Err(WRONG),
        None => Err(Scanned::More(input.len() + 1)),
    }
}

const WRONG: Scanned = Scanned::Bad("a length is no number");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::words;

    #[test]
    fn an_empty_request_is_a_command_of_no_words() {
        for bytes in ["\n", "\r\n", "*0\r\n", "*-1\r\n"].map(str::as_bytes) {
            let (mut ranges, more) = (vec![0..1, 1..2], [bytes, b"*1"].concat());
            assert_eq!(scan(&more, &mut ranges), Scanned::Command(bytes.len()));
            assert_eq!(ranges, []);
            for cut in 0..bytes.len() {
                assert!(
                    matches!(scan(&bytes[..cut], &mut ranges), Scanned::More(need) if need > cut && need <= bytes.len())
                );
            }
        }
        for bytes in [" \r\n", "\rx", "*-\r\n", "*-x\r\n", "PING\r\n"].map(str::as_bytes) {
            assert!(matches!(scan(bytes, &mut Vec::new()), Scanned::Bad(_)), "{}", bytes.escape_ascii());
        }
    }

    proptest! {
        /// Whatever is cut off, it is never taken for something else, and what is needed is never more than there would be.
        #[test]
        fn a_command_is_found_whole_or_not(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 1..15)) {
            let mut bytes = Vec::new();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            words::put(&mut bytes, &parts);
            let mut ranges = Vec::new();
            prop_assert_eq!(scan(&bytes, &mut ranges), Scanned::Command(bytes.len()));
            prop_assert_eq!(ranges.iter().map(|range| &bytes[range.clone()]).collect::<Vec<_>>(), parts);
            for cut in 0..bytes.len() {
                let scanned = scan(&bytes[..cut], &mut ranges);
                prop_assert!(matches!(scanned, Scanned::More(need) if need > cut && need <= bytes.len()), "{cut}: {scanned:?}");
            }
        }

        #[test]
        fn anything_is_something(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'*'), Just(b'$'), Just(b'1'), Just(b'\r'), Just(b'\n'), Just(b'#')], 0..60)) {
            match scan(&bytes, &mut Vec::new()) {
                Scanned::Command(length) | Scanned::Line(length) => prop_assert!(length <= bytes.len()),
                Scanned::More(need) => prop_assert!(need > bytes.len()),
                Scanned::Bad(_) => {}
            }
        }
    }
}

//! Ids as they stand in a request.

use dataset::Id;

use crate::fault::Fault;

const INVALID: Fault = Fault::of("ERR Invalid stream ID specified as stream command argument");
/// A longer word is no id.
const LENGTH_MAX: usize = 127;

/// An id as it is given to XADD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// `*`
    Nothing,
    /// `ms-*`
    Milliseconds(u64),
    /// Both parts.
    All(Id),
}

/// An id; without its second part that is `seq`. No `-`, no `+`.
pub(super) fn strict(word: &[u8], seq: u64) -> Result<Id, Fault> {
    let (ms, rest) = parts(word)?;
    Ok(Id::new(ms, rest.map_or(Some(seq), unsigned).ok_or(INVALID)?))
}

/// An id, `-` for the first or `+` for the last.
pub(super) fn loose(word: &[u8], seq: u64) -> Result<Id, Fault> {
    match word {
        b"-" => Ok(Id::ZERO),
        b"+" => Ok(Id::MAX),
        _ => strict(word, seq),
    }
}

/// What XADD was given; `0-0` is refused by who uses it.
pub(super) fn given(word: &[u8]) -> Result<Given, Fault> {
    if word == b"*" {
        return Ok(Given::Nothing);
    }
    match parts(word)? {
        (ms, Some(b"*")) => Ok(Given::Milliseconds(ms)),
        _ => strict(word, 0).map(Given::All),
    }
}

/// The lower end of a range: `(` before it excludes it.
pub(super) fn from(word: &[u8]) -> Result<Id, Fault> {
    match word {
        [b'(', id @ ..] if !id.is_empty() => {
            strict(id, 0)?.next().ok_or(Fault::of("ERR invalid start ID for the interval"))
        }
        _ => loose(word, 0),
    }
}

/// The upper end of a range.
pub(super) fn to(word: &[u8]) -> Result<Id, Fault> {
    match word {
        [b'(', id @ ..] if !id.is_empty() => {
            strict(id, u64::MAX)?.previous().ok_or(Fault::of("ERR invalid end ID for the interval"))
        }
        _ => loose(word, u64::MAX),
    }
}

fn parts(word: &[u8]) -> Result<(u64, Option<&[u8]>), Fault> {
    if word.len() > LENGTH_MAX {
        return Err(INVALID);
    }
    let mut parts = word.splitn(2, |byte| *byte == b'-');
    let ms = parts.next().and_then(unsigned).ok_or(INVALID)?;
    Ok((ms, parts.next()))
}

/// As C's `strtoull` takes it: spaces and a sign before the digits.
fn unsigned(word: &[u8]) -> Option<u64> {
    let start = word.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
    std::str::from_utf8(&word[start..]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_part_or_two() {
        assert_eq!(strict(b"5", 7), Ok(Id::new(5, 7)));
        assert_eq!(strict(b"5-6", 7), Ok(Id::new(5, 6)));
        for word in ["", "-", "+", "x", "5-", "-5", "5-x", "5-*", "1-2-3", "18446744073709551616"] {
            assert_eq!(strict(word.as_bytes(), 0), Err(INVALID), "{word}");
        }
        assert_eq!(loose(b"+", 0), Ok(Id::MAX));
        assert_eq!(given(b"5-*"), Ok(Given::Milliseconds(5)));
        assert_eq!(given(b"*"), Ok(Given::Nothing));
        assert_eq!(given(b"5"), Ok(Given::All(Id::new(5, 0))));
    }

    #[test]
    fn ends_may_be_excluded() {
        assert_eq!(from(b"(5-6"), Ok(Id::new(5, 7)));
        assert_eq!(to(b"(5"), Ok(Id::new(5, u64::MAX - 1)));
        assert_eq!(to(b"(5-0"), Ok(Id::new(4, u64::MAX)));
        assert!(from(b"(18446744073709551615-18446744073709551615").is_err());
        assert!(to(b"(0-0").is_err() && from(b"(-").is_err() && from(b"(").is_err());
    }
}

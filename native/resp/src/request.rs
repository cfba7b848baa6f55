//! Reads one request: an array of bulk strings, or an inline line of words as a person types it into telnet. Errors are Redis's own,
//! to the byte, and come when Redis would notice: when a line is whole.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

use crate::inline;

/// What a client may send.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Words of one request.
    pub arguments_max: usize,
    /// Bytes of one word.
    pub bulk_max: usize,
    /// Bytes of an inline request or of a length line.
    pub inline_max: usize,
    /// A whole request that has not wholly come is not kept beyond so many bytes (`client-query-buffer-limit`).
    pub request_max: usize,
    /// The client has not said who it is: a few short words are all it may send.
    pub is_stranger: bool,
}

/// Words that a stranger may send.
const STRANGER_ARGUMENTS_MAX: usize = 10;
/// Bytes of a stranger's word.
const STRANGER_BULK_MAX: usize = 16 << 10;

impl Default for Limits {
    fn default() -> Self {
        let arguments_max = i32::MAX as usize;
        Self { arguments_max, bulk_max: 512 << 20, inline_max: 64 << 10, request_max: 1 << 30, is_stranger: false }
    }
}

/// What the beginning of the input is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// A request of so many bytes; with no words for an empty one, which is not answered.
    Done(usize),
    /// An inline request with quotes, whose words are not bytes of the input, and how many bytes it took.
    Quoted(Vec<Vec<u8>>, usize),
    /// Not all of it has come.
    NeedMore,
    /// No request: to be answered with `-ERR <message>` and the connection closed.
    Bad(Cow<'static, [u8]>),
}

/// What is known of a large request that has not wholly come, so that nothing is read twice.
#[derive(Clone, Debug)]
pub struct Begun {
    next: Next,
    words: Vec<Range<usize>>,
}

/// Where reading goes on.
#[derive(Clone, Copy, Debug)]
struct Next {
    at: usize,
    /// Words that are still to come.
    left: usize,
}

/// From so many bytes on what has been read of an unfinished request is remembered.
const REMEMBERED_FROM: usize = 4 << 10;

/// Reads the first request of `input` into `words`, behind the words of earlier ones. `begun` is what the last call left about a
/// shorter beginning of the same request.
#[inline]
pub fn parse<'a>(
    input: &'a [u8],
    limits: &Limits,
    words: &mut Vec<&'a [u8]>,
    begun: &mut Option<Box<Begun>>,
) -> Parsed {
    match input.first() {
        None => Parsed::NeedMore,
        Some(_) if begun.is_some() => go_on(input, limits, words, begun),
        Some(b'*') => array(input, limits, words, begun),
        Some(_) => inline::parse(input, limits, words),
    }
}

/// How a request began, up to its second word: what comes together is often of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'a> {
    /// All before the second word.
    head: &'a [u8],
    /// Where the first word lies in it.
    name: (usize, usize),
    /// Bytes of the second word.
    length: usize,
    /// Words behind it.
    left: usize,
}

impl<'a> Beginning<'a> {
    /// That of an array of these words, which `request` begins with; `None` of anything else.
    #[inline]
    #[must_use]
    pub fn of(request: &'a [u8], words: &[&'a [u8]]) -> Option<Self> {
        let [name, second, rest @ ..] = words else { return None };
        if request.first() != Some(&b'*') {
            return None;
        }
        let at = |word: &[u8]| word.as_ptr().addr() - request.as_ptr().addr();
        let start = at(name);
        let head = &request[..at(second)];
        Some(Self { head, name: (start, start + name.len()), length: second.len(), left: rest.len() })
    }

    /// Reads a request that begins with the same bytes, as `parse` would: a GET among such takes 120 instructions less. `None`,
    /// and no words, when it does not, or has not wholly come.
    #[inline]
    pub fn parse_another(&self, input: &'a [u8], limits: &Limits, words: &mut Vec<&'a [u8]>) -> Option<usize> {
        let end = self.head.len() + self.length;
        if input.len() < end + 2 || !input.starts_with(self.head) {
            return None;
        }
        let first = words.len();
        words.extend([&input[self.name.0..self.name.1], &input[self.head.len()..end]]);
        let mut next = Next { at: end + 2, left: self.left };
        match bulks(input, limits, &mut next, |range| words.push(&input[range])) {
            Parsed::Done(bytes) => Some(bytes),
            _ => {
                words.truncate(first);
                None
            }
        }
    }
}

#[inline]
fn array<'a>(input: &'a [u8], limits: &Limits, words: &mut Vec<&'a [u8]>, begun: &mut Option<Box<Begun>>) -> Parsed {
    let (count, at) = match count(input, limits) {
        Ok(Some(found)) => found,
        Ok(None) => return Parsed::NeedMore,
        Err(message) => return Parsed::Bad(message),
    };
    let mut next = Next { at, left: count };
    let first = words.len();
    let parsed = bulks(input, limits, &mut next, |range| words.push(&input[range]));
    if parsed == Parsed::NeedMore && input.len() >= REMEMBERED_FROM {
        let start = input.as_ptr().addr();
        let range = |word: &&[u8]| word.as_ptr().addr() - start..word.as_ptr().addr() - start + word.len();
        *begun = Some(Box::new(Begun { next, words: words[first..].iter().map(range).collect() }));
    }
    parsed
}

#[cold]
fn go_on<'a>(input: &'a [u8], limits: &Limits, words: &mut Vec<&'a [u8]>, begun: &mut Option<Box<Begun>>) -> Parsed {
    let Some(known) = begun else { return Parsed::NeedMore };
    let Begun { next, words: ranges } = &mut **known;
    let parsed = bulks(input, limits, next, |range| ranges.push(range));
    if parsed != Parsed::NeedMore {
        words.extend(ranges.iter().map(|range| &input[range.clone()]));
        *begun = None;
    }
    parsed
}

/// The words that are left, as far as they have come whole.
#[inline]
fn bulks(input: &[u8], limits: &Limits, next: &mut Next, mut push: impl FnMut(Range<usize>)) -> Parsed {
    while next.left > 0 {
        let (length, start) = match bulk_length(input, next.at, limits) {
            Ok(Some(found)) => found,
            Ok(None) => return Parsed::NeedMore,
            Err(message) => return Parsed::Bad(message),
        };
        let end = start + length;
        if input.len() < end + 2 {
            return Parsed::NeedMore;
        }
        push(start..end);
        // Redis skips these two bytes without looking.
        *next = Next { at: end + 2, left: next.left - 1 };
    }
    Parsed::Done(next.at)
}

/// A number and where the next line begins, or nothing yet.
type Line = Result<Option<(usize, usize)>, Cow<'static, [u8]>>;

#[inline]
fn count(input: &[u8], limits: &Limits) -> Line {
    let (count, next) = match small(input, 1) {
        Some((count, next)) => (count as i64, next),
        None => match line(input, 0, limits) {
            Ok(Some((text, next))) => (canonical(&text[1..]).ok_or(INVALID_COUNT)?, next),
            Ok(None) => return Ok(None),
            Err(()) => return Err(Cow::Borrowed(b"Protocol error: too big mbulk count string")),
        },
    };
    if count > limits.arguments_max as i64 {
        return Err(INVALID_COUNT);
    }
    if limits.is_stranger && count > STRANGER_ARGUMENTS_MAX as i64 {
        return Err(Cow::Borrowed(b"Protocol error: unauthenticated multibulk length"));
    }
    Ok(Some((usize::try_from(count).unwrap_or(0), next)))
}

#[inline]
fn bulk_length(input: &[u8], at: usize, limits: &Limits) -> Line {
    let found = if input.get(at) == Some(&b'$') { small(input, at + 1) } else { None };
    let (length, next) = match found {
        Some(found) => found,
        None => match line(input, at, limits) {
            Ok(Some((text, next))) => (told_length(text)?, next),
            Ok(None) => return Ok(None),
            Err(()) => return Err(Cow::Borrowed(b"Protocol error: too big bulk count string")),
        },
    };
    if length > limits.bulk_max {
        return Err(INVALID_LENGTH);
    }
    if limits.is_stranger && length > STRANGER_BULK_MAX {
        return Err(Cow::Borrowed(b"Protocol error: unauthenticated bulk length"));
    }
    Ok(Some((length, next)))
}

const INVALID_COUNT: Cow<'static, [u8]> = Cow::Borrowed(b"Protocol error: invalid multibulk length");
const INVALID_LENGTH: Cow<'static, [u8]> = Cow::Borrowed(b"Protocol error: invalid bulk length");

/// The number of a whole length line that is not of the plainest form.
#[cold]
fn told_length(text: &[u8]) -> Result<usize, Cow<'static, [u8]>> {
    let first = text.first().copied().unwrap_or(b'\r');
    if first != b'$' {
        return Err(Cow::Owned([&b"Protocol error: expected '$', got '"[..], &[first], b"'"].concat()));
    }
    canonical(&text[1..]).and_then(|length| usize::try_from(length).ok()).ok_or(INVALID_LENGTH)
}

/// Digits of a number that `small` reads: any such number fits.
const SMALL_DIGITS_MAX: usize = 9;

/// The usual form of a length line: a few digits, no zero before them, and the line's end. Up to three digits, where more follows, are
/// read at one look: those of 100 bytes in 40 instructions less.
#[inline]
fn small(input: &[u8], at: usize) -> Option<(usize, usize)> {
    if let Some(&[first, second, third, fourth, fifth]) = input.get(at..).and_then(<[u8]>::first_chunk) {
        let [one, two, three] = [first, second, third].map(|byte| usize::from(byte.wrapping_sub(b'0')));
        if one <= 9 && [second, third] == *b"\r\n" {
            return Some((one, at + 3));
        }
        if (1..=9).contains(&one) && two <= 9 {
            if [third, fourth] == *b"\r\n" {
                return Some((one * 10 + two, at + 4));
            }
            if three <= 9 && [fourth, fifth] == *b"\r\n" {
                return Some((one * 100 + two * 10 + three, at + 5));
            }
        }
    }
    several_digits(input, at)
}

fn several_digits(input: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut value = 0;
    for (position, &byte) in input.get(at..)?.iter().take(SMALL_DIGITS_MAX + 1).enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            let is_plain = byte == b'\r' && position > 0 && input.get(at + position + 1) == Some(&b'\n');
            return is_plain.then_some((value, at + position + 2));
        }
        if position > 0 && value == 0 || position == SMALL_DIGITS_MAX {
            return None;
        }
        value = value * 10 + usize::from(digit);
    }
    None
}

/// A whole line without its end, and where the next one begins; an error when it is too long and still not whole.
#[cold]
fn line<'a>(input: &'a [u8], at: usize, limits: &Limits) -> Result<Option<(&'a [u8], usize)>, ()> {
    match memchr(b'\r', &input[at..]).map(|end| at + end) {
        None if input.len() - at > limits.inline_max => Err(()),
        Some(end) if input.len() >= end + 2 => Ok(Some((&input[at..end], end + 2))),
        _ => Ok(None),
    }
}

/// An integer as Redis reads it in a protocol line: no sign but `-`, no leading zeros.
fn canonical(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let is_canonical = match digits {
        [b'0'] => digits.len() == text.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    is_canonical.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every request behind every other, cut at every place: what is read by another one's beginning is what is read without it.
    #[test]
    fn a_request_that_begins_like_another_is_read_as_by_itself() {
        let requests: [&[u8]; 10] = [
            b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n",
            b"*2\r\n$3\r\nget\r\n$1\r\nb\r\n",
            b"*2\r\n$3\r\nGET\r\n$2\r\nbc\r\n",
            b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n",
            b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\nxy\r\n",
            b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$3\r\nxyz\r\n",
            b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n!3\r\nxyz\r\n",
            b"*1\r\n$4\r\nPING\r\n",
            b"*0\r\n",
            b"GET a\r\n",
        ];
        let limits = Limits::default();
        for (one, other) in requests.iter().flat_map(|one| requests.iter().map(move |other| (one, other))) {
            let mut words = Vec::new();
            let is_whole = matches!(parse(one, &limits, &mut words, &mut None), Parsed::Done(_));
            let Some(beginning) = Beginning::of(one, &words).filter(|_| is_whole) else { continue };
            for end in 0..=other.len() {
                let (mut read, mut wanted) = (Vec::new(), Vec::new());
                let parsed = parse(&other[..end], &limits, &mut wanted, &mut None);
                match beginning.parse_another(&other[..end], &limits, &mut read) {
                    Some(bytes) => assert_eq!((Parsed::Done(bytes), read), (parsed, wanted)),
                    None => assert!(read.is_empty(), "nothing is left of what was not read"),
                }
            }
        }
    }

    /// Every input of up to six of the bytes that matter: what is read at one look is what is read digit by digit.
    #[test]
    fn a_length_is_read_at_one_look_as_digit_by_digit() {
        const BYTES: &[u8] = b"0129\r\n-/:$";
        for length in 0..=6 {
            for number in 0..BYTES.len().pow(length) {
                let input: Vec<u8> =
                    (0..length).map(|place| BYTES[number / BYTES.len().pow(place) % BYTES.len()]).collect();
                assert_eq!(small(&input, 0), several_digits(&input, 0), "{}", input.escape_ascii());
            }
        }
    }
}

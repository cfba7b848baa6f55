//! Reads one request: an array of bulk strings, or an inline line of words as a person types it into telnet.

use memchr::memchr;
use smallvec::SmallVec;

/// The words of a request, borrowed from the input; an inline word that was quoted is kept apart.
pub type Arguments<'a> = SmallVec<[&'a [u8]; 8]>;

/// What a client may send.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Words of one request.
    pub arguments_max: usize,
    /// Bytes of one word.
    pub bulk_max: usize,
    /// Bytes of an inline request or of a length line.
    pub inline_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { arguments_max: 1 << 20, bulk_max: 512 << 20, inline_max: 64 << 10 }
    }
}

/// What the beginning of the input is.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// A request; with no words for an empty one, which is not answered.
    Done {
        /// Its words, the command's name first.
        arguments: Arguments<'a>,
        /// Bytes of the input that it took.
        consumed: usize,
    },
    /// Not all of it has come.
    NeedMore,
    /// No request: to be answered with `-ERR <message>` and the connection closed.
    Bad(&'static str),
}

/// Reads the first request of `input`.
#[must_use]
pub fn parse<'a>(input: &'a [u8], limits: &Limits) -> Parsed<'a> {
    match input.first() {
        None => Parsed::NeedMore,
        Some(b'*') => array(input, limits),
        Some(_) => inline(input, limits),
    }
}

fn array<'a>(input: &'a [u8], limits: &Limits) -> Parsed<'a> {
    let (count, mut at) = match number(input, 1, limits) {
        Number::Is(count, at) => (count, at),
        Number::NeedMore => return Parsed::NeedMore,
        Number::TooLong => return Parsed::Bad("Protocol error: too big mbulk count string"),
        Number::Not => return Parsed::Bad("Protocol error: invalid multibulk length"),
    };
    if count > limits.arguments_max as i64 {
        return Parsed::Bad("Protocol error: invalid multibulk length");
    }
    let mut arguments = Arguments::new();
    for _ in 0..count {
        match input.get(at) {
            None => return Parsed::NeedMore,
            Some(b'$') => {}
            Some(_) => return Parsed::Bad("Protocol error: expected '$'"),
        }
        let (length, start) = match number(input, at + 1, limits) {
            Number::Is(length, start) if (0..=limits.bulk_max as i64).contains(&length) => (length as usize, start),
            Number::NeedMore => return Parsed::NeedMore,
            Number::TooLong => return Parsed::Bad("Protocol error: too big bulk count string"),
            _ => return Parsed::Bad("Protocol error: invalid bulk length"),
        };
        let Some(word) = input.get(start..start + length) else { return Parsed::NeedMore };
        if input.len() < start + length + 2 {
            return Parsed::NeedMore;
        }
        arguments.push(word);
        at = start + length + 2;
    }
    Parsed::Done { arguments, consumed: at }
}

enum Number {
    /// The number, and where the next line begins.
    Is(i64, usize),
    NeedMore,
    TooLong,
    Not,
}

fn number(input: &[u8], at: usize, limits: &Limits) -> Number {
    let Some(end) = memchr(b'\r', &input[at..]).map(|end| at + end) else {
        return if input.len() - at > limits.inline_max { Number::TooLong } else { Number::NeedMore };
    };
    if input.len() < end + 2 {
        return Number::NeedMore;
    }
    let text = std::str::from_utf8(&input[at..end]).ok().filter(|text| !text.starts_with('+'));
    text.and_then(|text| text.parse().ok()).map_or(Number::Not, |value| Number::Is(value, end + 2))
}

fn inline<'a>(input: &'a [u8], limits: &Limits) -> Parsed<'a> {
    let Some(end) = memchr(b'\n', input) else {
        return if input.len() > limits.inline_max {
            Parsed::Bad("Protocol error: too big inline request")
        } else {
            Parsed::NeedMore
        };
    };
    let line = input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]);
    let arguments = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    Parsed::Done { arguments, consumed: end + 1 }
}

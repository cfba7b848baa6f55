//! `get`, `gets`, `gat`, `gats`: lines of keys, of any length. A line longer than can be waited for comes in parts.

use memchr::{memchr, memrchr};

use super::{BAD_EXPIRY, BAD_FORMAT, KEY_MAX, Parsed, Refusal, Request, Words, numbers};
use crate::command::{Command, Shape};

/// Keys to get.
#[derive(Clone, Copy, Debug)]
pub struct Retrieval<'a> {
    /// Its row.
    pub command: &'static Command,
    /// The keys, none too long, at least one unless this is a part.
    pub keys: Words<'a>,
    /// The new expiry as sent (`gat`, `gats`).
    pub expiry: Option<i32>,
    /// More keys of this line are to come: read on with `parse_keys`.
    pub unfinished: bool,
}

impl Retrieval<'_> {
    /// CAS values are wanted.
    #[must_use]
    pub fn with_cas(&self) -> bool {
        matches!(self.command.shape, Shape::Retrieval { with_cas: true, .. })
    }
}

impl<'a> Retrieval<'a> {
    #[inline]
    pub(super) fn parse(command: &'static Command, touch: bool, rest: &'a [u8]) -> Result<Self, Refusal> {
        let mut keys = Words::new(rest);
        let expiry = if touch { keys.next() } else { None };
        if is_blank(keys.rest()) {
            return Err(Refusal::of(BAD_FORMAT));
        }
        let expiry = match expiry {
            Some(word) => Some(numbers::signed(word).ok_or(Refusal::of(BAD_EXPIRY))?),
            None => None,
        };
        if has_long_key(keys.rest()) {
            return Err(Refusal::of(BAD_FORMAT));
        }
        Ok(Self { command, keys, expiry, unfinished: false })
    }
}

/// The beginning of a line that has not ended, up to its last space; `name_length` bytes stand before `rest`.
pub(super) fn first_part<'a>(command: &'static Command, rest: &'a [u8], name_length: usize) -> Parsed<'a> {
    let Some(space) = memrchr(b' ', rest) else {
        return Parsed::Close;
    };
    let touch = matches!(command.shape, Shape::Retrieval { touch: true, .. });
    match Retrieval::parse(command, touch, &rest[..space]) {
        Ok(retrieval) => Parsed::Done {
            request: Request::Retrieval(Retrieval { unfinished: true, ..retrieval }),
            consumed: name_length + space + 1,
        },
        // The rest of the line has no meaning any more, and no end that could be waited for.
        Err(_) => Parsed::Close,
    }
}

/// More keys of a line that came in parts; `first` is its first part. A key that is too long ends the connection: values have
/// been answered already, so there is no honest way to refuse the line.
#[must_use]
pub fn parse_keys<'a>(first: Retrieval<'_>, input: &'a [u8]) -> Parsed<'a> {
    let (line, consumed, unfinished) = match (memchr(b'\n', input), memrchr(b' ', input)) {
        (Some(end), _) => (input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]), end + 1, false),
        (None, Some(space)) => (&input[..space], space + 1, true),
        (None, None) if input.len() > KEY_MAX + 1 => return Parsed::Close,
        (None, None) => return Parsed::NeedMore,
    };
    if has_long_key(line) {
        return Parsed::Close;
    }
    let Retrieval { command, expiry, .. } = first;
    let request = Request::Retrieval(Retrieval { command, keys: Words::new(line), expiry, unfinished });
    Parsed::Done { request, consumed }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|&byte| byte == b' ')
}

/// Whether more than `KEY_MAX` bytes follow each other without a space: steps from space to space, a key's length at a time.
#[inline]
fn has_long_key(mut line: &[u8]) -> bool {
    while line.len() > KEY_MAX {
        match memrchr(b' ', &line[..=KEY_MAX]) {
            Some(space) => line = &line[space + 1..],
            None => return true,
        }
    }
    false
}

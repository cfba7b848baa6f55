//! The parser of memcached's text and meta protocol: pure, borrowing, for node and router alike, so that both frame and refuse the
//! same. It reads the line, not the body: `Request::body` says how many bytes (and a line end) follow. It knows no sockets and
//! no store. What it refuses, and in which words, follows memcached 1.6.45, without the stray blank line behind an over-long key.
//!
//! ```text
//!   input ── parse ──> Done { request, consumed }   then `request.body()` bytes and \r\n, if it announces them
//!                      Bad { reply, consumed, swallow }   answer (nothing if empty), skip `swallow` bytes
//!                      NeedMore   call again with more
//!                      Close      say nothing, hang up
//! ```

mod keyed;
mod meta;
pub mod numbers;
mod retrieval;
mod storage;
mod words;

use memchr::memchr;

pub use keyed::{Admin, Keyed};
pub use meta::{Flags, KeyScratch, Meta};
pub use retrieval::{Retrieval, parse_keys};
pub use storage::Storage;
pub use words::Words;

use crate::command::{Command, Shape, find};

/// The longest key, in bytes.
pub const KEY_MAX: usize = 250;
/// The longest opaque token, its `O` included, in bytes.
pub const OPAQUE_MAX: usize = 32;
/// The most words on a meta line, name and key included.
pub const META_WORDS_MAX: usize = 20;
/// The longest body that a line may announce, in bytes.
pub const BODY_MAX: usize = i32::MAX as usize - 2;

pub(crate) const BAD_FORMAT: &[u8] = b"CLIENT_ERROR bad command line format\r\n";
pub(crate) const BAD_EXPIRY: &[u8] = b"CLIENT_ERROR invalid exptime argument\r\n";
pub(crate) const ERROR: &[u8] = b"ERROR\r\n";

/// How long lines may become.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A line that has not ended after so many bytes ends the connection, unless it is one of keys to get.
    pub line_max: usize,
    /// A line of keys that has not ended after so many bytes is served in parts.
    pub part_from: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line_max: 2048, part_from: 16384 }
    }
}

/// What the beginning of the input is.
#[derive(Debug)]
pub enum Parsed<'a> {
    /// A line that is understood.
    Done {
        /// What it asks for.
        request: Request<'a>,
        /// Bytes of the line, its end included.
        consumed: usize,
    },
    /// No line yet.
    NeedMore,
    /// A line that is refused.
    Bad {
        /// To be answered; empty for nothing.
        reply: &'static [u8],
        /// Bytes of the line, its end included.
        consumed: usize,
        /// Bytes behind the line that belong to it.
        swallow: usize,
    },
    /// The connection is to be closed, without a word.
    Close,
}

/// What a line asks for, by its shape.
#[derive(Debug)]
pub enum Request<'a> {
    /// `get`, `gets`, `gat`, `gats`.
    Retrieval(Retrieval<'a>),
    /// `set` and its kin, `cas`.
    Storage(Storage<'a>),
    /// `delete`, `incr`, `decr`, `touch`.
    Keyed(Keyed<'a>),
    /// `mg`, `md`, `ma`, `me`.
    Meta(Meta<'a>),
    /// `ms`.
    MetaSet(Meta<'a>),
    /// Everything else.
    Words(Admin<'a>),
}

impl<'a> Request<'a> {
    /// Its row.
    #[must_use]
    pub fn command(&self) -> &'static Command {
        match self {
            Self::Retrieval(request) => request.command,
            Self::Storage(request) => request.command,
            Self::Keyed(request) => request.command,
            Self::Meta(request) | Self::MetaSet(request) => request.command,
            Self::Words(request) => request.command,
        }
    }

    /// The length of the body that follows the line; two more bytes (a line end) follow the body.
    #[must_use]
    pub fn body(&self) -> Option<usize> {
        match self {
            Self::Storage(request) => Some(request.length),
            Self::MetaSet(request) => Some(request.length),
            Self::Words(request) => request.body,
            Self::Retrieval(_) | Self::Keyed(_) | Self::Meta(_) => None,
        }
    }

    /// The ordinary reply is not wanted: `noreply`, or meta flag `q`.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        match self {
            Self::Retrieval(_) => false,
            Self::Storage(request) => request.noreply,
            Self::Keyed(request) => request.noreply,
            Self::Meta(request) | Self::MetaSet(request) => request.flags.has(b'q'),
            Self::Words(request) => request.noreply,
        }
    }

    /// The one key that it is about, as sent (base64 with meta flag `b`); `None` for many keys or none.
    #[must_use]
    pub fn sent_key(&self) -> Option<&'a [u8]> {
        match self {
            Self::Storage(request) => Some(request.key),
            Self::Keyed(request) => Some(request.key),
            Self::Meta(request) | Self::MetaSet(request) => Some(request.sent_key),
            Self::Retrieval(_) | Self::Words(_) => None,
        }
    }
}

/// Why a line is refused.
pub(crate) struct Refusal {
    reply: &'static [u8],
    /// Bytes of its body, line end included.
    swallow: usize,
}

impl Refusal {
    /// A refusal that is said, and whose body (if any) is not known.
    pub(crate) fn of(reply: &'static [u8]) -> Self {
        Self { reply, swallow: 0 }
    }

    /// Skips the body that the line announced.
    pub(crate) fn with_body(self, length: usize) -> Self {
        Self { swallow: length + 2, ..self }
    }

    /// Says nothing if the line ended in `noreply`.
    pub(crate) fn unless(self, noreply: bool) -> Self {
        Self { reply: if noreply { b"" } else { self.reply }, ..self }
    }
}

/// Reads one line.
#[inline]
#[must_use]
pub fn parse<'a>(input: &'a [u8], limits: &Limits) -> Parsed<'a> {
    let Some(end) = memchr(b'\n', input) else {
        return unfinished(input, limits);
    };
    let consumed = end + 1;
    if consumed < 4 {
        return Parsed::Bad { reply: BAD_FORMAT, consumed, swallow: 0 };
    }
    let line = if input[end - 1] == b'\r' { &input[..end - 1] } else { &input[..end] };
    match parse_line(line) {
        Some(Ok(request)) => Parsed::Done { request, consumed },
        Some(Err(Refusal { reply, swallow })) => Parsed::Bad { reply, consumed, swallow },
        None => Parsed::Close,
    }
}

/// A line without its end; `None` when the connection is to be closed.
#[inline]
fn parse_line(line: &[u8]) -> Option<Result<Request<'_>, Refusal>> {
    // The name ends at the first space, whatever its length: a line that begins with a space has an empty name.
    let (name, rest) = line.split_at(line.iter().position(|&byte| byte == b' ').unwrap_or(line.len()));
    let Some(command) = find(name) else {
        return unknown(line);
    };
    Some(match &command.shape {
        Shape::Retrieval { touch, .. } => Retrieval::parse(command, *touch, rest).map(Request::Retrieval),
        Shape::Storage { has_cas, .. } => Storage::parse(command, *has_cas, rest).map(Request::Storage),
        Shape::Keyed { argument, .. } => Keyed::parse(command, *argument, rest).map(Request::Keyed),
        Shape::Meta { kind, .. } => Meta::parse(command, *kind, rest).map(Request::Meta),
        Shape::MetaSet { .. } => Meta::parse_set(command, rest).map(Request::MetaSet),
        Shape::Words { .. } => Ok(Request::Words(Admin::parse(command, rest))),
        Shape::Config { .. } => Admin::parse_config(command, rest).map(Request::Words),
    })
}

/// A line with no known name; one that a browser was tricked into sending ends the connection.
#[cold]
fn unknown(line: &[u8]) -> Option<Result<Request<'_>, Refusal>> {
    let mut words = Words::new(line).skip(1);
    match words.next().map(|second| words.last().unwrap_or(second)) {
        Some(last) if last.starts_with(b"HTTP/") => None,
        _ => Some(Err(Refusal::of(ERROR))),
    }
}

/// Input without a line end: too long, long enough to be served in parts, or too short.
#[cold]
fn unfinished<'a>(input: &'a [u8], limits: &Limits) -> Parsed<'a> {
    if input.len() <= limits.line_max {
        return Parsed::NeedMore;
    }
    let (name, rest) = input.split_at(memchr(b' ', input).unwrap_or(input.len()));
    match find(name) {
        Some(command) if matches!(command.shape, Shape::Retrieval { .. }) => {
            if input.len() < limits.part_from {
                return Parsed::NeedMore;
            }
            retrieval::first_part(command, rest, name.len())
        }
        _ => Parsed::Close,
    }
}

//! What a replica says to its primary and understands of it, as a state machine: bytes in, events out. It knows no sockets and no data.
//!
//! ```text
//!   PING ─ AUTH ─ REPLCONF … ─ PSYNC ──> +FULLRESYNC ─> $… snapshot ─┬─> stream:
//!                                   └──> +CONTINUE ──────────────────┘   command, command, …
//! ```
//!
//! The caller keeps what has arrived and has not been consumed, and offers it again with what comes behind it.

mod payload;
mod requests;

use std::ops::Range;

use journal::ReplicationId;
use resp::{Begun, Limits, Parsed};

use super::replication_id;
use payload::{End, Part};
use requests::Request;

/// Bytes of a line of the handshake at most.
const LINE_MAX: usize = 4 << 10;
/// Bytes of one command of the stream at most. Nothing is allocated for what has only been announced.
const COMMAND_MAX: usize = 4 << 30;
/// Bytes of a wrong command that are shown.
const SHOWN_MAX: usize = 64;

/// What a replica says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Introduction {
    /// User and password at the primary; the user may be empty for the default one.
    pub credentials: Option<(String, String)>,
    /// Where it listens itself.
    pub port: u16,
    /// The address that it wants to be known by; empty: the one it comes from.
    pub address: String,
    /// The version of Redis whose snapshots it reads.
    pub version: String,
    /// Its name in a group, and the highest epoch that it has seen; an empty name: it belongs to no group.
    pub name: String,
    /// The highest epoch that it has seen.
    pub epoch: u64,
    /// The stream that it wants to go on with, and the bytes of it that it has; none: everything is to be sent.
    pub held: Option<(ReplicationId, u64)>,
    /// The primary is to become a replica, and this one the primary.
    pub takes_over: bool,
}

/// What the beginning of the input meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'i> {
    /// More has to come.
    More,
    /// Nothing by itself: what is behind it may.
    Nothing,
    /// These bytes are to be sent.
    Send(Vec<u8>),
    /// Everything will be sent: a snapshot of the stream of this name after so many bytes, and the stream from there.
    Full(ReplicationId, u64),
    /// The stream goes on from what is held, under this name.
    Continue(ReplicationId),
    /// Bytes of the snapshot.
    Snapshot(&'i [u8]),
    /// The snapshot has come whole.
    SnapshotEnd,
    /// A command of the stream, whose words are in the caller's list.
    Command,
    /// The primary can't serve replicas now: ask again after a while.
    Later(String),
    /// The link is of no use.
    Failed(String),
}

#[derive(Debug)]
enum Phase {
    /// An answer to this request is awaited; those behind it are still to be sent.
    Asking(Request),
    /// The line before the snapshot is awaited.
    Announcing,
    Receiving(End),
    Streaming(Option<Box<Begun>>),
    Over,
}

/// One link of a replica to its primary.
#[derive(Debug)]
pub struct Link {
    introduction: Introduction,
    phase: Phase,
    /// Bytes of what is held that the primary shares; unknown outside of groups.
    shared: Option<u64>,
    /// Room in which a command is read as from a log.
    ranges: Vec<Range<usize>>,
}

impl Link {
    /// A link that has just been established, and what is to be sent first.
    #[must_use]
    pub fn begin(introduction: Introduction) -> (Self, Vec<u8>) {
        let first = Request::FIRST;
        let bytes = first.bytes(&introduction).unwrap_or_default();
        (Self { introduction, phase: Phase::Asking(first), shared: None, ranges: Vec::new() }, bytes)
    }

    /// Bytes of what is held that the primary shares, as it says.
    #[must_use]
    pub fn shared(&self) -> Option<u64> {
        self.shared
    }

    /// The stream has begun: positions may be acknowledged.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        matches!(self.phase, Phase::Streaming(_))
    }

    /// Takes what can be understood from the beginning of `input`; returns how many bytes that was, and what it means.
    pub fn receive<'i>(&mut self, input: &'i [u8], words: &mut Vec<&'i [u8]>) -> (usize, Event<'i>) {
        match &mut self.phase {
            Phase::Asking(_) | Phase::Announcing => self.receive_line(input),
            Phase::Receiving(end) => match end.take(input) {
                Part::Unclear => (0, Event::More),
                Part::Bytes(count) => (count, Event::Snapshot(&input[..count])),
                Part::Last(0, mark) => {
                    self.phase = Phase::Streaming(None);
                    (mark, Event::SnapshotEnd)
                }
                Part::Last(count, mark) => {
                    // The end is told by itself: the mark, or an empty rest, is met again.
                    *end = if mark > 0 { end.clone() } else { End::Left(0) };
                    (count, Event::Snapshot(&input[..count]))
                }
            },
            Phase::Streaming(begun) => match command(input, words, begun, &mut self.ranges) {
                Ok(Some(bytes)) => (bytes, Event::Command),
                Ok(None) => (0, Event::More),
                Err(why) => self.fail(0, format!("what the primary streams can't be read: {why}")),
            },
            Phase::Over => (0, Event::More),
        }
    }

    fn receive_line<'i>(&mut self, input: &'i [u8]) -> (usize, Event<'i>) {
        let Some(end) = memchr::memchr(b'\n', &input[..input.len().min(LINE_MAX)]) else {
            if input.len() >= LINE_MAX {
                return self.fail(0, "an answer of the primary is longer than any known one".to_owned());
            }
            return (0, Event::More);
        };
        let line = input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]);
        // An empty line says that the primary is still there.
        if line.is_empty() {
            return (end + 1, Event::Nothing);
        }
        match &self.phase {
            Phase::Asking(request) => {
                let request = *request;
                self.answered(request, line, end + 1)
            }
            _ => match End::parse(line) {
                Some(begun) => {
                    self.phase = Phase::Receiving(begun);
                    (end + 1, Event::Nothing)
                }
                None => self.fail(end + 1, format!("no snapshot but: {}", line.escape_ascii())),
            },
        }
    }

    fn fail<'i>(&mut self, bytes: usize, why: String) -> (usize, Event<'i>) {
        self.phase = Phase::Over;
        (bytes, Event::Failed(why))
    }

    fn answered<'i>(&mut self, request: Request, line: &[u8], bytes: usize) -> (usize, Event<'i>) {
        if request == Request::Synchronise {
            return self.synchronised(line, bytes);
        }
        if let Err(why) = request.judge(line) {
            return self.fail(bytes, why);
        }
        if request == Request::Membership {
            let told = line.strip_prefix(b"+OK ").and_then(|number| std::str::from_utf8(number).ok());
            self.shared = told.and_then(|number| number.parse().ok());
        }
        let mut next = request.next();
        while let Some(request) = next {
            if let Some(words) = request.bytes(&self.introduction) {
                self.phase = Phase::Asking(request);
                return (bytes, Event::Send(words));
            }
            next = request.next();
        }
        self.fail(bytes, "nothing left to ask".to_owned())
    }

    /// What PSYNC was answered.
    fn synchronised<'i>(&mut self, line: &[u8], bytes: usize) -> (usize, Event<'i>) {
        let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
        let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
        match *words.as_slice() {
            [b"+FULLRESYNC", id, offset] => {
                let (Some(id), Some(offset)) = (replication_id(id), text(offset).parse().ok()) else {
                    return self.fail(bytes, format!("no stream that one can follow: {}", line.escape_ascii()));
                };
                self.phase = Phase::Announcing;
                (bytes, Event::Full(id, offset))
            }
            [b"+CONTINUE", ref rest @ ..] => {
                let Some((held, _)) = self.introduction.held else {
                    return self.fail(bytes, "the primary would go on with a stream that nobody asked for".to_owned());
                };
                let id = rest.first().map_or(Some(held), |id| replication_id(id));
                let Some(id) = id else {
                    return self.fail(bytes, format!("no stream that one can follow: {}", line.escape_ascii()));
                };
                self.phase = Phase::Streaming(None);
                (bytes, Event::Continue(id))
            }
            [b"-NOMASTERLINK" | b"-LOADING", ..] => {
                self.phase = Phase::Over;
                (bytes, Event::Later(text(&line[1..])))
            }
            _ => self.fail(bytes, format!("the primary refuses PSYNC: {}", line.escape_ascii())),
        }
    }
}

/// Reads a command of the stream; its bytes, if it has come whole. They become this server's log's: what a client may send and a log may
/// not hold (a line of words, which redis-server takes from no primary either, or what is not looked at behind a word) is no command.
fn command<'i>(
    input: &'i [u8],
    words: &mut Vec<&'i [u8]>,
    begun: &mut Option<Box<Begun>>,
    ranges: &mut Vec<Range<usize>>,
) -> Result<Option<usize>, String> {
    let limits = Limits { bulk_max: COMMAND_MAX, request_max: COMMAND_MAX, ..Limits::default() };
    words.clear();
    match resp::request::parse(input, &limits, words, begun) {
        Parsed::Done(bytes) if journal::aof::is_command(&input[..bytes], ranges) => Ok(Some(bytes)),
        Parsed::Done(bytes) => {
            Err(format!("no log may hold a command like {}", input[..bytes.min(SHOWN_MAX)].escape_ascii()))
        }
        Parsed::NeedMore if input.len() > COMMAND_MAX => Err(format!("a command of more than {COMMAND_MAX} bytes")),
        Parsed::NeedMore => Ok(None),
        Parsed::Quoted(..) => Err("a line of quoted words".to_owned()),
        Parsed::Bad(why) => Err(String::from_utf8_lossy(&why).into_owned()),
    }
}

#[cfg(test)]
mod tests;

//! Reads one file of the log: its commands in order, every checksum verified, and how far it is whole.
//!
//! A file may end in the middle of something: the process was killed while it wrote. It is whole up to its last complete unit. But
//! when a mark stands behind the place where it seems to end, or within a word of the last unit, a length is wrong there, and that is
//! damage.

use std::io::{self, Read};
use std::ops::Range;

use smallvec::SmallVec;

use super::mark::{self, Line, Mark, Names, Position};
use super::scan::{Scanned, scan};

/// What a file is made of.
#[derive(Debug)]
pub enum Piece<'r> {
    /// The words of a command that comes soon: what it will look up can be brought near until then.
    Ahead(&'r [&'r [u8]]),
    /// The words of a command, and its bytes.
    Command(&'r [&'r [u8]], &'r [u8]),
    /// A mark whose checksum is right; `None` where the stream's name is not said.
    Mark(Option<Position>),
    /// Another line: `#TS:` and the like.
    Line(&'r [u8]),
}

/// How far a file goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Commands, those of an unfinished transaction too.
    pub commands: u64,
    /// Marks.
    pub marks: u64,
    /// Bytes of the file up to which it is whole: behind the last complete unit.
    pub whole: u64,
    /// Bytes of whole commands behind the last mark.
    pub unmarked: u64,
    /// Where the stream was at the last mark.
    pub position: Option<Position>,
    /// It ends in the middle of something.
    pub is_truncated: bool,
    /// It ends with a mark, so more can be written behind it.
    pub ends_with_mark: bool,
}

/// Bytes that are not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where, in the file.
    pub at: u64,
    /// What is wrong there.
    pub why: String,
    /// Bytes of the file that are known to be right: up to the last mark or, without one, the last whole unit.
    pub right: u64,
}

/// Read at a time.
const CHUNK: usize = 1 << 18;
/// Commands that are told ahead, so that their waits for memory overlap.
const AHEAD: usize = 16;
/// A mark is found across two chunks if so many bytes of them overlap.
const MARK_MAX: usize = 128;

/// Reads commands from `source`, of which `length` bytes are left; places are counted from `first`. A refusal of `sink` is damage: what
/// can't be done is not what was done.
///
/// # Errors
/// What can't be read from the disk.
pub fn read(
    source: impl Read,
    first: u64,
    length: u64,
    sink: &mut dyn FnMut(Piece<'_>) -> Result<(), String>,
) -> io::Result<Result<Outcome, Damage>> {
    let mut reader = Reader {
        source,
        left: length,
        buffer: Vec::new(),
        start: 0,
        at: first,
        told: 0,
        hashed: 0,
        crc: crc32fast::Hasher::new(),
        names: Names::default(),
        is_open: false,
        right: first,
        noted: 0,
        is_marked: false,
        has_swallowed: false,
        outcome: Outcome { whole: first, ..Outcome::default() },
    };
    reader.run(sink)
}

struct Reader<R> {
    source: R,
    /// Bytes of the file that are not in the buffer yet.
    left: u64,
    buffer: Vec<u8>,
    /// Where in the buffer the next piece begins, and where in the file.
    start: usize,
    at: u64,
    /// Up to where in the buffer commands have been told ahead.
    told: usize,
    /// Up to where in the buffer the checksum goes; never beyond `start`.
    hashed: usize,
    crc: crc32fast::Hasher,
    names: Names,
    /// MULTI without EXEC so far.
    is_open: bool,
    /// Behind the last mark, and bytes of other lines since.
    right: u64,
    noted: u64,
    /// There are marks in it, right or wrong.
    is_marked: bool,
    /// A word behind the last mark holds the next one, and has left the buffer.
    has_swallowed: bool,
    outcome: Outcome,
}

impl<R: Read> Reader<R> {
    fn run(&mut self, sink: &mut dyn FnMut(Piece<'_>) -> Result<(), String>) -> io::Result<Result<Outcome, Damage>> {
        let mut ranges = Vec::new();
        loop {
            if self.start >= self.told {
                self.look_ahead(&mut ranges, sink);
            }
            let done = match scan(&self.buffer[self.start..], &mut ranges) {
                Scanned::More(need) => {
                    let missing = need - (self.buffer.len() - self.start);
                    if missing as u64 > self.left {
                        return self.end();
                    }
                    self.fill(missing)?;
                    continue;
                }
                Scanned::Command(bytes) => self.command(bytes, &ranges, sink),
                Scanned::Line(bytes) => self.line(bytes, sink),
                Scanned::Bad(why) => Err(why.to_owned()),
            };
            if let Err(why) = done {
                return Ok(Err(self.damage(why)));
            }
        }
    }

    /// Tells of the next commands in the buffer.
    fn look_ahead(&mut self, ranges: &mut Vec<Range<usize>>, sink: &mut dyn FnMut(Piece<'_>) -> Result<(), String>) {
        self.told = self.start;
        for _ in 0..AHEAD {
            let rest = &self.buffer[self.told..];
            let Scanned::Command(bytes) = scan(rest, ranges) else { break };
            let words: SmallVec<[&[u8]; 8]> = ranges.iter().map(|range| &rest[range.clone()]).collect();
            // Nothing is done with it yet: it can't be refused.
            _ = sink(Piece::Ahead(&words));
            self.told += bytes;
        }
    }

    fn command(
        &mut self,
        bytes: usize,
        ranges: &[Range<usize>],
        sink: &mut dyn FnMut(Piece<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let raw = &self.buffer[self.start..self.start + bytes];
        let words: SmallVec<[&[u8]; 8]> = ranges.iter().map(|range| &raw[range.clone()]).collect();
        if words.len() == 1 {
            let is = |name: &[u8]| words[0].eq_ignore_ascii_case(name);
            self.is_open = is(b"multi") || (self.is_open && !is(b"exec") && !is(b"discard"));
        }
        let done = sink(Piece::Command(&words, raw));
        drop(words);
        done?;
        self.outcome.commands += 1;
        self.outcome.unmarked += bytes as u64;
        self.outcome.ends_with_mark = false;
        self.pass(bytes);
        Ok(())
    }

    fn line(&mut self, bytes: usize, sink: &mut dyn FnMut(Piece<'_>) -> Result<(), String>) -> Result<(), String> {
        let range = self.start..self.start + bytes;
        let ours = mark::parse(&self.buffer[range.clone()]);
        match ours.map_err(|()| "an annotation is damaged".to_owned())? {
            Some(Line::Mark(mark)) => return self.mark(&mark, bytes, sink),
            Some(line) => self.names.hear(line),
            None => sink(Piece::Line(&self.buffer[range]))?,
        }
        self.outcome.ends_with_mark = false;
        self.noted += bytes as u64;
        self.pass(bytes);
        Ok(())
    }

    fn mark(
        &mut self,
        mark: &Mark,
        bytes: usize,
        sink: &mut dyn FnMut(Piece<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        self.is_marked = true;
        let line = &self.buffer[self.start..self.start + bytes];
        self.crc.update(&self.buffer[self.hashed..self.start + mark::covered(line)]);
        if self.crc.clone().finalize() != mark.crc {
            return Err(format!("the checksum of bytes {} to {} is wrong", self.right, self.at));
        }
        if self.is_open {
            return Err("a mark stands in an unfinished transaction".to_owned());
        }
        let position = self.names.at(mark);
        if let (Some(former), Some(_)) = (self.outcome.position, position) {
            let expected = former.offset + (self.at - self.right - self.noted);
            if mark.offset != expected {
                return Err(format!(
                    "the stream is at {}, but a mark says {}: bytes are missing, or are there twice",
                    expected, mark.offset
                ));
            }
        }
        sink(Piece::Mark(position))?;
        self.crc.reset();
        self.pass(bytes);
        self.hashed = self.start;
        (self.right, self.noted) = (self.at, 0);
        self.outcome.marks += 1;
        (self.outcome.position, self.outcome.unmarked) = (position, 0);
        self.outcome.ends_with_mark = true;
        self.has_swallowed = false;
        Ok(())
    }

    fn pass(&mut self, bytes: usize) {
        self.start += bytes;
        self.at += bytes as u64;
        if !self.is_open {
            self.outcome.whole = self.at;
        }
    }

    /// Reads at least so many bytes, which are there. What is done with leaves the buffer.
    fn fill(&mut self, missing: usize) -> io::Result<()> {
        self.has_swallowed |= self.swallows();
        self.crc.update(&self.buffer[self.hashed..self.start]);
        self.buffer.drain(..self.start);
        (self.start, self.told, self.hashed) = (0, 0, 0);
        let count = missing.max(CHUNK).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let before = self.buffer.len();
        self.source.by_ref().take(count as u64).read_to_end(&mut self.buffer)?;
        let read = self.buffer.len() - before;
        // A file that has become shorter meanwhile ends here.
        self.left = if read < count { 0 } else { self.left - read as u64 };
        Ok(())
    }

    /// Nothing more can be read: the file ends here, or a wrong length says so.
    fn end(&mut self) -> io::Result<Result<Outcome, Damage>> {
        let is_cut = self.left > 0 || self.start < self.buffer.len() || self.is_open;
        if self.has_swallowed || self.swallows() {
            let why = "a length is wrong: it goes beyond the mark that vouches for it".to_owned();
            return Ok(Err(Damage { at: self.right, ..self.damage(why) }));
        }
        if is_cut && self.has_later_mark()? {
            return Ok(Err(self.damage("a length is wrong: it goes beyond the end of the file".to_owned())));
        }
        self.outcome.is_truncated = is_cut;
        self.outcome.ends_with_mark &= !is_cut;
        Ok(Ok(std::mem::take(&mut self.outcome)))
    }

    /// Whether the commands in the buffer that no mark vouches for so far hold the mark of their group in a word: a wrong length has
    /// reached over it and happens to end where something else does.
    fn swallows(&self) -> bool {
        let place = self.at - (self.start - self.hashed) as u64;
        self.outcome.position.is_some() && self.holds_mark(&self.buffer[self.hashed..self.start], place)
    }

    /// Whether the mark of the group that begins here stands in what is left.
    fn has_later_mark(&mut self) -> io::Result<bool> {
        // A file of ours has marks from its beginning on.
        if self.outcome.position.is_none() && self.outcome.commands > 1 {
            return Ok(false);
        }
        let (mut window, mut place) = (self.buffer.split_off(self.start), self.at);
        loop {
            if self.holds_mark(&window, place) {
                return Ok(true);
            }
            let done = window.len().saturating_sub(MARK_MAX);
            window.drain(..done);
            place += done as u64;
            if self.source.by_ref().take(CHUNK as u64).read_to_end(&mut window)? == 0 {
                return Ok(false);
            }
        }
    }

    /// Whether the mark of the group that begins here stands in bytes from a place of the file: the stream's offset there is as many
    /// bytes further as the file's place is. A line in a value that looks like a mark does not know that.
    fn holds_mark(&self, bytes: &[u8], place: u64) -> bool {
        memchr::memmem::find_iter(bytes, mark::PREFIX).any(|at| {
            let rest = &bytes[at..bytes.len().min(at + MARK_MAX)];
            let line = memchr::memchr(b'\n', rest).map_or(rest, |end| &rest[..=end]);
            let Ok(Some(Line::Mark(mark))) = mark::parse(line) else { return false };
            let further = (place + at as u64).checked_sub(self.right + self.noted);
            let known = self.outcome.position.map(|position| position.offset);
            known.is_none_or(|known| further.is_some_and(|further| mark.offset == known + further))
        })
    }

    fn damage(&self, why: String) -> Damage {
        let right = if self.is_marked { self.right } else { self.outcome.whole };
        Damage { at: self.at, why, right }
    }
}

//! Where a node's answer ends, and what it says in one word. Pure: bytes in, a length out; resumes where it stopped, so that
//! an answer in a thousand pieces is read once. What does not fit the request is garbage, and the connection is given up.

use memchr::memchr;

/// Longest line that is no value; longer ones are garbage.
const LINE_BYTES_MAX: usize = 16 << 10;
/// Largest value that a memcached can hold.
const VALUE_BYTES_MAX: usize = 1 << 30;
/// Its length has no more digits.
const LENGTH_DIGITS_MAX: usize = 10;

/// What the answer to a request looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// `VALUE…` blocks and `END`: get gets gat gats.
    Values,
    /// set add replace append prepend cas.
    Stored,
    /// delete.
    Deleted,
    /// touch.
    Touched,
    /// incr decr.
    Number,
    /// flush_all verbosity.
    Okay,
    /// mg ms md ma me.
    Meta,
    /// A quiet meta command and the `mn` that the router sends behind it: perhaps an answer, then `MN`.
    Quiet,
    /// `STAT…` lines and `END`, or `RESET` or `OK`.
    Stats,
}

/// An answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Found or done.
    Fine,
    /// Not there.
    Miss,
    /// There, but not as the request wants it, or a request that the node finds wrong.
    Refused,
    /// The node could not serve it.
    Failed,
}

/// How far a scan came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// The answer is complete: so many bytes.
    Done(usize, Verdict),
    /// At least one more line end is missing.
    NeedLine,
    /// The answer has at least so many bytes in all.
    NeedBytes(usize),
    /// Not an answer to this request.
    Garbage,
}

/// What one line means for the answer it is part of.
enum Line {
    /// A block of so many bytes follows.
    Block(usize),
    /// One of several lines.
    More,
    Last(Verdict),
    Garbage,
}

/// A scan of one answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scan {
    /// Where the next line begins.
    at: usize,
    /// A value or a line has been seen.
    found: Option<Verdict>,
}

impl Scan {
    /// Goes on over `bytes`, which begin where the answer begins.
    #[inline]
    pub fn run(&mut self, bytes: &[u8], expect: Expect) -> Scanned {
        loop {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let Some(end) = memchr(b'\n', rest) else {
                return if rest.len() > LINE_BYTES_MAX { Scanned::Garbage } else { Scanned::NeedLine };
            };
            let line = &rest[..=end];
            match self.read(line, expect) {
                Line::Last(verdict) => return Scanned::Done(self.at + line.len(), verdict),
                Line::More => self.at += line.len(),
                Line::Garbage => return Scanned::Garbage,
                Line::Block(length) => {
                    let after = self.at + line.len() + length;
                    let Some(end) = bytes.get(after..after + 2) else { return Scanned::NeedBytes(after + 2) };
                    if end != b"\r\n" {
                        return Scanned::Garbage;
                    }
                    if expect == Expect::Meta {
                        return Scanned::Done(after + 2, Verdict::Fine);
                    }
                    self.found = Some(Verdict::Fine);
                    self.at = after + 2;
                }
            }
        }
    }

    #[inline]
    fn read(&mut self, line: &[u8], expect: Expect) -> Line {
        match expect {
            Expect::Values => self.read_values(line),
            Expect::Stored if line == b"STORED\r\n" => Line::Last(Verdict::Fine),
            Expect::Meta => read_meta(line).unwrap_or_else(|| read_error(line)),
            Expect::Quiet => self.read_quiet(line),
            Expect::Stats if line.starts_with(b"STAT ") => Line::More,
            Expect::Number if line[0].is_ascii_digit() => read_number(line),
            _ => read_word(line, expect),
        }
    }

    #[inline]
    fn read_values(&self, line: &[u8]) -> Line {
        if line.starts_with(b"VALUE ") {
            return read_value_length(line).map_or(Line::Garbage, Line::Block);
        }
        if line == b"END\r\n" {
            return Line::Last(self.found.unwrap_or(Verdict::Miss));
        }
        read_error(line)
    }

    /// A server that knows no meta commands answers `ERROR` to both the command and the `mn` behind it.
    fn read_quiet(&mut self, line: &[u8]) -> Line {
        if line == b"MN\r\n" || (self.found.is_some() && line == b"ERROR\r\n") {
            return Line::Last(self.found.unwrap_or(Verdict::Fine));
        }
        if self.found.is_some() {
            return Line::Garbage;
        }
        match read_meta(line).unwrap_or_else(|| read_error(line)) {
            Line::Last(verdict) => {
                self.found = Some(verdict);
                Line::More
            }
            other => other,
        }
    }
}

/// Bytes of the `mn` answer at the end of a quiet command's.
#[must_use]
pub fn without_barrier(answer: &[u8]) -> &[u8] {
    let end = answer.strip_suffix(b"MN\r\n").or_else(|| answer.strip_suffix(b"ERROR\r\n"));
    end.unwrap_or(answer)
}

/// The key of a `VALUE` block.
#[inline]
#[must_use]
pub fn value_key(block: &[u8]) -> &[u8] {
    let key = block.get(6..).unwrap_or_default();
    &key[..memchr(b' ', key).unwrap_or(0)]
}

/// The length, last line end included, of the `VALUE` block that begins here if it is this key's; the answer has been scanned.
#[inline]
#[must_use]
pub fn block_of(bytes: &[u8], key: &[u8]) -> Option<usize> {
    let key_end = 6 + key.len();
    if bytes.get(key_end) != Some(&b' ') || &bytes[6..key_end] != key || !bytes.starts_with(b"VALUE ") {
        return None;
    }
    let flags_end = skip_digits(bytes, key_end + 1)?;
    let (length, at) = value_length(bytes, flags_end + 1)?;
    let line_end = if bytes.get(at) == Some(&b'\r') { at + 1 } else { at + memchr(b'\n', &bytes[at..])? };
    Some(line_end + 1 + length + 2)
}

/// The length on a `VALUE` line.
#[inline]
fn read_value_length(line: &[u8]) -> Option<usize> {
    let key_end = 6 + memchr(b' ', &line[6..])?;
    let flags_end = skip_digits(line, key_end + 1)?;
    let (length, at) = value_length(line, flags_end + 1)?;
    let is_whole = line[flags_end] == b' ' && matches!(line.get(at), Some(b' ' | b'\r'));
    (is_whole && length <= VALUE_BYTES_MAX).then_some(length)
}

/// The length on a `VA` line.
#[inline]
fn read_meta_length(line: &[u8]) -> Option<usize> {
    let (length, at) = value_length(line, 3)?;
    (matches!(line.get(at), Some(b' ' | b'\r')) && length <= VALUE_BYTES_MAX).then_some(length)
}

/// Where the digits that begin here end.
#[inline]
fn skip_digits(bytes: &[u8], start: usize) -> Option<usize> {
    let count = bytes.get(start..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then_some(start + count)
}

/// The length of a value that begins here, and where it ends.
#[inline]
fn value_length(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let end = skip_digits(bytes, start).filter(|end| end - start <= LENGTH_DIGITS_MAX)?;
    let length = bytes[start..end].iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    Some((length, end))
}

fn read_meta(line: &[u8]) -> Option<Line> {
    let code = [*line.first()?, *line.get(1)?];
    if !matches!(line.get(2), Some(b' ' | b'\r')) {
        return None;
    }
    Some(match &code {
        b"VA" => read_meta_length(line).map_or(Line::Garbage, Line::Block),
        b"HD" | b"ME" => Line::Last(Verdict::Fine),
        b"EN" | b"NF" => Line::Last(Verdict::Miss),
        b"NS" | b"EX" => Line::Last(Verdict::Refused),
        _ => return None,
    })
}

/// Words that end an answer of one line, by what was asked.
const WORDS: &[(Expect, &[u8], Verdict)] = &[
    (Expect::Stored, b"STORED", Verdict::Fine),
    (Expect::Stored, b"NOT_STORED", Verdict::Refused),
    (Expect::Stored, b"EXISTS", Verdict::Refused),
    (Expect::Stored, b"NOT_FOUND", Verdict::Miss),
    (Expect::Deleted, b"DELETED", Verdict::Fine),
    (Expect::Deleted, b"NOT_FOUND", Verdict::Miss),
    (Expect::Touched, b"TOUCHED", Verdict::Fine),
    (Expect::Touched, b"NOT_FOUND", Verdict::Miss),
    (Expect::Number, b"NOT_FOUND", Verdict::Miss),
    (Expect::Okay, b"OK", Verdict::Fine),
    (Expect::Stats, b"END", Verdict::Fine),
    (Expect::Stats, b"RESET", Verdict::Fine),
    (Expect::Stats, b"OK", Verdict::Fine),
];

fn read_word(line: &[u8], expect: Expect) -> Line {
    let Some(word) = line.strip_suffix(b"\r\n") else { return Line::Garbage };
    let row = WORDS.iter().find(|(asked, known, _)| *asked == expect && *known == word);
    row.map_or_else(|| read_error(line), |(_, _, verdict)| Line::Last(*verdict))
}

/// Spaces behind the digits are memcached's padding after a `decr` in place.
fn read_number(line: &[u8]) -> Line {
    let number = line.trim_ascii_end();
    if number.len() <= 20 && number.iter().all(u8::is_ascii_digit) { Line::Last(Verdict::Fine) } else { Line::Garbage }
}

fn read_error(line: &[u8]) -> Line {
    if line.starts_with(b"SERVER_ERROR") {
        return Line::Last(Verdict::Failed);
    }
    if line.starts_with(b"CLIENT_ERROR") || line.starts_with(b"ERROR") {
        return Line::Last(Verdict::Refused);
    }
    Line::Garbage
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANSWERS: &[(Expect, &str, Verdict)] = &[
        (Expect::Values, "END\r\n", Verdict::Miss),
        (Expect::Values, "VALUE a 0 3\r\nE\r\n\r\nEND\r\n", Verdict::Fine),
        (Expect::Values, "VALUE a 5 0 77\r\n\r\nVALUE b 0 5\r\nEND\r\n\r\nEND\r\n", Verdict::Fine),
        (Expect::Values, "VALUE a 0 1\r\nx\r\nSERVER_ERROR out of memory\r\n", Verdict::Failed),
        (Expect::Stored, "STORED\r\n", Verdict::Fine),
        (Expect::Stored, "NOT_STORED\r\n", Verdict::Refused),
        (Expect::Stored, "SERVER_ERROR object too large for cache\r\n", Verdict::Failed),
        (Expect::Deleted, "NOT_FOUND\r\n", Verdict::Miss),
        (Expect::Touched, "TOUCHED\r\n", Verdict::Fine),
        (Expect::Number, "18446744073709551615\r\n", Verdict::Fine),
        (Expect::Number, "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n", Verdict::Refused),
        (Expect::Okay, "OK\r\n", Verdict::Fine),
        (Expect::Meta, "HD\r\n", Verdict::Fine),
        (Expect::Meta, "VA 2 f5 Oabc\r\nhi\r\n", Verdict::Fine),
        (Expect::Meta, "EN ka\r\n", Verdict::Miss),
        (Expect::Meta, "EX c0\r\n", Verdict::Refused),
        (Expect::Meta, "ME a exp=-1 la=0\r\n", Verdict::Fine),
        (Expect::Quiet, "MN\r\n", Verdict::Fine),
        (Expect::Quiet, "VA 2\r\nMN\r\nMN\r\n", Verdict::Fine),
        (Expect::Quiet, "NF\r\nMN\r\n", Verdict::Miss),
        (Expect::Quiet, "ERROR\r\nERROR\r\n", Verdict::Refused),
        (Expect::Stats, "STAT pid 1\r\nSTAT x y z\r\nEND\r\n", Verdict::Fine),
        (Expect::Stats, "RESET\r\n", Verdict::Fine),
    ];

    #[test]
    fn answers_end_where_they_end_however_they_are_split() {
        for &(expect, text, verdict) in ANSWERS {
            let behind = format!("{text}MORE\r\n");
            assert_eq!(Scan::default().run(behind.as_bytes(), expect), Scanned::Done(text.len(), verdict), "{text}");
            let mut scan = Scan::default();
            for length in 0..text.len() {
                let got = scan.run(&text.as_bytes()[..length], expect);
                match got {
                    Scanned::NeedLine => {}
                    Scanned::NeedBytes(total) => assert!(total > length && total <= text.len(), "{text} at {length}"),
                    _ => panic!("{text} at {length}: {got:?}"),
                }
            }
            assert_eq!(scan.run(text.as_bytes(), expect), Scanned::Done(text.len(), verdict), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_garbage() {
        for (expect, text) in [
            (Expect::Values, "STORED\r\n"),
            (Expect::Values, "VALUE a 0 x\r\n"),
            (Expect::Values, "VALUE a 0 1\r\nxyz\r\n"),
            (Expect::Values, "VALUE a 0 99999999999\r\n"),
            (Expect::Stored, "DELETED\r\n"),
            (Expect::Stored, "STORED\n"),
            (Expect::Deleted, "STORED\r\n"),
            (Expect::Number, "12x\r\n"),
            (Expect::Meta, "STORED\r\n"),
            (Expect::Meta, "MN\r\n"),
            (Expect::Quiet, "HD\r\nHD\r\n"),
            (Expect::Okay, "\r\n"),
            (Expect::Stats, "VALUE\r\n"),
        ] {
            assert_eq!(Scan::default().run(text.as_bytes(), expect), Scanned::Garbage, "{text}");
        }
        assert_eq!(Scan::default().run(&[b'x'; LINE_BYTES_MAX + 1], Expect::Stored), Scanned::Garbage);
    }

    #[test]
    fn parts_of_an_answer() {
        let block = b"VALUE key 0 3 9\r\nabc\r\nVALUE";
        assert_eq!((value_key(block), block_of(block, b"key")), (b"key".as_slice(), Some(22)));
        assert_eq!((block_of(block, b"ke"), block_of(block, b"kez")), (None, None));
        assert_eq!(without_barrier(b"NF\r\nMN\r\n"), b"NF\r\n");
    }

    proptest! {
        #[test]
        fn nothing_that_a_node_sends_breaks_the_scan(
            expect in prop::sample::select(ANSWERS),
            bytes in prop::collection::vec(prop::sample::select(b"VALUE END\r\n 01259aHMx".as_slice()), 0..200),
        ) {
            let mut scan = Scan::default();
            for length in 0..=bytes.len() {
                match scan.run(&bytes[..length], expect.0) {
                    Scanned::NeedLine => {}
                    Scanned::NeedBytes(total) => prop_assert!(total > length),
                    Scanned::Done(done, _) => {
                        prop_assert!(done <= length);
                        break;
                    }
                    Scanned::Garbage => break,
                }
            }
        }
    }
}

//! Lines of ours in an append-only file. redis-server skips lines that begin with `#` (it reads them into 128 bytes, so they are short).
//!
//! ```text
//!   #MC:id=<40 digits>               the stream's name from here on
//!   #MC:id2=<40 digits>,end=<offset> its former name, and up to where
//!   #MC:e=<epoch>,off=<offset>,crc=<8 digits>       a mark: the stream is at this offset; the checksum is that of the file's bytes from
//!                                    behind the last mark (or from its start) up to `,crc=`
//! ```

use std::io::Write;

use crate::history::{Epoch, History, NOBODY, ReplicationId};

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The primary's.
    pub epoch: Epoch,
    /// Of the stream.
    pub offset: u64,
    /// CRC-32 of what it covers.
    pub crc: u32,
}

/// Where a stream is: a mark, and the names that stood before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Whose stream it is.
    pub history: History,
    /// How far it is.
    pub offset: u64,
}

/// One of our lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Name(ReplicationId),
    Former(ReplicationId, u64),
    Mark(Mark),
}

/// What all of them begin with, and so do files that were begun here: with the stream's name, the database of what follows if that is
/// known, and a mark. That database is no part of the stream.
pub const PREFIX: &[u8] = b"#MC:";
/// What a mark's checksum stands behind.
const CRC: &[u8] = b",crc=";
/// The checksum's digits and the line's end.
const CRC_LENGTH: usize = CRC.len() + 8 + 2;

/// Appends the names of a stream.
pub(crate) fn put_names(bytes: &mut Vec<u8>, history: &History) {
    let text = |id: &ReplicationId| String::from_utf8_lossy(id).into_owned();
    _ = write!(bytes, "#MC:id={}\r\n", text(&history.replid));
    if let Some(end) = history.second_end {
        _ = write!(bytes, "#MC:id2={},end={end}\r\n", text(&history.second));
    }
}

/// Appends a mark. `crc` is the state after everything behind the last one; it begins anew.
pub(crate) fn put_mark(bytes: &mut Vec<u8>, epoch: Epoch, offset: u64, crc: &mut crc32fast::Hasher) {
    let start = bytes.len();
    _ = write!(bytes, "#MC:e={epoch},off={offset}");
    crc.update(&bytes[start..]);
    _ = write!(bytes, ",crc={:08x}\r\n", crc.clone().finalize());
    crc.reset();
}

/// How many bytes of a mark's line its own checksum covers.
pub(crate) fn covered(line: &[u8]) -> usize {
    line.len().saturating_sub(CRC_LENGTH)
}

/// Reads a line, its end included; `Ok(None)` for one that is not ours.
pub(crate) fn parse(line: &[u8]) -> Result<Option<Line>, ()> {
    let Some(text) = line.strip_prefix(PREFIX) else { return Ok(None) };
    let text = text.strip_suffix(b"\r\n").and_then(|text| std::str::from_utf8(text).ok()).ok_or(())?;
    let line = if let Some(id) = text.strip_prefix("id=") {
        Line::Name(name(id)?)
    } else if let Some((id, end)) = text.strip_prefix("id2=").and_then(|rest| rest.split_once(",end=")) {
        Line::Former(name(id)?, number(end)?)
    } else {
        let rest = text.strip_prefix("e=").ok_or(())?;
        let (epoch, rest) = rest.split_once(",off=").ok_or(())?;
        let (offset, crc) = rest.split_once(",crc=").ok_or(())?;
        let is_right = crc.len() == 8 && crc.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let crc = u32::from_str_radix(crc, 16).ok().filter(|_| is_right).ok_or(())?;
        Line::Mark(Mark { epoch: number(epoch)?, offset: number(offset)?, crc })
    };
    Ok(Some(line))
}

fn name(text: &str) -> Result<ReplicationId, ()> {
    let is_right = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    text.as_bytes().try_into().ok().filter(|_| is_right).ok_or(())
}

/// Written in one way only: what differs is damage. An offset is signed in redis-server, so there is room to count on from any.
fn number(text: &str) -> Result<u64, ()> {
    let number: u64 = text.parse().ok().filter(|number| i64::try_from(*number).is_ok()).ok_or(())?;
    if itoa::Buffer::new().format(number) == text { Ok(number) } else { Err(()) }
}

/// Names as they come, and what they make when a mark confirms them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Names {
    current: Option<ReplicationId>,
    former: Option<(ReplicationId, u64)>,
}

impl Names {
    pub(crate) fn hear(&mut self, line: Line) {
        match line {
            Line::Name(id) => *self = Self { current: Some(id), former: None },
            Line::Former(id, end) => self.former = Some((id, end)),
            Line::Mark(_) => {}
        }
    }

    /// `None` as long as no name has been said.
    pub(crate) fn at(&self, mark: &Mark) -> Option<Position> {
        let (second, second_end) = self.former.map_or((NOBODY, None), |(id, end)| (id, Some(end)));
        let history = History { replid: self.current?, second, second_end, epoch: mark.epoch };
        Some(Position { history, offset: mark.offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut history = History::new([b'a'; 40]);
        history.shift([b'b'; 40], 17);
        history.epoch = 3;
        let (mut bytes, mut crc) = (Vec::new(), crc32fast::Hasher::new());
        put_names(&mut bytes, &history);
        crc.update(&bytes);
        put_mark(&mut bytes, 3, 123, &mut crc);
        let mut names = Names::default();
        let mut position = None;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            assert!(line.len() < 127, "redis-server reads so much of a line");
            let line = parse(line).expect("it is right").expect("it is ours");
            names.hear(line);
            if let Line::Mark(mark) = line {
                position = names.at(&mark);
            }
        }
        assert_eq!(position, Some(Position { history, offset: 123 }));
        assert_eq!(parse(b"#TS:1234\r\n"), Ok(None));
        for wrong in [
            "#MC:e=1,off=02,crc=00000000\r\n",
            "#MC:e=1,off=9223372036854775808,crc=00000000\r\n",
            "#MC:e=1,off=2,crc=0000000\r\n",
            "#MC:x\r\n",
            "#MC:id=a\r\n",
            "#MC:e=1\n",
        ] {
            assert_eq!(parse(wrong.as_bytes()), Err(()), "{wrong}");
        }
    }
}

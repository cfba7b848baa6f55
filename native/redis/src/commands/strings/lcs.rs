//! The longest common subsequence of two strings: LCS.

use resp::Writer;

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] =
    &[Command::new("lcs", -3, flag::READONLY, Keys::Range { first: 1, last: 2, step: 1 }, lcs)
        .of(&["string"])
        .about("7.0.0", "The longest common subsequence of two strings.")];

const NOT_STRINGS: Fault = Fault::of("ERR The specified keys must contain string values");
const AMBIGUOUS: Fault = Fault::of("ERR If you want both the length and indexes, please just use IDX.");
const TOO_LARGE: Fault = Fault::of("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");

#[derive(Debug, Default)]
struct Options {
    wants_length: bool,
    wants_ranges: bool,
    /// Shorter ranges are left out.
    least: usize,
    wants_lengths: bool,
}

impl Options {
    fn parse(words: &[&[u8]]) -> Result<Self, Fault> {
        let (mut options, mut rest) = (Self::default(), words);
        while let [word, after @ ..] = rest {
            rest = after;
            match after {
                _ if words::is(word, "IDX") => options.wants_ranges = true,
                _ if words::is(word, "LEN") => options.wants_length = true,
                _ if words::is(word, "WITHMATCHLEN") => options.wants_lengths = true,
                [least, after @ ..] if words::is(word, "MINMATCHLEN") => {
                    options.least = usize::try_from(words::integer(least)?).unwrap_or(0);
                    rest = after;
                }
                _ => return Err(Fault::SYNTAX),
            }
        }
        if options.wants_length && options.wants_ranges { Err(AMBIGUOUS) } else { Ok(options) }
    }
}

fn lcs(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let mut string = |key| -> Result<Vec<u8>, Fault> {
        let (bytes, _) = call.string(key).map_err(|_| NOT_STRINGS)?;
        Ok(bytes.unwrap_or_default().to_vec())
    };
    let (one, other) = (string(words[1])?, string(words[2])?);
    let options = Options::parse(&words[3..])?;
    let table = Table::new(&one, &other, call.server.limits().bulk_max).ok_or(TOO_LARGE)?;
    let length = table.at(one.len(), other.len()) as usize;
    let reply = &mut call.reply;
    if options.wants_length {
        reply.integer(length as i64);
    } else if options.wants_ranges {
        let ranges: Vec<Range> =
            table.walk(&one, &other).1.into_iter().filter(|range| range.length >= options.least).collect();
        reply.map(2);
        reply.bulk(b"matches");
        reply.array(ranges.len());
        ranges.iter().for_each(|range| range.write(reply, options.wants_lengths));
        reply.bulk(b"len");
        reply.integer(length as i64);
    } else {
        reply.bulk(&table.walk(&one, &other).0);
    }
    Ok(())
}

/// Bytes that both strings have in common one after the other.
#[derive(Debug)]
struct Range {
    one: usize,
    other: usize,
    length: usize,
}

impl Range {
    fn write(&self, reply: &mut Writer<'_>, with_length: bool) {
        reply.array(if with_length { 3 } else { 2 });
        for start in [self.one, self.other] {
            reply.array(2);
            reply.integer(start as i64);
            reply.integer((start + self.length - 1) as i64);
        }
        if with_length {
            reply.integer(self.length as i64);
        }
    }
}

/// The length of the longest common subsequence of every two beginnings.
struct Table {
    lengths: Vec<u32>,
    width: usize,
}

impl Table {
    /// `None` when it would take more than so many bytes.
    fn new(one: &[u8], other: &[u8], bytes_max: usize) -> Option<Self> {
        let width = other.len() + 1;
        let cells = (one.len() + 1).checked_mul(width)?;
        if cells.checked_mul(size_of::<u32>())? > bytes_max {
            return None;
        }
        let mut lengths = vec![0; cells];
        for (row, byte) in one.iter().enumerate() {
            let (above, below) = lengths[row * width..(row + 2) * width].split_at_mut(width);
            for (column, found) in other.iter().enumerate() {
                below[column + 1] =
                    if byte == found { above[column] + 1 } else { above[column + 1].max(below[column]) };
            }
        }
        Some(Self { lengths, width })
    }

    fn at(&self, one: usize, other: usize) -> u32 {
        self.lengths[one * self.width + other]
    }

    /// The subsequence, and its ranges from the end on.
    fn walk(&self, one: &[u8], other: &[u8]) -> (Vec<u8>, Vec<Range>) {
        let (mut found, mut ranges) = (Vec::new(), Vec::<Range>::new());
        let (mut i, mut j) = (one.len(), other.len());
        while i > 0 && j > 0 {
            if one[i - 1] == other[j - 1] {
                (i, j) = (i - 1, j - 1);
                found.push(one[i]);
                match ranges.last_mut() {
                    Some(range) if range.one == i + 1 && range.other == j + 1 => {
                        *range = Range { one: i, other: j, length: range.length + 1 };
                    }
                    _ => ranges.push(Range { one: i, other: j, length: 1 }),
                }
            } else if self.at(i - 1, j) > self.at(i, j - 1) {
                i -= 1;
            } else {
                j -= 1;
            }
        }
        found.reverse();
        (found, ranges)
    }
}

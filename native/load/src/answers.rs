//! Reads a server's answers, in any split, just far enough to count each one exactly.
//!
//! What has been asked stands in a queue; every answer ends the first of it. All input is consumed at once: of an
//! unfinished line a copy is kept, of an unfinished value only the number of bytes to come.

use std::collections::VecDeque;

use memchr::memchr;

use crate::keys::Keys;
use crate::tally::{Counts, Kind};
use crate::values::Values;

/// No server answers with a longer line than this.
const LINE_MAX: usize = 4096;

/// What the values read must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Truth<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) values: &'a Values,
}

/// The answers of one connection.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    expected: VecDeque<Expected>,
    /// Keys asked for by all gets in `expected`, in order; only kept when values are verified.
    asked: VecDeque<u64>,
    line: Vec<u8>,
    /// Bytes of the value under way, its line end included.
    value_left: usize,
    /// Values of the first get that have come.
    found: u32,
    /// The key of the value under way and how much of it has been compared.
    checking: Option<(u64, usize)>,
    /// Keys that gets asked for and did not find, if somebody wants to know (only when values are verified).
    missed: Option<Vec<u64>>,
    /// Sense can no longer be made of this stream.
    is_broken: bool,
}

#[derive(Clone, Copy, Debug)]
struct Expected {
    kind: Kind,
    keys: u32,
    asked_left: u32,
}

impl Answers {
    /// Answers that remember which key was missed, in gets of one key.
    pub(crate) fn with_misses() -> Self {
        Self { missed: Some(Vec::new()), ..Self::default() }
    }

    /// The keys missed so far, in order.
    pub(crate) fn into_missed(self) -> Vec<u64> {
        self.missed.unwrap_or_default()
    }

    /// A get of so many keys has been sent; `asked` is empty unless values are verified.
    pub(crate) fn expect_get(&mut self, keys: u32, asked: &[u64]) {
        self.asked.extend(asked);
        self.expected.push_back(Expected { kind: Kind::Get, keys, asked_left: asked.len() as u32 });
    }

    pub(crate) fn expect_set(&mut self) {
        self.expected.push_back(Expected { kind: Kind::Set, keys: 1, asked_left: 0 });
    }

    pub(crate) fn expect_delete(&mut self) {
        self.expected.push_back(Expected { kind: Kind::Delete, keys: 1, asked_left: 0 });
    }

    /// All that was asked has been answered.
    #[inline]
    pub(crate) fn is_complete(&self) -> bool {
        self.expected.is_empty()
    }

    /// Requests that wait for an answer.
    pub(crate) fn waiting(&self) -> usize {
        self.expected.len()
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Takes all of `input`.
    pub(crate) fn feed(&mut self, mut input: &[u8], truth: Option<Truth<'_>>, counts: &mut Counts) {
        while !input.is_empty() && !self.is_broken {
            if self.value_left > 0 {
                let (value, rest) = input.split_at(self.value_left.min(input.len()));
                self.value(value, truth, counts);
                input = rest;
                continue;
            }
            let Some(end) = memchr(b'\n', input) else {
                self.line.extend_from_slice(input);
                self.is_broken = self.line.len() > LINE_MAX;
                return;
            };
            let (line, rest) = (&input[..end], &input[end + 1..]);
            input = rest;
            if self.line.is_empty() {
                self.line(line, truth, counts);
            } else {
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(line);
                self.line(&whole, truth, counts);
                whole.clear();
                self.line = whole;
            }
        }
    }

    #[inline]
    fn line(&mut self, line: &[u8], truth: Option<Truth<'_>>, counts: &mut Counts) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.strip_prefix(b"VALUE ") {
            Some(header) => self.header(header, truth, counts),
            None => self.end(line, counts),
        }
    }

    #[inline]
    fn header(&mut self, header: &[u8], truth: Option<Truth<'_>>, counts: &mut Counts) {
        let Some(bytes) = last_number(header) else {
            self.is_broken = true;
            return;
        };
        self.value_left = bytes + 2;
        self.found += 1;
        if let Some(truth) = truth {
            self.checking = self.begin_check(header, bytes, truth);
            counts.wrong += u64::from(self.checking.is_none());
        }
    }

    /// The key of a value, if it is one of those that were asked for and has the right size.
    fn begin_check(&mut self, header: &[u8], bytes: usize, truth: Truth<'_>) -> Option<(u64, usize)> {
        let text = header.split(|&byte| byte == b' ').next()?;
        let first = self.expected.front_mut()?;
        while first.asked_left > 0 {
            first.asked_left -= 1;
            let key = self.asked.pop_front()?;
            if truth.keys.is(key, text) {
                return (truth.values.of(key).len() == bytes).then_some((key, 0));
            }
        }
        None
    }

    fn value(&mut self, value: &[u8], truth: Option<Truth<'_>>, counts: &mut Counts) {
        self.value_left -= value.len();
        let (Some(truth), Some((key, at))) = (truth, self.checking) else { return };
        let right = truth.values.of(key);
        let ending = value.len() - (right.len().saturating_sub(at)).min(value.len());
        let (text, line_end) = value.split_at(value.len() - ending);
        let ends_well = b"\r\n"[..2 - self.value_left.min(2)].ends_with(line_end);
        if right[at.min(right.len())..].starts_with(text) && ends_well {
            self.checking = (self.value_left > 0).then_some((key, at + text.len()));
        } else {
            counts.wrong += 1;
            self.checking = None;
        }
    }

    /// Any line but a value's ends the request that was asked first.
    #[inline]
    fn end(&mut self, line: &[u8], counts: &mut Counts) {
        let Some(first) = self.expected.pop_front() else {
            counts.stray += 1;
            return;
        };
        counts.requests[first.kind as usize] += 1;
        let is_right = match first.kind {
            Kind::Get => line == b"END",
            Kind::Set => line == b"STORED",
            Kind::Delete => line == b"DELETED" || line == b"NOT_FOUND",
        };
        if !is_right {
            counts.error(line);
        }
        if first.kind == Kind::Get {
            counts.keys += u64::from(first.keys);
            counts.hits += u64::from(self.found);
            self.found = 0;
            let not_found = self.asked.drain(..first.asked_left as usize);
            if let Some(missed) = &mut self.missed {
                missed.extend(not_found);
            }
        }
    }
}

/// The number behind the last space.
#[inline]
fn last_number(header: &[u8]) -> Option<usize> {
    let (mut number, mut scale) = (0usize, 1usize);
    for &byte in header.iter().rev() {
        match byte {
            b'0'..=b'9' => number = number.checked_add(usize::from(byte - b'0').checked_mul(scale)?)?,
            b' ' if scale > 1 => return Some(number),
            _ => return None,
        }
        scale = scale.checked_mul(10)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, Sizes};

    struct World {
        keys: Keys,
        values: Values,
    }

    impl World {
        fn new() -> Self {
            let settings = Settings { keys: 1000, key_bytes: 8, ..Settings::default() };
            Self { keys: Keys::new(&settings), values: Values::new(Sizes::Uniform { min: 0, max: 40 }) }
        }

        fn truth(&self) -> Truth<'_> {
            Truth { keys: &self.keys, values: &self.values }
        }

        fn hit(&self, key: u64) -> Vec<u8> {
            let value = self.values.of(key);
            let mut out = b"VALUE ".to_vec();
            self.keys.write(key, &mut out);
            out.extend_from_slice(format!(" 0 {}\r\n", value.len()).as_bytes());
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
            out
        }
    }

    fn asked() -> Answers {
        let mut answers = Answers::default();
        answers.expect_get(3, &[1, 2, 3]);
        answers.expect_set();
        answers.expect_set();
        answers.expect_get(1, &[7]);
        answers.expect_get(1, &[8]);
        answers.expect_get(2, &[9, 10]);
        answers
    }

    fn stream(world: &World) -> Vec<u8> {
        [
            &world.hit(1)[..],
            &world.hit(3),
            b"END\r\nSTORED\r\nSERVER_ERROR out of memory storing object\r\n",
            &world.hit(7),
            b"END\r\nEND\r\n",
            &world.hit(9),
            b"SERVER_ERROR node is down\r\n",
        ]
        .concat()
    }

    fn check(counts: &Counts, answers: &Answers) {
        assert_eq!(counts.requests, [4, 2, 0]);
        assert_eq!((counts.keys, counts.hits), (7, 4));
        assert_eq!((counts.errors, counts.wrong, counts.stray), (2, 0, 0));
        assert!(answers.is_complete() && !answers.is_broken() && answers.asked.is_empty());
    }

    #[test]
    fn answers_are_counted_alike_in_any_split() {
        let world = World::new();
        let stream = stream(&world);
        for first in 0..=stream.len() {
            for second in [first, (first + 1).min(stream.len()), (first + 17).min(stream.len())] {
                let (mut answers, mut counts) = (asked(), Counts::default());
                for part in [&stream[..first], &stream[first..second], &stream[second..]] {
                    answers.feed(part, Some(world.truth()), &mut counts);
                }
                check(&counts, &answers);
            }
        }
        let (mut answers, mut counts) = (asked(), Counts::default());
        for byte in &stream {
            answers.feed(std::slice::from_ref(byte), Some(world.truth()), &mut counts);
        }
        check(&counts, &answers);
        assert_eq!(counts.first_error.as_deref(), Some("SERVER_ERROR out of memory storing object"));
    }

    #[test]
    fn a_wrong_byte_anywhere_in_a_value_is_seen() {
        let world = World::new();
        let key = (0..).find(|&key| world.values.of(key).len() > 10).expect("some value is long");
        let right = world.hit(key);
        let value_at = right.len() - 2 - world.values.of(key).len();
        for at in value_at..right.len() {
            let mut wrong = right.clone();
            wrong[at] ^= 1;
            for split in [0, value_at, at, right.len() - 1, right.len()] {
                let (mut answers, mut counts) = (Answers::default(), Counts::default());
                answers.expect_get(1, &[key]);
                answers.feed(&wrong[..split], Some(world.truth()), &mut counts);
                answers.feed(&wrong[split..], Some(world.truth()), &mut counts);
                answers.feed(b"END\r\n", Some(world.truth()), &mut counts);
                assert_eq!((counts.wrong, counts.hits, counts.errors), (1, 1, 0), "byte {at}, split at {split}");
            }
        }
    }

    #[test]
    fn the_value_of_another_key_is_wrong() {
        let world = World::new();
        let (mut answers, mut counts) = (Answers::default(), Counts::default());
        answers.expect_get(1, &[1]);
        answers.feed(&world.hit(2), Some(world.truth()), &mut counts);
        answers.feed(b"END\r\n", Some(world.truth()), &mut counts);
        assert_eq!((counts.wrong, counts.requests[0]), (1, 1));
    }

    #[test]
    fn a_delete_is_answered_either_way() {
        let (mut answers, mut counts) = (Answers::default(), Counts::default());
        (0..3).for_each(|_| answers.expect_delete());
        answers.feed(b"DELETED\r\nNOT_FOUND\r\nSTORED\r\n", None, &mut counts);
        assert_eq!((counts.requests, counts.errors), ([0, 0, 3], 1));
    }

    #[test]
    fn answers_to_nothing_are_stray_and_nonsense_breaks() {
        let (mut answers, mut counts) = (Answers::default(), Counts::default());
        answers.feed(b"STORED\r\n", None, &mut counts);
        assert_eq!((counts.stray, counts.requests), (1, [0, 0, 0]));
        answers.feed(b"VALUE a 0 99999999999999999999999\r\n", None, &mut counts);
        assert!(answers.is_broken());
    }
}

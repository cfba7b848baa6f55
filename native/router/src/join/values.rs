//! `get k1 k2 …` over several nodes: each is asked for its keys, and the values leave in the order of the keys, as one server
//! would send them. With replicas, keys that were not found are looked for on their next node.

use std::ops::Range;

use reactor::Reply;

use super::{Asker, Join, Next, Target, keep, last_line};
use crate::answer::{Expect, Verdict, block_of};
use crate::body::{Answer, Body};

/// Longest line sent for `gat` and `gats`: memcached hangs up on a longer one that arrives in pieces.
const TOUCH_LINE_BYTES_MAX: usize = 2000;
/// No key follows.
const NONE: u32 = u32::MAX;

/// A key of the line.
struct KeyAt {
    /// Where it stands in the text.
    start: u32,
    end: u32,
    /// The part that answers for it, and the next key of that part.
    part: u32,
    next: u32,
    /// Its block in the part's answer; empty while it is not found.
    from: u32,
    to: u32,
    /// A node has said that it has no such key.
    missed: bool,
}

impl KeyAt {
    fn is_found(&self) -> bool {
        self.to > self.from
    }
}

/// What one node is asked in one line.
struct Part {
    target: Target,
    /// Its keys: the first, from there by `next`, up to the last.
    first: u32,
    last: u32,
    count: usize,
    /// Of its line.
    bytes: usize,
    answer: Option<Body>,
}

/// A get of many keys.
pub struct Values {
    /// `get`, or `gat 10`.
    command: Vec<u8>,
    /// The keys, a space before each.
    text: Vec<u8>,
    keys: Vec<KeyAt>,
    /// For each key, the nodes that are still to be asked for it, the next one last; none behind the last key with replicas.
    others: Vec<Vec<Target>>,
    parts: Vec<Part>,
    /// The first part of this round.
    round: usize,
    waiting: usize,
    error: Option<Body>,
    /// Which part of its line it is.
    pub share: Share,
}

/// Which part of a line of keys a get is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    /// Another get has begun the line.
    pub is_continued: bool,
    /// Another get follows, and only the last one says `END`.
    pub is_unfinished: bool,
}

impl Values {
    /// A get with no keys yet; at most so many come, with so many bytes, a space before each included.
    #[must_use]
    pub fn new(command: Vec<u8>, keys_max: usize, bytes_max: usize) -> Self {
        Self {
            command,
            text: Vec::with_capacity(bytes_max),
            keys: Vec::with_capacity(keys_max),
            others: Vec::new(),
            parts: Vec::with_capacity(4),
            round: 0,
            waiting: 0,
            error: None,
            share: Share::default(),
        }
    }

    /// Adds a key and who is to be asked for it.
    #[inline]
    pub fn key(&mut self, key: &[u8], target: Target) {
        self.text.push(b' ');
        let start = self.text.len() as u32;
        self.text.extend_from_slice(key);
        let end = self.text.len() as u32;
        self.keys.push(KeyAt { start, end, part: NONE, next: NONE, from: 0, to: 0, missed: false });
        self.assign(self.keys.len() - 1, target);
    }

    /// Adds a key that is looked for on each of these nodes until it is found.
    pub fn key_of_many(&mut self, key: &[u8], mut targets: Vec<Target>) {
        targets.reverse();
        if let Some(first) = targets.pop() {
            self.key(key, first);
            self.others.resize_with(self.keys.len() - 1, Vec::new);
            self.others.push(targets);
        }
    }

    /// Some key may be looked for on another node than its first.
    #[must_use]
    pub fn may_ask_again(&self) -> bool {
        !self.others.is_empty()
    }

    /// Puts a key behind those that the node is asked for in this round.
    #[inline]
    fn assign(&mut self, index: usize, target: Target) {
        let bytes = 1 + (self.keys[index].end - self.keys[index].start) as usize;
        let open = self.parts[self.round..].iter().rposition(|part| part.target == target);
        let place = open.map_or(self.parts.len(), |open| self.round + open);
        self.keys[index].next = NONE;
        let line_max = self.line_max();
        match self.parts.get_mut(place).filter(|part| part.bytes + bytes <= line_max) {
            Some(part) => {
                self.keys[part.last as usize].next = index as u32;
                (part.last, part.count, part.bytes) = (index as u32, part.count + 1, part.bytes + bytes);
                self.keys[index].part = place as u32;
            }
            None => {
                self.keys[index].part = self.parts.len() as u32;
                let (first, bytes) = (index as u32, self.command.len() + bytes);
                self.parts.push(Part { target, first, last: first, count: 1, bytes, answer: None });
            }
        }
    }

    fn line_max(&self) -> usize {
        if self.command[1] == b'a' { TOUCH_LINE_BYTES_MAX } else { usize::MAX }
    }

    /// Writes the line that asks for a part's keys.
    fn put_line(&self, part: &Part, line: &mut Vec<u8>) {
        line.clear();
        line.extend_from_slice(&self.command);
        let mut next = part.first;
        while let Some(key) = self.keys.get(next as usize) {
            line.extend_from_slice(&self.text[key.start as usize - 1..key.end as usize]);
            next = key.next;
        }
        line.extend_from_slice(b"\r\n");
    }

    /// Finds each key's block in the parts' answers; what is left over in an answer was not asked for.
    fn resolve(&mut self) {
        let mut is_strange = false;
        for part in &self.parts[self.round..] {
            let answer = part.answer.as_ref().map(Body::as_slice).unwrap_or_default();
            let has_all = answer.ends_with(b"END\r\n");
            let (mut at, mut next) = (0, part.first);
            while let Some(key) = self.keys.get_mut(next as usize) {
                match block_of(&answer[at..], &self.text[key.start as usize..key.end as usize]) {
                    Some(length) => {
                        (key.from, key.to) = (at as u32, (at + length) as u32);
                        at += length;
                    }
                    None => key.missed |= has_all,
                }
                next = key.next;
            }
            is_strange |= answer[at..].starts_with(b"VALUE ");
        }
        if is_strange {
            self.error = Some(Body::Fixed(b"SERVER_ERROR a node answered with a key that was not asked\r\n"));
            self.keys.iter_mut().for_each(|key| (key.to, key.missed) = (key.from, false));
        }
    }

    /// Gives keys that are not found to their next node, if they have one.
    fn look_further(&mut self) {
        self.round = self.parts.len();
        for index in 0..self.others.len() {
            if !self.keys[index].is_found()
                && let Some(target) = self.others[index].pop()
            {
                self.assign(index, target);
            }
        }
    }

    fn end_round(&mut self) -> Next {
        self.resolve();
        self.look_further();
        if self.parts.len() > self.round { Next::Ask } else { Next::Done }
    }

    fn take(&mut self, part: u32, body: Body, verdict: Verdict) {
        if matches!(verdict, Verdict::Failed | Verdict::Refused) && self.error.is_none() {
            self.error = Some(Body::Bytes(last_line(body.as_slice()).to_vec()));
        }
        self.parts[part as usize].answer = Some(body);
        self.waiting -= 1;
    }

    fn write_range(&self, part: u32, range: Range<u32>, reply: &mut Reply) {
        let answer = self.parts.get(part as usize).and_then(|part| part.answer.as_ref());
        if let Some(body) = answer.filter(|_| !range.is_empty()) {
            body.write_range(range.start as usize..range.end as usize, reply);
        }
    }
}

impl Join for Values {
    fn ask(&mut self, asker: &mut dyn Asker) -> Next {
        let open = self.round..self.parts.len();
        self.waiting = open.len();
        let longest = self.parts[open.clone()].iter().map(|part| part.bytes).max().unwrap_or(0);
        let mut line = Vec::with_capacity(longest + 2);
        for place in open {
            let part = &self.parts[place];
            self.put_line(part, &mut line);
            if let Err((body, verdict)) = asker.ask_keys(part.target, place as u32, part.count, &line, Expect::Values) {
                self.take(place as u32, body, verdict);
            }
        }
        match self.waiting {
            0 => match self.end_round() {
                Next::Ask => self.ask(asker),
                next => next,
            },
            _ => Next::Wait,
        }
    }

    fn part(&mut self, part: u32, answer: Answer<'_>, length: usize, verdict: Verdict) -> Next {
        self.take(part, keep(answer, length), verdict);
        if self.waiting > 0 {
            return Next::Wait;
        }
        self.end_round()
    }

    fn weight(&self) -> usize {
        self.keys.len()
    }

    fn part_weight(&self, part: u32) -> usize {
        self.parts[part as usize].count
    }

    fn write(self: Box<Self>, reply: &mut Reply, is_line_failed: bool) -> bool {
        if is_line_failed && self.share.is_continued {
            return self.share.is_unfinished;
        }
        if let Some(error) = &self.error
            && self.keys.iter().any(|key| !key.is_found() && !key.missed)
        {
            error.write(reply);
            return self.share.is_unfinished;
        }
        // Blocks that stand side by side in one answer leave in one piece.
        let (mut part, mut from, mut to) = (0, 0, 0);
        for key in self.keys.iter().filter(|key| key.is_found()) {
            if key.part != part || key.from != to {
                self.write_range(part, from..to, reply);
                (part, from) = (key.part, key.from);
            }
            to = key.to;
        }
        self.write_range(part, from..to, reply);
        if !self.share.is_unfinished {
            reply.put(b"END\r\n");
        }
        false
    }
}

//! `get k1 k2 …` over several nodes: each is asked for its keys, and the values leave in the order of the keys, as one server
//! would send them. With replicas, keys that were not found are looked for on their next node.

use reactor::Reply;

use super::{Asker, Join, Next, Target, keep, last_line};
use crate::answer::{Expect, Verdict, value_block};
use crate::body::{Answer, Body};

/// Longest line sent for `gat` and `gats`: memcached hangs up on a longer one that arrives in pieces.
const TOUCH_LINE_BYTES_MAX: usize = 2000;
const UNASKED: u32 = u32::MAX;

/// A key of the line.
struct KeyAt {
    start: u32,
    end: u32,
    target: Target,
    /// The part that answers for it.
    part: u32,
    found: bool,
    /// A node has said that it has no such key.
    missed: bool,
    /// Its block in the part's answer.
    block: (u32, u32),
}

/// A get of many keys.
pub struct Values {
    /// `get`, or `gat 10`.
    command: Vec<u8>,
    keys_text: Vec<u8>,
    keys: Vec<KeyAt>,
    /// For each key, the nodes that are still to be asked for it, the next one last; empty without replicas.
    others: Vec<Vec<Target>>,
    parts: Vec<Option<Body>>,
    /// The first part of this round.
    round: usize,
    waiting: usize,
    error: Option<Body>,
    /// Which part of its line it is.
    share: Share,
}

/// Which part of a line of keys a get is about.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Another get has begun the line.
    pub is_continued: bool,
    /// Another get follows, and only the last one says `END`.
    pub is_unfinished: bool,
}

impl Values {
    /// A get with no keys yet.
    #[must_use]
    pub fn new(command: Vec<u8>, share: Share) -> Self {
        Self {
            command,
            keys_text: Vec::new(),
            keys: Vec::new(),
            others: Vec::new(),
            parts: Vec::new(),
            round: 0,
            waiting: 0,
            error: None,
            share,
        }
    }

    /// Adds a key and who is to be asked for it.
    pub fn key(&mut self, key: &[u8], target: Target) {
        let start = self.keys_text.len() as u32;
        self.keys_text.extend_from_slice(key);
        let end = self.keys_text.len() as u32;
        self.keys.push(KeyAt { start, end, target, part: UNASKED, found: false, missed: false, block: (0, 0) });
    }

    /// Adds a key that is looked for on each of these nodes until it is found.
    pub fn key_of_many(&mut self, key: &[u8], mut targets: Vec<Target>) {
        targets.reverse();
        if let Some(first) = targets.pop() {
            self.key(key, first);
            self.others.push(targets);
        }
    }

    /// Finds each key's block in the parts' answers; what is left over in an answer was not asked for.
    fn resolve(&mut self) {
        let mut cursors = vec![0; self.parts.len()];
        for key in &mut self.keys {
            let part = key.part as usize;
            let Some(Some(body)) = self.parts.get(part).filter(|_| part >= self.round) else { continue };
            let cursor = &mut cursors[part];
            if let Some((name, length)) = value_block(&body.as_slice()[*cursor..])
                && name == &self.keys_text[key.start as usize..key.end as usize]
            {
                key.found = true;
                key.block = (*cursor as u32, (*cursor + length) as u32);
                *cursor += length;
            } else {
                key.missed |= body.as_slice().ends_with(b"END\r\n");
            }
        }
        let is_strange = |(part, cursor): (&Option<Body>, &usize)| {
            part.as_ref().is_some_and(|body| body.as_slice()[*cursor..].starts_with(b"VALUE "))
        };
        if self.parts.iter().zip(&cursors).skip(self.round).any(is_strange) {
            self.error = Some(Body::Fixed(b"SERVER_ERROR a node answered with a key that was not asked\r\n"));
            self.keys.iter_mut().for_each(|key| (key.found, key.missed) = (false, false));
        }
    }

    /// Keys that are not found and have another node to ask.
    fn look_further(&mut self) -> bool {
        let mut further = false;
        for (key, others) in self.keys.iter_mut().zip(&mut self.others) {
            if key.found {
                continue;
            }
            if let Some(target) = others.pop() {
                key.target = target;
                key.part = UNASKED;
                further = true;
            }
        }
        further
    }

    fn end_round(&mut self) -> Next {
        self.resolve();
        if self.look_further() { Next::Ask } else { Next::Done }
    }

    fn take(&mut self, part: u32, body: Body, verdict: Verdict) {
        if matches!(verdict, Verdict::Failed | Verdict::Refused) && self.error.is_none() {
            self.error = Some(Body::Bytes(last_line(body.as_slice()).to_vec()));
        }
        self.parts[part as usize] = Some(body);
        self.waiting -= 1;
    }

    fn put_question(&mut self, asker: &mut dyn Asker, question: Question) {
        let Question { target, part, mut line } = question;
        line.extend_from_slice(b"\r\n");
        if let Err((body, verdict)) = asker.ask(target, part, &line, Expect::Values) {
            self.take(part, body, verdict);
        }
    }
}

/// A line that is being written for one node.
struct Question {
    target: Target,
    part: u32,
    line: Vec<u8>,
}

impl Join for Values {
    fn ask(&mut self, asker: &mut dyn Asker) -> Next {
        let line_max = if self.command.starts_with(b"gat") { TOUCH_LINE_BYTES_MAX } else { usize::MAX };
        let mut questions: Vec<Question> = Vec::with_capacity(8);
        self.round = self.parts.len();
        for index in 0..self.keys.len() {
            let key = &self.keys[index];
            if key.found || key.part != UNASKED {
                continue;
            }
            let (start, end, target) = (key.start as usize, key.end as usize, key.target);
            let open = questions.iter().position(|question| question.target == target);
            let open = match open {
                Some(open) if questions[open].line.len() + end - start < line_max => open,
                full => {
                    if let Some(full) = full {
                        let question = questions.swap_remove(full);
                        self.put_question(asker, question);
                    }
                    self.waiting += 1;
                    self.parts.push(None);
                    let line = self.command.clone();
                    questions.push(Question { target, part: self.parts.len() as u32 - 1, line });
                    questions.len() - 1
                }
            };
            let question = &mut questions[open];
            question.line.push(b' ');
            question.line.extend_from_slice(&self.keys_text[start..end]);
            self.keys[index].part = question.part;
        }
        for question in questions {
            self.put_question(asker, question);
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
        self.keys.iter().filter(|key| key.part == part).count()
    }

    fn write(self: Box<Self>, reply: &mut Reply, is_line_failed: bool) -> bool {
        if is_line_failed && self.share.is_continued {
            return self.share.is_unfinished;
        }
        if let Some(error) = &self.error
            && self.keys.iter().any(|key| !key.found && !key.missed)
        {
            error.write(reply);
            return self.share.is_unfinished;
        }
        // Blocks that stand side by side in one answer leave in one piece.
        let (mut part, mut from, mut to) = (0, 0, 0);
        let write = |part: usize, from: u32, to: u32, reply: &mut Reply| {
            if let Some(Some(body)) = self.parts.get(part).filter(|_| to > from) {
                body.write_range(from as usize..to as usize, reply);
            }
        };
        for key in self.keys.iter().filter(|key| key.found) {
            if key.part as usize != part || key.block.0 != to {
                write(part, from, to, reply);
                (part, from) = (key.part as usize, key.block.0);
            }
            to = key.block.1;
        }
        write(part, from, to, reply);
        if !self.share.is_unfinished {
            reply.put(b"END\r\n");
        }
        false
    }
}

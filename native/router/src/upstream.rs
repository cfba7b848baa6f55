//! One connection to a node: what it is asked, and in which order it answers. Knows no sockets and no clients.
//!
//! ```text
//!   ask ──> outbox ──(end of the turn)──> reply of the connection ──> node
//!   ask ──> awaited (first asked, first answered) <── take <── what the node sends
//! ```

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use reactor::{Reply, Token};

use crate::answer::{Expect, Scan, Scanned, Verdict, value_key};
use crate::body::Answer;
use crate::node::{Node, add};

/// Room made at once for an answer whose length is known; longer ones grow as they arrive.
const RESERVE_BYTES_MAX: usize = 8 << 20;

/// An answer that came in part is gathered in pieces of at least so many bytes.
const PIECE_BYTES: usize = 4 << 10;
/// Bytes of the `END` behind the last value.
const END: usize = 5;

/// So many times as long as its timeout an answer may take as long as something arrives.
const PROGRESS_FACTOR: u32 = 10;

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its place.
    pub client: u32,
    /// Which client of those that have had this place.
    pub epoch: u32,
    /// Which of its requests.
    pub slot: u32,
    /// Which part of it.
    pub part: u32,
}

impl Owner {
    /// The answer is dropped.
    pub const NOBODY: Self = Self { client: u32::MAX, epoch: 0, slot: 0, part: 0 };
}

/// A request that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub struct Awaited {
    /// Who waits.
    pub owner: Owner,
    /// What the answer looks like.
    pub expect: Expect,
    /// Of the one key that may come back, see `key_check`; 0 if there are several or none.
    pub key_check: u32,
    /// How many keys it is about.
    pub keys: u32,
    /// A failure counts as a miss.
    pub may_miss: bool,
    /// When it was asked, on the worker's clock.
    pub asked_us: u32,
    /// How long it may take.
    pub timeout_us: u32,
}

/// A number that another key hardly has: an answer with another key must not reach the client.
#[inline]
#[must_use]
pub fn key_check(key: &[u8]) -> u32 {
    xxhash_rust::xxh3::xxh3_64(key) as u32 | 1
}

/// What came next.
#[derive(Debug)]
pub enum Took<'a> {
    /// The answer to the request that has waited longest.
    Answer(Awaited, Answer<'a>, Verdict),
    /// The rest is still to come.
    Starved,
    /// The node says something that was not asked.
    Garbage,
}

/// A connection to a node.
pub struct Upstream {
    /// The reactor's name for it.
    pub token: Token,
    /// The other end.
    pub node: Arc<Node>,
    /// Which of the worker's connections to this node.
    pub lane: usize,
    /// So many failures in a row mark the node down.
    pub failure_limit: u32,
    /// When it has to stand, on the worker's clock; `None` once it does.
    pub connect_by_us: Option<u32>,
    /// When it last sent something, on the worker's clock.
    pub heard_us: u32,
    /// Closed once nothing is awaited: its node has left the topology.
    pub is_retired: bool,
    /// Noted as having something to send.
    pub is_dirty: bool,
    /// Keys of the requests without an answer.
    pub owed_keys: usize,
    outbox: Vec<u8>,
    /// Large requests, and where in the outbox they come.
    shared: Vec<(usize, Arc<Vec<u8>>, Range<usize>)>,
    shared_bytes: usize,
    awaited: VecDeque<Awaited>,
    /// The beginning of an answer whose rest has not come yet.
    gathered: Vec<u8>,
    /// So many bytes it must have before another look is worth it; 0: up to the next line end.
    wanted: usize,
    scan: Scan,
}

impl Upstream {
    /// A connection that has just been begun.
    #[must_use]
    pub fn new(token: Token, node: Arc<Node>, lane: usize, failure_limit: u32, connect_by_us: u32) -> Self {
        Self {
            token,
            node,
            lane,
            failure_limit,
            connect_by_us: Some(connect_by_us),
            heard_us: connect_by_us,
            is_retired: false,
            is_dirty: false,
            owed_keys: 0,
            outbox: Vec::new(),
            shared: Vec::new(),
            shared_bytes: 0,
            awaited: VecDeque::new(),
            gathered: Vec::new(),
            wanted: 0,
            scan: Scan::default(),
        }
    }

    /// Puts a request in the queue; its bytes follow by `put` and `share`.
    #[inline]
    pub fn expect(&mut self, awaited: Awaited) {
        self.owed_keys += awaited.keys as usize;
        self.awaited.push_back(awaited);
    }

    /// Appends to what is sent.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        self.outbox.extend_from_slice(bytes);
    }

    /// Appends a large piece without a copy.
    pub fn share(&mut self, bytes: Arc<Vec<u8>>, range: Range<usize>) {
        self.shared_bytes += range.len();
        self.shared.push((self.outbox.len(), bytes, range));
    }

    /// Bytes that the connection has not been given yet.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.outbox.len() + self.shared_bytes
    }

    /// Requests without an answer.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.awaited.len()
    }

    /// Its time is up: it does not stand yet, or the request that has waited longest has heard nothing for as long as an
    /// answer may take. A node that sends and sends, as a long queue of large values makes it do, gets more time, but not
    /// for ever.
    #[must_use]
    pub fn is_late(&self, now_us: u32) -> bool {
        if let Some(connect_by_us) = self.connect_by_us {
            return now_us.wrapping_sub(connect_by_us).cast_signed() > 0;
        }
        let Some(oldest) = self.awaited.front() else { return false };
        let waited = now_us.wrapping_sub(oldest.asked_us);
        let silent = waited.min(now_us.wrapping_sub(self.heard_us));
        silent > oldest.timeout_us || waited > oldest.timeout_us.saturating_mul(PROGRESS_FACTOR)
    }

    /// Gives up all that waits.
    pub fn forsake(&mut self) -> VecDeque<Awaited> {
        std::mem::take(&mut self.awaited)
    }

    /// Hands what was put to the connection; returns how many bytes that was.
    pub fn send(&mut self, reply: &mut Reply) -> usize {
        let total = self.unsent();
        if self.shared.is_empty() && reply.buffer().is_empty() {
            std::mem::swap(reply.buffer(), &mut self.outbox);
            return total;
        }
        let mut from = 0;
        for (at, bytes, range) in self.shared.drain(..) {
            reply.put(&self.outbox[from..at]);
            from = at;
            reply.share(bytes, range);
        }
        reply.put(&self.outbox[from..]);
        self.outbox.clear();
        self.shared_bytes = 0;
        total
    }

    /// Takes one answer from the front of `input`.
    #[inline]
    pub fn take<'i>(&mut self, input: &mut &'i [u8]) -> Took<'i> {
        if input.is_empty() {
            return Took::Starved;
        }
        let Some(&awaited) = self.awaited.front() else { return Took::Garbage };
        if !self.gathered.is_empty() {
            return self.gather(awaited, input);
        }
        match self.scan.run(input, awaited.expect) {
            Scanned::Done(length, verdict) => {
                let (answer, rest) = input.split_at(length);
                *input = rest;
                self.settle(awaited, Answer::Borrowed(answer), verdict)
            }
            Scanned::Garbage => Took::Garbage,
            need => {
                self.want(need, input.len());
                self.gathered.extend_from_slice(input);
                *input = &[];
                Took::Starved
            }
        }
    }

    fn gather<'i>(&mut self, awaited: Awaited, input: &mut &'i [u8]) -> Took<'i> {
        while !input.is_empty() {
            let before = self.gathered.len();
            let length = (self.wanted.saturating_sub(before) + END).max(PIECE_BYTES).min(input.len());
            self.gathered.extend_from_slice(&input[..length]);
            if self.gathered.len() < self.wanted {
                *input = &input[length..];
                return Took::Starved;
            }
            match self.scan.run(&self.gathered, awaited.expect) {
                Scanned::Done(total, verdict) => {
                    // What is too much belongs to the next answer.
                    self.gathered.truncate(total);
                    *input = &input[total - before..];
                    self.wanted = 0;
                    let answer = Answer::Owned(std::mem::take(&mut self.gathered));
                    return self.settle(awaited, answer, verdict);
                }
                Scanned::Garbage => return Took::Garbage,
                need => {
                    *input = &input[length..];
                    self.want(need, self.gathered.len());
                }
            }
        }
        Took::Starved
    }

    fn want(&mut self, need: Scanned, have: usize) {
        self.wanted = if let Scanned::NeedBytes(total) = need { total } else { 0 };
        if self.wanted > have {
            let more = (self.wanted + END).saturating_sub(self.gathered.len()).max(PIECE_BYTES);
            self.gathered.reserve_exact(more.min(RESERVE_BYTES_MAX));
        }
    }

    #[inline]
    fn settle<'i>(&mut self, awaited: Awaited, answer: Answer<'i>, verdict: Verdict) -> Took<'i> {
        self.scan = Scan::default();
        let bytes = answer.as_slice();
        if awaited.key_check != 0 && bytes.starts_with(b"VALUE ") && key_check(value_key(bytes)) != awaited.key_check {
            return Took::Garbage;
        }
        self.awaited.pop_front();
        self.owed_keys -= awaited.keys as usize;
        self.node.answered();
        Took::Answer(awaited, answer, verdict)
    }

    /// Counts an answer.
    #[inline]
    pub fn count(&self, worker: usize, bytes: usize, took_us: u32) {
        let counters = self.node.counters(worker);
        add(&counters.bytes_received, bytes as u64);
        add(&counters.outstanding, u64::MAX);
        counters.took(took_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reactor::Address;

    fn upstream(expects: &[(Expect, &[u8])]) -> Upstream {
        let address = Address::resolve("127.0.0.1:1").expect("a numeric address");
        let node = Arc::new(Node::new(0, "a", "127.0.0.1:1", address, 1));
        let mut upstream = Upstream::new(Token(1), node, 0, 3, 0);
        for (part, (expect, key)) in expects.iter().enumerate() {
            let owner = Owner { part: part as u32, ..Owner::NOBODY };
            let key_check = if key.is_empty() { 0 } else { key_check(key) };
            upstream.expect(Awaited {
                owner,
                expect: *expect,
                key_check,
                keys: 1,
                may_miss: false,
                asked_us: 0,
                timeout_us: 1,
            });
        }
        upstream
    }

    fn answers(upstream: &mut Upstream, pieces: &[&[u8]]) -> Option<Vec<(u32, Vec<u8>)>> {
        let mut got = Vec::new();
        for piece in pieces {
            let mut input = *piece;
            loop {
                match upstream.take(&mut input) {
                    Took::Answer(awaited, answer, _) => got.push((awaited.owner.part, answer.as_slice().to_vec())),
                    Took::Starved => break,
                    Took::Garbage => return None,
                }
            }
            assert!(input.is_empty());
        }
        Some(got)
    }

    #[test]
    fn answers_come_out_whole_however_they_are_split() {
        let asked: [(Expect, &[u8]); 5] = [
            (Expect::Values, b"a"),
            (Expect::Stored, b""),
            (Expect::Values, b""),
            (Expect::Quiet, b""),
            (Expect::Meta, b""),
        ];
        let texts = [
            "VALUE a 0 3\r\nabc\r\nEND\r\n",
            "STORED\r\n",
            "VALUE x 0 2\r\n\r\n\r\nVALUE y 0 0\r\n\r\nEND\r\n",
            "MN\r\n",
            "VA 3\r\nxyz\r\n",
        ];
        let stream = texts.concat().into_bytes();
        let expected: Vec<(u32, Vec<u8>)> =
            texts.iter().enumerate().map(|(part, text)| (part as u32, text.as_bytes().to_vec())).collect();
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
                assert_eq!(answers(&mut upstream(&asked), &pieces).as_ref(), Some(&expected), "{first} {second}");
            }
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(answers(&mut upstream(&asked), &bytes), Some(expected));
    }

    #[test]
    fn what_was_not_asked_is_garbage() {
        assert_eq!(answers(&mut upstream(&[]), &[b"STORED\r\n"]), None);
        assert_eq!(answers(&mut upstream(&[(Expect::Values, b"a")]), &[b"VALUE b 0 1\r\nx\r\nEND\r\n"]), None);
        assert_eq!(answers(&mut upstream(&[(Expect::Stored, b"")]), &[b"STORED\r\nSTORED\r\n"]), None);
    }
}

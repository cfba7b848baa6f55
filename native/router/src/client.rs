//! One client: its requests in the order in which they came, each a slot that is filled when its answer is there. Answers
//! leave in that order, whichever node is faster. Knows no sockets and no nodes.
//!
//! ```text
//!   queue   [Ready][Waiting][Join 1 of 3][Ready]      first: the number of the front slot
//!              └─> reply: all that is ready, up to the first that is not
//! ```

use std::collections::VecDeque;

use memcached::command::Command;
use reactor::{Reply, Token};

use crate::answer::Verdict;
use crate::body::{Answer, Body};
use crate::join::{Join, Next};
use crate::shared::Topology;

/// Keys that a client may have under way.
const KEYS_MAX: usize = 256;
/// Before it is known how large its answers are.
const FIRST_KEYS_MAX: usize = 16;
/// Fewer if its answers are large: as many as fit into so many bytes.
const ANSWERS_BYTES_MAX: usize = 4 << 20;

/// One request's place in the order.
pub enum Slot {
    /// One node will answer.
    Waiting,
    /// Answered.
    Ready(Body),
    /// Several nodes will answer, or one after another; with the topology under which it began if it may ask again.
    Join(Box<dyn Join>, Option<Box<Topology>>),
    /// All its answers are there.
    Joined(Box<dyn Join>),
    /// The connection ends here.
    Quit,
}

/// A request whose body has not arrived in full.
pub struct Gathering {
    /// Line and body so far.
    pub bytes: Vec<u8>,
    /// How long it will be.
    pub total: usize,
}

impl Slot {
    /// Keys that it is about.
    fn weight(&self) -> usize {
        match self {
            Self::Join(join, _) | Self::Joined(join) => join.weight(),
            _ => 1,
        }
    }
}

/// A line of keys that comes in parts.
#[derive(Clone, Copy)]
pub struct Unfinished {
    /// Its row.
    pub command: &'static Command,
    /// Its expiry, if it has one.
    pub expiry: Option<i32>,
}

/// A client.
pub struct Client {
    /// The reactor's name for it.
    pub token: Token,
    /// Differs from those of earlier clients in the same place.
    pub epoch: u32,
    /// A request that is arriving.
    pub gathering: Option<Gathering>,
    /// A line of keys that is arriving.
    pub unfinished: Option<Unfinished>,
    /// Bytes still to be skipped.
    pub swallow: usize,
    /// Not read from until its requests have been answered.
    pub is_stalled: bool,
    /// Nothing more is read from it: it has quit, or its conversation is broken.
    pub is_over: bool,
    /// The last request that is carried out in steps, if that is so: later ones must not overtake its steps.
    pub barrier: Option<u32>,
    /// There may be a read in the queue that goes from node to node.
    may_read_on: bool,
    queue: VecDeque<Slot>,
    first: u32,
    /// Keys that the queue is about.
    keys: usize,
    /// Bytes per key of the largest answer so far.
    largest_answer: usize,
    /// The line of keys whose parts are being answered has failed: what it still would say is not said.
    is_line_failed: bool,
}

impl Client {
    /// A client that has asked nothing.
    #[must_use]
    pub fn new(token: Token, epoch: u32) -> Self {
        Self {
            token,
            epoch,
            gathering: None,
            unfinished: None,
            swallow: 0,
            is_stalled: false,
            is_over: false,
            barrier: None,
            may_read_on: false,
            queue: VecDeque::new(),
            first: 0,
            keys: 0,
            largest_answer: 0,
            is_line_failed: false,
        }
    }

    /// Requests without an answer, and answers behind them.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// Nothing more may be asked for now: enough is under way, or something that has to be finished first.
    #[must_use]
    pub fn is_busy(&mut self) -> bool {
        if let Some(number) = self.barrier {
            if matches!(self.slot(number), Some(Slot::Join(..))) {
                return true;
            }
            self.barrier = None;
        }
        self.keys >= self.window()
    }

    /// A read is under way that may go on to another node: nothing that writes may overtake it.
    #[must_use]
    pub fn is_reading_on(&mut self) -> bool {
        self.may_read_on &= self.queue.iter().any(|slot| matches!(slot, Slot::Join(_, Some(_))));
        self.may_read_on
    }

    /// A stalled client may be read from again: half of what it may have under way is done.
    #[must_use]
    pub fn may_resume(&mut self) -> bool {
        self.is_stalled && self.keys <= self.window() / 2 && !self.is_busy()
    }

    /// So many keys may be under way.
    #[must_use]
    pub fn window(&self) -> usize {
        match self.largest_answer {
            0 => FIRST_KEYS_MAX,
            bytes => (ANSWERS_BYTES_MAX / bytes).clamp(1, KEYS_MAX),
        }
    }

    /// The number that the next slot will have.
    #[must_use]
    pub fn next_slot(&self) -> u32 {
        self.first.wrapping_add(self.queue.len() as u32)
    }

    /// Takes a place in the order.
    #[inline]
    pub fn push(&mut self, slot: Slot) {
        self.keys += slot.weight();
        self.may_read_on |= matches!(slot, Slot::Join(_, Some(_)));
        self.queue.push_back(slot);
    }

    /// The slot of that number, if it is still to be answered.
    pub fn slot(&mut self, number: u32) -> Option<&mut Slot> {
        self.queue.get_mut(number.wrapping_sub(self.first) as usize)
    }

    /// Says something in its turn.
    pub fn say(&mut self, body: Body, reply: &mut Reply) {
        if self.queue.is_empty() {
            body.write(reply);
        } else {
            self.push(Slot::Ready(body));
        }
    }

    /// Takes an answer, or a part of one; without a `reply` it is only kept.
    #[inline]
    pub fn answer(
        &mut self,
        number: u32,
        part: u32,
        answer: Answer<'_>,
        length: usize,
        verdict: Verdict,
        reply: Option<&mut Reply>,
    ) -> Next {
        let index = number.wrapping_sub(self.first) as usize;
        let Some(slot) = self.queue.get_mut(index) else { return Next::Wait };
        match (slot, reply) {
            (Slot::Waiting, Some(reply)) if index == 0 => {
                self.largest_answer = self.largest_answer.max(length);
                answer.write(length, reply);
                self.pop();
                self.pump(reply);
                Next::Done
            }
            (slot @ Slot::Waiting, _) => {
                self.largest_answer = self.largest_answer.max(length);
                *slot = Slot::Ready(answer.keep().cut(length));
                Next::Done
            }
            (Slot::Join(join, _), reply) => {
                let keys = join.part_weight(part).max(1);
                self.largest_answer = self.largest_answer.max(length / keys);
                let next = join.part(part, answer, length, verdict);
                if next == Next::Done {
                    self.joined(index);
                    if let Some(reply) = reply {
                        self.pump(reply);
                    }
                }
                next
            }
            _ => Next::Wait,
        }
    }

    fn joined(&mut self, index: usize) {
        if let Some(slot) = self.queue.get_mut(index) {
            *slot = match std::mem::replace(slot, Slot::Waiting) {
                Slot::Join(join, _) => Slot::Joined(join),
                other => other,
            };
        }
    }

    /// Sends what is ready at the front of the queue.
    #[inline]
    pub fn pump(&mut self, reply: &mut Reply) {
        while let Some(Slot::Ready(_) | Slot::Joined(_)) = self.queue.front() {
            match self.pop() {
                Some(Slot::Ready(body)) => body.write(reply),
                Some(Slot::Joined(join)) => self.is_line_failed = join.write(reply, self.is_line_failed),
                _ => {}
            }
        }
    }

    fn pop(&mut self) -> Option<Slot> {
        let slot = self.queue.pop_front()?;
        self.first = self.first.wrapping_add(1);
        self.keys -= slot.weight();
        Some(slot)
    }

    /// It has quit, and everything before has been answered.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.queue.front(), Some(Slot::Quit)) || (self.is_over && self.queue.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A request that is answered in two parts.
    struct Pair {
        parts: [Option<Vec<u8>>; 2],
    }

    impl Join for Pair {
        fn part(&mut self, part: u32, answer: Answer<'_>, length: usize, _verdict: Verdict) -> Next {
            self.parts[part as usize] = Some(answer.as_slice()[..length].to_vec());
            if self.parts.iter().all(Option::is_some) { Next::Done } else { Next::Wait }
        }

        fn write(self: Box<Self>, reply: &mut Reply, _is_line_failed: bool) -> bool {
            self.parts.iter().flatten().for_each(|part| reply.put(part));
            false
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Kind {
        Single,
        Pair,
        Local,
    }

    proptest! {
        #[test]
        fn answers_leave_in_the_order_of_the_requests(
            kinds in prop::collection::vec(prop::sample::select(vec![Kind::Single, Kind::Pair, Kind::Local]), 1..40),
            order in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 80),
        ) {
            let mut client = Client::new(Token(1), 1);
            let mut reply = Reply::with_limit(1 << 20);
            let (mut expected, mut open) = (String::new(), Vec::new());
            for (number, kind) in kinds.iter().enumerate() {
                let slot = client.next_slot();
                match kind {
                    Kind::Single => {
                        open.push((slot, 0, format!("<{number}>")));
                        client.push(Slot::Waiting);
                    }
                    Kind::Pair => {
                        open.push((slot, 0, format!("<{number}a>")));
                        open.push((slot, 1, format!("<{number}b>")));
                        client.push(Slot::Join(Box::new(Pair { parts: [None, None] }), None));
                    }
                    Kind::Local => client.say(Body::Bytes(format!("<{number}>").into_bytes()), &mut reply),
                }
                expected += &match kind {
                    Kind::Pair => format!("<{number}a><{number}b>"),
                    _ => format!("<{number}>"),
                };
            }
            for (index, is_heard) in order {
                if open.is_empty() {
                    break;
                }
                let (slot, part, text) = open.swap_remove(index.index(open.len()));
                let answer = Answer::Borrowed(text.as_bytes());
                client.answer(slot, part, answer, text.len(), Verdict::Fine, is_heard.then_some(&mut reply));
                prop_assert!(expected.as_bytes().starts_with(reply.buffer()), "a prefix of the right order at any time");
            }
            client.pump(&mut reply);
            if open.is_empty() {
                prop_assert_eq!(reply.buffer().as_slice(), expected.as_bytes());
                prop_assert_eq!((client.pending(), client.keys), (0, 0));
            }
        }
    }
}

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

/// Requests that a client may have under way.
pub const REQUESTS_MAX: usize = 1024;
/// Fewer if its answers are large: as many as fit into so many bytes.
const ANSWERS_BYTES_MAX: usize = 16 << 20;

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
    queue: VecDeque<Slot>,
    first: u32,
    largest_answer: usize,
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
            queue: VecDeque::new(),
            first: 0,
            largest_answer: 0,
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
        self.pending() >= self.window()
    }

    /// A stalled client may be read from again: half of what it may have under way is done.
    #[must_use]
    pub fn may_resume(&mut self) -> bool {
        self.is_stalled && self.pending() <= self.window() / 2 && !self.is_busy()
    }

    /// So many requests may be under way.
    fn window(&self) -> usize {
        (ANSWERS_BYTES_MAX / self.largest_answer.max(1)).clamp(1, REQUESTS_MAX)
    }

    /// The number that the next slot will have.
    #[must_use]
    pub fn next_slot(&self) -> u32 {
        self.first.wrapping_add(self.queue.len() as u32)
    }

    /// Takes a place in the order.
    #[inline]
    pub fn push(&mut self, slot: Slot) {
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
            self.queue.push_back(Slot::Ready(body));
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
        self.largest_answer = if length > self.largest_answer { length } else { self.largest_answer };
        let index = number.wrapping_sub(self.first) as usize;
        let Some(slot) = self.queue.get_mut(index) else { return Next::Wait };
        match (slot, reply) {
            (Slot::Waiting, Some(reply)) if index == 0 => {
                answer.write(length, reply);
                self.queue.pop_front();
                self.first = self.first.wrapping_add(1);
                self.pump(reply);
                Next::Done
            }
            (slot @ Slot::Waiting, _) => {
                *slot = Slot::Ready(answer.keep().cut(length));
                Next::Done
            }
            (Slot::Join(join, _), reply) => {
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
            self.first = self.first.wrapping_add(1);
            match self.queue.pop_front() {
                Some(Slot::Ready(body)) => body.write(reply),
                Some(Slot::Joined(join)) => self.is_over |= join.write(reply),
                _ => {}
            }
        }
    }

    /// It has quit, and everything before has been answered.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.queue.front(), Some(Slot::Quit)) || (self.is_over && self.queue.is_empty())
    }
}

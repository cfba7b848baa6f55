//! What keeps a part of a reply back: gates among its bytes, each with a ticket. A gate opens when the watermark of its ticket's lane has
//! come as far as the ticket, and when those before it are open.
//!
//! ```text
//!   [ may leave │gate: lane 0, 120│ held │gate: lane 1, 90│ held ]     watermarks: lane 0: 118, lane 1: 95
//! ```
//!
//! What a lane stands for and what its numbers count is the service's business.

use std::collections::VecDeque;

/// What a part of a reply waits for: that the watermark of a lane comes as far as an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// Which watermark.
    pub lane: u8,
    /// How far it has to come.
    pub offset: u64,
}

/// How far each lane has come: 0 until it is told.
#[derive(Debug, Default)]
pub(crate) struct Watermarks(Vec<u64>);

impl Watermarks {
    /// True if that is news. A watermark may go back: what it has let through stays let through.
    pub(crate) fn set(&mut self, lane: u8, offset: u64) -> bool {
        let lane = usize::from(lane);
        if self.0.len() <= lane {
            self.0.resize(lane + 1, 0);
        }
        std::mem::replace(&mut self.0[lane], offset) != offset
    }

    pub(crate) fn is_past(&self, ticket: Ticket) -> bool {
        self.0.get(usize::from(ticket.lane)).copied().unwrap_or(0) >= ticket.offset
    }
}

/// A place in a reply: behind so many bytes of its buffer, and so many of all the shared pieces it has ever had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub bytes: usize,
    pub pieces: usize,
}

#[derive(Debug)]
struct Gate {
    place: Place,
    ticket: Ticket,
}

/// Those of one reply, in their order.
#[derive(Debug, Default)]
pub(crate) struct Gates(VecDeque<Gate>);

impl Gates {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where the first closed one stands: what is before it may leave.
    #[inline]
    pub(crate) fn first(&self) -> Option<Place> {
        self.0.front().map(|gate| gate.place)
    }

    /// Puts one behind those that there are. One that opens with the last of them is not needed.
    pub(crate) fn put(&mut self, place: Place, ticket: Ticket) {
        let Some(last) = self.0.back_mut() else { return self.0.push_back(Gate { place, ticket }) };
        if last.ticket.lane == ticket.lane && last.ticket.offset >= ticket.offset {
            return;
        }
        if last.ticket.lane == ticket.lane && last.place == place {
            last.ticket = ticket;
            return;
        }
        let place = Place { bytes: place.bytes.max(last.place.bytes), pieces: place.pieces.max(last.place.pieces) };
        self.0.push_back(Gate { place, ticket });
    }

    /// Opens what may be opened; true if that was one at least.
    pub(crate) fn open(&mut self, marks: &Watermarks) -> bool {
        let before = self.0.len();
        while self.0.front().is_some_and(|gate| marks.is_past(gate.ticket)) {
            self.0.pop_front();
        }
        self.0.len() < before
    }

    /// So many bytes at the front of the buffer are given up.
    pub(crate) fn shift(&mut self, bytes: usize) {
        self.0.iter_mut().for_each(|gate| gate.place.bytes -= bytes);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

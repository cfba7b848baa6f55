//! Which parts of a reply wait, and for what: of one input, at most one part a lane. The first reply that has to wait takes those behind
//! it along anyway, and what was appended by one batch is confirmed together as a rule.

use smallvec::SmallVec;

use super::{Ticket, Tickets};

/// A part of a reply that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Where in the buffer it begins.
    pub from: usize,
    /// What it waits for.
    pub ticket: Ticket,
}

/// Those of one input's reply, in the order of their places.
#[derive(Debug, Default)]
pub(crate) struct Holds(SmallVec<[Hold; 2]>);

impl Holds {
    /// What begins here waits for these.
    pub(crate) fn put(&mut self, from: usize, tickets: &Tickets) {
        for ticket in tickets {
            match self.0.iter_mut().find(|hold| hold.ticket.lane == ticket.lane) {
                Some(hold) => hold.ticket.offset = hold.ticket.offset.max(ticket.offset),
                None => self.0.push(Hold { from, ticket: *ticket }),
            }
        }
    }

    /// Takes the first one.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Hold> {
        if self.0.is_empty() { None } else { Some(self.0.remove(0)) }
    }
}

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;

    #[test]
    fn a_lane_waits_once_and_for_the_last() {
        let mut holds = Holds::default();
        holds.put(10, &smallvec![Ticket { lane: 1, offset: 100 }]);
        holds.put(20, &smallvec![Ticket { lane: 0, offset: 150 }, Ticket { lane: 1, offset: 150 }]);
        holds.put(30, &smallvec![Ticket { lane: 1, offset: 120 }]);
        let hold = |from, lane, offset| Hold { from, ticket: Ticket { lane, offset } };
        assert_eq!([holds.next(), holds.next(), holds.next()], [Some(hold(10, 1, 150)), Some(hold(20, 0, 150)), None]);
    }
}

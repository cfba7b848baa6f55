//! What a member of a group may do at the moment, by the orders that it has had and by its own clock: a pure state machine. Time comes
//! in as milliseconds of a clock that never goes back.
//!
//! ```text
//!   start ──> Fenced ── PROMOTE e ──> Serving until its deadline ──(it passes, SEAL, a higher epoch is heard of)──> Fenced
//!               └────── FOLLOW e ──> Following ── SEAL e ──> Sealed ── PROMOTE e ──> Serving
//! ```
//!
//! Orders may arrive late and in any order: one of an epoch lower than the highest that was seen is refused, and a lease ends at a time
//! of this node's own clock, so that one which has lain in a socket grants nothing.

use journal::Epoch;

use crate::host::Moment;

/// How a node stands in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It belongs to no group: nobody leases, nobody fences.
    Free,
    /// Primary of the epoch until this moment.
    Serving(Moment),
    /// Replica of the epoch's primary.
    Following,
    /// Nothing of an older epoch counts any more; who serves the next one is to be said.
    Sealed,
    /// It has no lease, and nobody has said whom it is to follow.
    Fenced,
}

/// Why an order is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A higher epoch has been seen.
    Stale(Epoch),
    /// The time until which it was to serve has passed.
    Past,
    /// It is this epoch's primary.
    IsPrimary(Epoch),
    /// It is not.
    IsNotPrimary(Epoch),
}

/// What an accepted order to serve means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// The epoch goes on.
    Renewed,
    /// It begins.
    Begun,
}

/// One node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tenure {
    standing: Standing,
    /// The highest epoch that any order or peer has named.
    seen: Epoch,
    /// The last epoch that it has been primary of since it was started; 0: none.
    served: Epoch,
}

impl Tenure {
    /// Of a node that belongs to no group.
    pub(crate) const FREE: Self = Self { standing: Standing::Free, seen: 0, served: 0 };

    /// A member of a group that has been started, and has seen this epoch before.
    pub(crate) fn member(seen: Epoch) -> Self {
        Self { standing: Standing::Fenced, seen, served: 0 }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    pub(crate) fn seen(&self) -> Epoch {
        self.seen
    }

    /// When its lease runs out; `None` without one.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        if let Standing::Serving(deadline) = self.standing { Some(deadline) } else { None }
    }

    /// It is the primary of this epoch, leased or not.
    pub(crate) fn is_primary_of(&self, epoch: Epoch) -> bool {
        epoch > 0 && epoch == self.seen && epoch == self.served
    }

    /// MEMC.LEASE: the primary of this epoch serves until then, or longer if it may already.
    pub(crate) fn lease(&mut self, epoch: Epoch, until: Moment, now: Moment) -> Result<Grant, Refusal> {
        self.pass(now);
        self.admit(epoch)?;
        if !self.is_primary_of(epoch) {
            return Err(Refusal::IsNotPrimary(epoch));
        }
        if until <= now {
            return Err(Refusal::Past);
        }
        self.standing = Standing::Serving(self.deadline().map_or(until, |deadline| deadline.max(until)));
        Ok(Grant::Renewed)
    }

    /// MEMC.PROMOTE: begins an epoch that it has been sealed for, or that nobody has named before; once more for the one that it serves
    /// is a lease.
    pub(crate) fn promote(&mut self, epoch: Epoch, until: Moment, now: Moment) -> Result<Grant, Refusal> {
        if self.is_primary_of(epoch) {
            return self.lease(epoch, until, now);
        }
        self.pass(now);
        self.admit(epoch)?;
        if epoch == self.seen && self.standing == Standing::Following {
            return Err(Refusal::IsNotPrimary(epoch));
        }
        if until <= now {
            return Err(Refusal::Past);
        }
        (self.seen, self.served) = (epoch, epoch);
        self.standing = Standing::Serving(until);
        Ok(Grant::Begun)
    }

    /// MEMC.SEAL: nothing of an older epoch than this counts from now on. Who follows this epoch's primary already goes on.
    pub(crate) fn seal(&mut self, epoch: Epoch, now: Moment) -> Result<(), Refusal> {
        self.pass(now);
        let is_behind = epoch > self.seen;
        self.leave_for(epoch)?;
        if is_behind || self.standing != Standing::Following {
            self.standing = Standing::Sealed;
        }
        Ok(())
    }

    /// MEMC.FOLLOW: a replica of the epoch's primary.
    pub(crate) fn follow(&mut self, epoch: Epoch, now: Moment) -> Result<(), Refusal> {
        self.pass(now);
        self.leave_for(epoch)?;
        self.standing = Standing::Following;
        Ok(())
    }

    /// Whether an order that changes nothing of this is of an epoch that counts.
    pub(crate) fn admit(&self, epoch: Epoch) -> Result<(), Refusal> {
        if epoch < self.seen { Err(Refusal::Stale(self.seen)) } else { Ok(()) }
    }

    /// A peer has named this epoch. True if a primary serves no longer because of it.
    pub(crate) fn hear(&mut self, epoch: Epoch) -> bool {
        if epoch <= self.seen {
            return false;
        }
        self.seen = epoch;
        let is_deposed = matches!(self.standing, Standing::Serving(_));
        if is_deposed {
            self.standing = Standing::Fenced;
        }
        is_deposed
    }

    /// Time has passed. True if its lease has run out by now.
    pub(crate) fn pass(&mut self, now: Moment) -> bool {
        let is_over = self.deadline().is_some_and(|deadline| deadline <= now);
        if is_over {
            self.standing = Standing::Fenced;
        }
        is_over
    }

    fn leave_for(&mut self, epoch: Epoch) -> Result<(), Refusal> {
        self.admit(epoch)?;
        if self.is_primary_of(epoch) {
            return Err(Refusal::IsPrimary(epoch));
        }
        self.seen = epoch;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! One client and the connection that serves it.

use std::sync::Arc;
use std::time::Instant;

use reactor::Token;

use crate::shared::Target;

/// How far a pair has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No target is there for the client, until then at most.
    Waiting,
    /// A connection to the target is begun.
    Connecting {
        /// When the attempt has taken too long.
        give_up_at: Instant,
    },
    /// Both sides stand.
    Joined,
    /// One side has gone.
    Closing {
        /// When the other goes, too, whatever is still unsent.
        at: Instant,
    },
}

/// A client and its way to a target.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) client: Option<Token>,
    pub(crate) upstream: Option<Token>,
    /// Where it did not come through last time.
    pub(crate) failed: Option<Arc<Target>>,
    pub(crate) phase: Phase,
    /// Attempts to come through since it was last decided to try.
    pub(crate) attempts: usize,
    /// When the client has waited for long enough.
    pub(crate) wait_until: Instant,
    pub(crate) client_ended: bool,
    pub(crate) upstream_ended: bool,
}

impl Pair {
    pub(crate) fn new(client: Token, wait_until: Instant) -> Self {
        Self {
            client: Some(client),
            upstream: None,
            failed: None,
            phase: Phase::Waiting,
            attempts: 0,
            wait_until,
            client_ended: false,
            upstream_ended: false,
        }
    }

    /// The connection at the other side of this one.
    pub(crate) fn other(&self, side: Side) -> Option<Token> {
        match side {
            Side::Client => self.upstream,
            Side::Upstream => self.client,
        }
    }

    /// This side has finished sending; true when both have.
    pub(crate) fn end(&mut self, side: Side) -> bool {
        match side {
            Side::Client => self.client_ended = true,
            Side::Upstream => self.upstream_ended = true,
        }
        self.client_ended && self.upstream_ended
    }
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Upstream,
}

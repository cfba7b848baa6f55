//! One connection of a worker: its socket, what waits to be sent and to be served, and what it may do.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use rustix::event::epoll::{self, EventData, EventFlags};

use crate::{Reply, Token};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Begun by us, not yet established.
    Connecting,
    Open,
    /// Says its last words: nothing more is served, nothing more is said.
    Ending,
    /// Closed; forgotten at the end of the turn.
    Dead,
}

/// Why a connection is not read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stall {
    None,
    /// Its reply has to drain first.
    Drain,
    /// The service will resume it.
    Asked,
}

/// Whether the peer will hear more from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    Open,
    /// Until the reply is sent.
    Ending,
    /// It has been told that no more follows.
    Ended,
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub token: Token,
    pub socket: OwnedFd,
    /// Boxed, for it changes places with another while the connection is served.
    pub reply: Box<Reply>,
    /// Input that is not yet served.
    pub pending: Vec<u8>,
    pub listener: Option<usize>,
    /// Seconds of the worker's clock at its last input.
    pub active_at: u32,
    /// What the census has been told of that.
    pub shown_at: u32,
    /// Seconds of that clock at which the peer last took something of what was sent.
    pub took_at: u32,
    /// Bytes that are held for it, as last counted.
    pub held: usize,
    pub phase: Phase,
    pub stall: Stall,
    /// The peer sends no more.
    pub at_end: bool,
    /// Close once the reply is sent.
    pub finishing: bool,
    pub sending: Sending,
    /// Whom to resume when the reply has drained.
    pub fed_by: Option<Token>,
    /// In the list of those to be served again.
    pub queued: bool,
    /// In the list of those whose reply is sent at the end of the turn.
    pub dirty: bool,
    /// The kernel has said that there is input, and not yet that there is none.
    pub unread: bool,
    /// The kernel has said that an end waits behind the input.
    pub hung_up: bool,
    /// In the list of those whose reply is held.
    pub listed: bool,
    /// Since when nothing of what is held has been released.
    pub held_since: Instant,
}

impl Connection {
    pub(crate) fn new(
        token: Token,
        socket: OwnedFd,
        listener: Option<usize>,
        phase: Phase,
        output_limit: usize,
        now: Instant,
    ) -> Self {
        Self {
            token,
            socket,
            reply: Box::new(Reply::with_limit(output_limit)),
            pending: Vec::new(),
            listener,
            active_at: 0,
            shown_at: 0,
            took_at: 0,
            held: 0,
            phase,
            stall: Stall::None,
            at_end: false,
            finishing: false,
            sending: Sending::Open,
            fed_by: None,
            queued: false,
            dirty: false,
            unread: false,
            hung_up: false,
            listed: false,
            held_since: now,
        }
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.phase == Phase::Open && self.stall == Stall::None && !self.at_end && !self.finishing
    }

    /// How long its peer has taken nothing of what waits for it alone.
    pub(crate) fn seconds_unread(&self, second: u32) -> u32 {
        let is_unread = !self.reply.is_empty() && !self.reply.is_held();
        if is_unread { second.saturating_sub(self.took_at) } else { 0 }
    }

    /// Edge-triggered and once for all: what became possible is told once and remembered here (`unread`, an unsent reply),
    /// so that the kernel looks at a connection only when something happens, and no call is needed to look away. Measured
    /// against level-triggered: 0.95 of the server time of a single request.
    pub(crate) fn register(&self, epoll: &OwnedFd) -> io::Result<()> {
        let events = EventFlags::IN | EventFlags::RDHUP | EventFlags::OUT | EventFlags::ET;
        epoll::add(epoll, self.socket.as_fd(), EventData::new_u64(self.token.0), events)?;
        Ok(())
    }
}

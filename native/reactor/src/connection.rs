//! One connection of a worker: its socket, what waits to be sent and to be served, and what it may do.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::epoll::{self, EventData, EventFlags};

use crate::{Reply, Token};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Begun by us, not yet established.
    Connecting,
    Open,
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

#[derive(Debug)]
pub(crate) struct Connection {
    pub token: Token,
    pub socket: OwnedFd,
    pub reply: Reply,
    /// Input that is not yet served.
    pub pending: Vec<u8>,
    pub listener: Option<usize>,
    /// Seconds of the worker's clock at its last input.
    pub active_at: u32,
    /// What the census has been told of that.
    pub shown_at: u32,
    pub phase: Phase,
    pub stall: Stall,
    /// The peer sends no more.
    pub at_end: bool,
    /// Close once the reply is sent.
    pub finishing: bool,
    /// In the list of those to be served again.
    pub queued: bool,
    /// In the list of those whose reply is sent at the end of the turn.
    pub dirty: bool,
    /// What epoll watches for.
    watched: EventFlags,
}

impl Connection {
    pub(crate) fn new(
        token: Token,
        socket: OwnedFd,
        listener: Option<usize>,
        phase: Phase,
        output_limit: usize,
    ) -> Self {
        Self {
            token,
            socket,
            reply: Reply::with_limit(output_limit),
            pending: Vec::new(),
            listener,
            active_at: 0,
            shown_at: 0,
            phase,
            stall: Stall::None,
            at_end: false,
            finishing: false,
            queued: false,
            dirty: false,
            watched: EventFlags::empty(),
        }
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.phase == Phase::Open && self.stall == Stall::None && !self.at_end && !self.finishing
    }

    fn wanted(&self) -> EventFlags {
        match self.phase {
            Phase::Connecting => EventFlags::OUT,
            Phase::Dead => EventFlags::empty(),
            Phase::Open => {
                let mut wanted = EventFlags::empty();
                wanted.set(EventFlags::IN, self.is_readable());
                wanted.set(EventFlags::OUT, !self.reply.is_empty());
                wanted
            }
        }
    }

    /// Tells the kernel what to watch for, if that has changed.
    pub(crate) fn watch(&mut self, epoll: &OwnedFd) -> io::Result<()> {
        let wanted = self.wanted();
        if wanted != self.watched {
            epoll::modify(epoll, &self.socket, EventData::new_u64(self.token.0), wanted)?;
            self.watched = wanted;
        }
        Ok(())
    }

    pub(crate) fn register(&mut self, epoll: &OwnedFd) -> io::Result<()> {
        self.watched = self.wanted();
        epoll::add(epoll, self.socket.as_fd(), EventData::new_u64(self.token.0), self.watched)?;
        Ok(())
    }
}

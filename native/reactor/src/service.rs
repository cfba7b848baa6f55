//! The contract between the reactor and what it serves: read this first.

use std::io;
use std::time::{Duration, Instant};

use crate::{Links, Reply};

/// Names one connection of one worker; never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u64);

impl Token {
    pub(crate) fn new(place: usize, generation: u32) -> Self {
        Self(u64::from(generation) << 32 | place as u64)
    }

    pub(crate) fn place(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }
}

/// A connection that has just been established, from either side.
#[derive(Debug)]
pub struct Opened {
    /// Its name from now on (for a connection of ours, the one `connect` gave).
    pub token: Token,
    /// Index of the listener it came in on; `None` when the service connected.
    pub listener: Option<usize>,
    /// The peer, as people write it (`127.0.0.1:5000`, `unix`).
    pub peer: String,
    /// Its file descriptor.
    pub descriptor: i32,
}

/// How far `serve` came with its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This many bytes are done; the rest waits until more input arrives.
    Consumed(usize),
    /// This many are done; call again with the rest after others had their turn.
    Yield(usize),
    /// This many are done; read no more. Served again when the reply, if it is more than half full now, has drained below
    /// half of its limit; otherwise upon `Links::resume`.
    Blocked(usize),
    /// Send what the reply holds, then close.
    Close,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The peer closed it.
    Peer,
    /// The service asked (`Progress::Close`, `Links::finish`, `Links::abort`) or the server drained.
    Asked,
    /// Idle for longer than the setting allows.
    Idle,
    /// Too much was held for clients, and for this one more than for others.
    Shed,
    /// A connection of ours could not be established.
    Unreachable(io::ErrorKind),
    /// Reading or writing failed.
    Failed(io::ErrorKind),
}

/// What a server does with bytes. Each worker owns one value; it is never shared.
pub trait Service {
    /// What the service remembers of one connection.
    type Session;

    /// A connection stands. Not called for one that could not be established.
    fn open(&mut self, opened: Opened, links: &mut Links) -> Self::Session;

    /// Serves all complete requests of `input`: what arrived, behind what was left over last time. The reply of this very
    /// connection is `reply`, sent when `serve` returns; those of others are in `links`, sent at the end of the turn.
    fn serve(
        &mut self,
        token: Token,
        session: &mut Self::Session,
        input: &[u8],
        reply: &mut Reply,
        links: &mut Links,
    ) -> Progress;

    /// What several connections sent, before `serve` is called for each of them: a chance to bring near what it will touch.
    fn ahead<'i>(&mut self, _inputs: impl Iterator<Item = &'i [u8]>) {}

    /// The peer has finished sending, and all it sent has been served. The connection closes once it is idle.
    fn ended(&mut self, _token: Token, _session: &mut Self::Session, _links: &mut Links) {}

    /// The connection is gone. `session` is `None` if it never stood.
    fn close(&mut self, token: Token, session: Option<Self::Session>, why: Why, links: &mut Links);

    /// True when nothing of this connection is still under way elsewhere: it may be closed once its reply is sent. Asked when
    /// the peer has finished sending, and when the server drains.
    fn is_idle(&self, _session: &Self::Session) -> bool {
        true
    }

    /// True when what stalls this connection (`Progress::Blocked`) may never come: it is not kept for that when its peer has finished
    /// sending, or when the server drains.
    fn is_waiting(&self, _session: &Self::Session) -> bool {
        false
    }

    /// Bytes that the service itself holds for this connection: a request that is arriving. `None` if nothing of what is held for it
    /// counts (`Settings::clients_memory`), and it is not to be closed for that.
    fn holds(&self, _session: &Self::Session) -> Option<usize> {
        Some(0)
    }

    /// All that was ready has been served; replies are sent when this returns.
    fn turn(&mut self, _links: &mut Links) {}

    /// How long the worker may rest after a turn in which little was ready, though more is under way: what arrives meanwhile
    /// is then served together, with fewer system calls. Zero: not at all.
    fn rest(&self) -> Duration {
        Duration::ZERO
    }

    /// Another thread has called `Waker::wake` for this worker: something was laid down for it.
    fn woken(&mut self, _links: &mut Links) {}

    /// Replies of this worker are held that were not when this was last called: from here on the service calls `Links::release` as
    /// watermarks move, beginning with where they stand now, for as long as `Links::is_holding`.
    fn holding(&mut self, _links: &mut Links) {}

    /// When `tick` is to be called next, if that is sooner than its usual time.
    fn due(&self) -> Option<Instant> {
        None
    }

    /// Called about every `Settings::tick`, and when `due`: deadlines, sweeps.
    fn tick(&mut self, _links: &mut Links) {}
}

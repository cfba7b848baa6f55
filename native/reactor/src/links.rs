//! All connections of one worker, as its service sees them.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use slab::Slab;

use crate::connection::{Connection, Phase, Sending, Stall};
use crate::gates::Watermarks;
use crate::listener;
use crate::{Address, Reply, Token, Why};

/// Buffers kept for the next replies and leftovers; connections themselves keep none while idle.
const SPARE_MAX: usize = 64;
/// A buffer that has grown beyond this is given back to the system.
const SPARE_BYTES_MAX: usize = 256 << 10;

/// The connections of one worker: reach another one's reply, open and close them.
pub struct Links {
    pub(crate) epoll: OwnedFd,
    pub(crate) connections: Slab<Connection>,
    /// Connections whose reply is to be sent at the end of the turn.
    pub(crate) dirty: Vec<Token>,
    /// Connections to be served again with what was left over.
    pub(crate) again: Vec<Token>,
    /// Connections that died in this turn and why; they keep their place until the service has been told.
    pub(crate) doomed: Vec<(Token, Why)>,
    /// The connection being served: its reply is in the service's hands.
    pub(crate) serving: Option<Token>,
    pub(crate) now: Instant,
    pub(crate) is_draining: bool,
    /// Connections with a reply of which a part is held.
    held: Vec<Token>,
    marks: Watermarks,
    /// One has moved: the gates are to be looked at.
    have_moved: bool,
    /// Some are newly held: the service is to be told.
    are_news: bool,
    /// Bytes that are held for clients.
    pub(crate) held_bytes: usize,
    /// See `Settings::clients_memory`.
    pub(crate) clients_memory: Option<usize>,
    generation: u32,
    output_limit: usize,
    spare: Vec<Vec<u8>>,
}

impl Links {
    pub(crate) fn new(epoll: OwnedFd, output_limit: usize, clients_memory: Option<usize>) -> Self {
        Self {
            epoll,
            connections: Slab::new(),
            dirty: Vec::new(),
            again: Vec::new(),
            doomed: Vec::new(),
            serving: None,
            now: Instant::now(),
            is_draining: false,
            held: Vec::new(),
            marks: Watermarks::default(),
            have_moved: false,
            are_news: false,
            held_bytes: 0,
            clients_memory,
            generation: 0,
            output_limit,
            spare: Vec::new(),
        }
    }

    /// The time at which this turn began.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Begins a connection; `Service::open` follows when it stands, `Service::close` when it can't. What is put into its
    /// reply before that is sent as soon as it stands.
    ///
    /// # Errors
    /// Of the socket call: no descriptors, no such unix socket.
    pub fn connect(&mut self, to: &Address) -> io::Result<Token> {
        let socket = listener::connect(to)?;
        self.insert(socket, None, Phase::Connecting)
    }

    /// The reply of a connection, to be sent at the end of the turn; `None` if it is gone or is the one being served.
    #[inline]
    pub fn reply(&mut self, token: Token) -> Option<&mut Reply> {
        let connection = self.connections.get_mut(token.place()).filter(|connection| connection.token == token)?;
        if matches!(connection.phase, Phase::Dead | Phase::Ending) || self.serving == Some(token) {
            return None;
        }
        if !connection.dirty {
            connection.dirty = true;
            self.dirty.push(token);
        }
        if connection.reply.bytes.capacity() == 0 {
            connection.reply.bytes = self.spare.pop().unwrap_or_default();
        }
        Some(&mut connection.reply)
    }

    /// Reads from it again and serves what was left over, at the end of this turn.
    pub fn resume(&mut self, token: Token) {
        if let Some(connection) = self.live(token).filter(|connection| connection.phase != Phase::Ending) {
            connection.stall = Stall::None;
            self.queue(token);
        }
    }

    /// Reads no more from it until `resume`.
    pub fn pause(&mut self, token: Token) {
        if let Some(connection) = self.live(token) {
            connection.stall = Stall::Asked;
            self.mark_dirty(token);
        }
    }

    /// Sends what its reply holds, then closes it.
    pub fn finish(&mut self, token: Token) {
        if let Some(connection) = self.live(token) {
            connection.finishing = true;
            self.mark_dirty(token);
        }
    }

    /// Sends what its reply holds, then tells the peer that no more follows; reading goes on.
    pub fn finish_sending(&mut self, token: Token) {
        if let Some(connection) = self.live(token)
            && connection.sending == Sending::Open
        {
            connection.sending = Sending::Ending;
            self.mark_dirty(token);
        }
    }

    /// Resumes `waiting`, which answers `Progress::Blocked` now, when the reply of `full` has drained below half of its limit.
    pub fn resume_when_drained(&mut self, full: Token, waiting: Token) {
        if let Some(connection) = self.live(full) {
            connection.fed_by = Some(waiting);
        }
    }

    /// Closes it now; `Service::close` follows at the end of the turn.
    pub fn abort(&mut self, token: Token) {
        self.doom(token, Why::Asked);
    }

    /// True once the server has been told to stop: finish what is begun, take on nothing new.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.is_draining
    }

    /// From now on so much may be held for all clients of the server: see `Settings::clients_memory`.
    pub fn bound_memory(&mut self, clients_memory: Option<usize>) {
        self.clients_memory = clients_memory;
    }

    /// A watermark has moved: at the end of this turn replies leave whose tickets it has passed.
    pub fn release(&mut self, lane: u8, offset: u64) {
        self.have_moved |= self.marks.set(lane, offset);
    }

    /// True while a reply of this worker waits for a release.
    #[inline]
    #[must_use]
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// A part of its reply is held.
    #[must_use]
    pub fn is_held(&mut self, token: Token) -> bool {
        self.live(token).is_some_and(|connection| connection.reply.is_held())
    }

    /// Closes it now, as `abort` does; but if a part of its reply is held, `text` goes out in its place, as far as the kernel takes it
    /// at once. True if there was such a part.
    pub fn dismiss(&mut self, token: Token, text: &[u8]) -> bool {
        let is_held = self.is_held(token);
        if is_held && let Some(connection) = self.live(token) {
            connection.reply.replace_held(text);
            // It is closed in any case: what could not be sent is lost with it.
            let _ = connection.reply.send(connection.socket.as_fd());
        }
        self.doom(token, Why::Asked);
        is_held
    }

    /// Gives up on replies that are held and have not got on since then: each is replaced by `text`, and the connection is closed
    /// behind it. Returns how many. What bounds the time that a reply can be held is that the service calls this.
    pub fn give_up_held(&mut self, since: Instant, text: &[u8]) -> usize {
        let before = self.held.len();
        for token in std::mem::take(&mut self.held) {
            let Some(connection) = self.live(token) else { continue };
            if connection.held_since > since {
                self.held.push(token);
                continue;
            }
            connection.reply.replace_held(text);
            (connection.phase, connection.stall, connection.finishing) = (Phase::Ending, Stall::Asked, true);
            (connection.listed, connection.pending) = (false, Vec::new());
            self.mark_dirty(token);
        }
        before - self.held.len()
    }

    /// All of its reply that may leave has left: it is looked at again when a watermark moves.
    #[cold]
    pub(crate) fn enlist_held(&mut self, token: Token) {
        let (now, marks) = (self.now, &self.marks);
        let Some(connection) = self.connections.get_mut(token.place()).filter(|one| one.token == token) else { return };
        let is_open = connection.reply.open_gates(marks);
        if !connection.listed {
            (connection.listed, connection.held_since) = (true, now);
            self.held.push(token);
            self.are_news = true;
        }
        if is_open {
            self.mark_dirty(token);
        }
    }

    /// True when replies are held of which the service has not been told.
    #[inline]
    pub(crate) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.are_news)
    }

    /// Opens the gates that may be opened, if a watermark has moved.
    #[inline]
    pub(crate) fn open_gates(&mut self) {
        if std::mem::take(&mut self.have_moved) {
            self.look_at_held();
        }
    }

    #[cold]
    fn look_at_held(&mut self) {
        let (mut held, now) = (std::mem::take(&mut self.held), self.now);
        held.retain(|&token| {
            let marks = &self.marks;
            let Some(connection) = self.connections.get_mut(token.place()).filter(|one| one.token == token) else {
                return false;
            };
            if connection.reply.open_gates(marks) {
                connection.held_since = now;
                if !connection.dirty {
                    connection.dirty = true;
                    self.dirty.push(token);
                }
            }
            connection.listed = connection.reply.is_held();
            connection.listed
        });
        self.held = held;
    }

    pub(crate) fn insert(&mut self, socket: OwnedFd, listener: Option<usize>, phase: Phase) -> io::Result<Token> {
        self.generation = self.generation.wrapping_add(1);
        let entry = self.connections.vacant_entry();
        let token = Token::new(entry.key(), self.generation);
        let connection = Connection::new(token, socket, listener, phase, self.output_limit, self.now);
        connection.register(&self.epoll)?;
        entry.insert(connection);
        Ok(token)
    }

    /// The connection, unless it is gone or dying.
    #[inline]
    pub(crate) fn live(&mut self, token: Token) -> Option<&mut Connection> {
        let connection = self.connections.get_mut(token.place())?;
        (connection.token == token && connection.phase != Phase::Dead).then_some(connection)
    }

    pub(crate) fn doom(&mut self, token: Token, why: Why) {
        if let Some(connection) = self.live(token) {
            connection.phase = Phase::Dead;
            self.doomed.push((token, why));
        }
    }

    /// Serves what was left over once more, later in this turn.
    pub(crate) fn queue(&mut self, token: Token) {
        if let Some(connection) = self.live(token)
            && !connection.queued
        {
            connection.queued = true;
            self.again.push(token);
        }
    }

    pub(crate) fn mark_dirty(&mut self, token: Token) {
        if let Some(connection) = self.live(token)
            && !connection.dirty
        {
            connection.dirty = true;
            self.dirty.push(token);
        }
    }

    pub(crate) fn spare(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    pub(crate) fn keep_spare(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() > 0 && buffer.capacity() <= SPARE_BYTES_MAX && self.spare.len() < SPARE_MAX {
            buffer.clear();
            self.spare.push(buffer);
        }
    }
}

//! All connections of one worker, as its service sees them.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Instant;

use slab::Slab;

use crate::connection::{Connection, Phase, Stall};
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
    generation: u32,
    output_limit: usize,
    spare: Vec<Vec<u8>>,
}

impl Links {
    pub(crate) fn new(epoll: OwnedFd, output_limit: usize) -> Self {
        Self {
            epoll,
            connections: Slab::new(),
            dirty: Vec::new(),
            again: Vec::new(),
            doomed: Vec::new(),
            serving: None,
            now: Instant::now(),
            is_draining: false,
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
        if connection.phase == Phase::Dead || self.serving == Some(token) {
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
        if let Some(connection) = self.live(token) {
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

    /// Closes it now; `Service::close` follows at the end of the turn.
    pub fn abort(&mut self, token: Token) {
        self.doom(token, Why::Asked);
    }

    /// True once the server has been told to stop: finish what is begun, take on nothing new.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.is_draining
    }

    pub(crate) fn insert(&mut self, socket: OwnedFd, listener: Option<usize>, phase: Phase) -> io::Result<Token> {
        self.generation = self.generation.wrapping_add(1);
        let entry = self.connections.vacant_entry();
        let token = Token::new(entry.key(), self.generation);
        let connection = Connection::new(token, socket, listener, phase, self.output_limit);
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

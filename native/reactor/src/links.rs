//! All connections of one worker, as its service sees them.

use std::io;
use std::time::Instant;

use crate::{Address, Reply, Token};

/// The connections of one worker: reach another one's reply, open and close them.
pub struct Links {
    _private: (),
}

impl Links {
    /// The time at which this turn began.
    #[must_use]
    pub fn now(&self) -> Instant {
        unimplemented!()
    }

    /// Begins a connection; `Service::open` follows when it stands, `Service::close` when it can't. What is put into its
    /// reply before that is sent as soon as it stands.
    ///
    /// # Errors
    /// Of the socket call: no descriptors, no such unix socket.
    pub fn connect(&mut self, _to: &Address) -> io::Result<Token> {
        unimplemented!()
    }

    /// The reply of a connection, to be sent at the end of the turn; `None` if it is gone or is the one being served.
    pub fn reply(&mut self, _token: Token) -> Option<&mut Reply> {
        unimplemented!()
    }

    /// Reads from it again and serves what was left over, at the end of this turn.
    pub fn resume(&mut self, _token: Token) {
        unimplemented!()
    }

    /// Reads no more from it until `resume`.
    pub fn pause(&mut self, _token: Token) {
        unimplemented!()
    }

    /// Sends what its reply holds, then closes it.
    pub fn finish(&mut self, _token: Token) {
        unimplemented!()
    }

    /// Closes it now; `Service::close` follows at the end of the turn.
    pub fn abort(&mut self, _token: Token) {
        unimplemented!()
    }

    /// True once the server has been told to stop: finish what is begun, take on nothing new.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        unimplemented!()
    }
}

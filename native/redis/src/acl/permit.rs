//! Whether a connection may do what it asks: the one place where that is decided.

use crate::command::{Command, flag};
use crate::fault::{Fault, Outcome};
use crate::server::Server;
use crate::session::Session;

impl Server {
    /// Asked before a command is queued or executed.
    ///
    /// # Errors
    /// `NOAUTH`.
    #[inline]
    pub(crate) fn permit(&self, session: &Session, command: &Command, _words: &[&[u8]]) -> Outcome {
        if !session.identity.is_known && !command.is(flag::NO_AUTH) && !self.acl.default.is_open() {
            return Err(Fault::of("NOAUTH Authentication required."));
        }
        Ok(())
    }
}

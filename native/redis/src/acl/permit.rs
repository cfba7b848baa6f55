//! Whether a connection may do what it asks: the one place where that is decided.

use super::Denial;
use super::log::Entry;
use crate::command::{Command, flag};
use crate::commands::client_line;
use crate::config;
use crate::fault::{Fault, Outcome};
use crate::host::wall_clock;
use crate::server::Server;
use crate::session::Session;

impl Server {
    /// Asked before a command is queued or executed.
    ///
    /// # Errors
    /// `NOAUTH`, `NOPERM`, and that DEBUG is not served.
    #[inline]
    pub(crate) fn permit(&self, session: &Session, command: &Command, request: &[&[u8]]) -> Outcome {
        if session.identity.is_known && session.identity.user.is_free() && !command.is(flag::PROTECTED) {
            return Ok(());
        }
        self.ask(session, command, request)
    }

    #[cold]
    fn ask(&self, session: &Session, command: &Command, request: &[&[u8]]) -> Outcome {
        if session.identity.is_shut_out && self.is_protected() {
            return Err(Fault::of(
                "DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default \
                 user. In this mode connections are only accepted from the loopback interface. Set a password (requirepass), or, \
                 if nobody else can reach this server, CONFIG SET protected-mode no.",
            ));
        }
        if command.is(flag::PROTECTED) && !self.allows_debug(session) {
            return Err(Fault::of(
                "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local \
                 connection, otherwise you need to set this option in the configuration file, and then restart the server.",
            ));
        }
        if !session.identity.is_known && !command.is(flag::NO_AUTH) && !self.acl.default.is_open() {
            return Err(Fault::of("NOAUTH Authentication required."));
        }
        let user = &session.identity.user;
        let Some(denial) = user.rules().denial(command, request) else { return Ok(()) };
        let (reason, object, text) = match denial {
            Denial::Command => {
                let name = String::from_utf8_lossy(&user.name);
                let text = format!("NOPERM User {name} has no permissions to run the '{}' command", command.full_name);
                ("command", command.full_name.as_bytes().to_vec(), Fault::made(text))
            }
            Denial::Key(key) => ("key", key, Fault::of("NOPERM No permissions to access a key")),
            Denial::Channel(channel) => ("channel", channel, Fault::of("NOPERM No permissions to access a channel")),
        };
        self.log_denial(session, reason, object, user.name.clone());
        Err(text)
    }

    /// Connections from other machines are not let in: there is no password.
    pub(crate) fn is_protected(&self) -> bool {
        self.acl.default.is_open() && self.config.is_on(config::PROTECTED_MODE)
    }

    fn allows_debug(&self, session: &Session) -> bool {
        match self.config.text(config::DEBUG).as_str() {
            "yes" => true,
            "local" => session.client().peer.is_local(),
            _ => false,
        }
    }

    /// Remembers that somebody was refused.
    pub(crate) fn log_denial(&self, session: &Session, reason: &'static str, object: Vec<u8>, user: Vec<u8>) {
        let now = wall_clock();
        let entry = Entry {
            number: 0,
            count: 1,
            reason,
            context: if session.transaction.is_some() { "multi" } else { "toplevel" },
            object,
            user,
            client: client_line(session.client(), now),
            created_at: now,
            updated_at: now,
        };
        self.acl.log.push(entry, self.config.number(config::ACL_LOG_MAX));
    }
}

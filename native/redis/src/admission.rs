//! Whether a request may be executed, in the order in which Redis asks: is there such a command, are its words as many as it takes, may
//! this connection ask it now.

use crate::command::{self, Command, flag};
use crate::durability::Mode;
use crate::fault::Fault;
use crate::server::Server;
use crate::session::Session;

impl Server {
    /// Nothing forbids this request or puts it off, as is seen without asking one after the other who would: what nearly all requests
    /// come to. Of a GET, `admit` alone takes 90 instructions; this takes 45 for all.
    #[inline]
    pub(crate) fn is_plain(&self, session: &Session, command: &Command, words: usize) -> bool {
        let identity = &session.identity;
        let is_allowed = identity.is_known && identity.user.is_free() && !command.is(flag::PROTECTED);
        let is_at_rest = self.restraints.are_none() && self.pause.until().is_none() && !self.is_over_memory();
        command.subcommands.is_empty()
            && command.takes(words)
            && is_allowed
            && session.transaction.is_none()
            && session.subscriptions.is_none()
            && !matches!(self.mode_of(session), Mode::Bounded(_))
            && is_at_rest
    }
}

/// The row of a request that may be executed; `command` is what its first word names.
pub(crate) fn admit(
    server: &Server,
    session: &Session,
    command: Option<&'static Command>,
    words: &[&[u8]],
) -> Result<&'static Command, Fault> {
    let command = with_subcommand(command.ok_or_else(|| unknown(words))?, words)?;
    if !command.takes(words.len()) {
        return Err(Fault::arity(command.full_name));
    }
    server.permit(session, command, words)?;
    if command.is(flag::NO_TRANSACTION) && session.transaction.is_some() {
        return Err(Fault::of("ERR Command not allowed inside a transaction"));
    }
    if session.only_listens() && !WHILE_LISTENING.contains(&command.name) {
        return Err(Fault::made(format!(
            "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
            command.full_name
        )));
    }
    Ok(command)
}

/// The row of the command, or of its subcommand, that the words name.
pub(crate) fn row(words: &[&[u8]]) -> Result<&'static Command, Fault> {
    with_subcommand(command::find(words[0]).ok_or_else(|| unknown(words))?, words)
}

#[inline]
fn with_subcommand(command: &'static Command, words: &[&[u8]]) -> Result<&'static Command, Fault> {
    match words.get(1) {
        Some(word) if !command.subcommands.is_empty() => {
            let found = command.subcommands.iter().find(|row| row.name.as_bytes().eq_ignore_ascii_case(word));
            found.ok_or_else(|| unknown_subcommand(command, word))
        }
        _ => Ok(command),
    }
}

/// What a connection of version 2 may ask while it is subscribed to something.
const WHILE_LISTENING: [&str; 9] =
    ["ping", "subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe", "quit", "reset"];

/// How much of an unknown command is repeated.
const SHOWN_MAX: usize = 128;

fn unknown(words: &[&[u8]]) -> Fault {
    let mut text = b"ERR unknown command '".to_vec();
    text.extend_from_slice(&words[0][..words[0].len().min(SHOWN_MAX)]);
    text.extend_from_slice(b"', with args beginning with: ");
    let mut left = SHOWN_MAX;
    for word in &words[1..] {
        if left == 0 {
            break;
        }
        // As Redis prints it: up to a zero byte.
        let end = word.iter().take(left).position(|byte| *byte == 0).unwrap_or(word.len().min(left));
        let shown = &word[..end];
        text.push(b'\'');
        text.extend_from_slice(shown);
        text.extend_from_slice(b"' ");
        left = left.saturating_sub(shown.len() + 3);
    }
    Fault::made(text)
}

fn unknown_subcommand(command: &Command, word: &[u8]) -> Fault {
    let name = command.name.to_uppercase();
    let word = &word[..word.len().min(SHOWN_MAX)];
    Fault::naming(&[b"ERR unknown subcommand '", word, b"'. Try ", name.as_bytes(), b" HELP."])
}

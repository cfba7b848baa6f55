//! Lines without a body: one key and an argument (`delete`, `incr`, `decr`, `touch`), or plain words (the rest).

use super::storage::body_length;
use super::{BAD_EXPIRY, BAD_FORMAT, ERROR, KEY_MAX, Refusal, Words, numbers};
use crate::command::{Argument, Command};

const BAD_DELTA: &[u8] = b"CLIENT_ERROR invalid numeric delta argument\r\n";
const DELETE_USAGE: &[u8] = b"CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n";

/// One key, one argument.
#[derive(Clone, Copy, Debug)]
pub struct Keyed<'a> {
    /// Its row.
    pub command: &'static Command,
    /// What it is about.
    pub key: &'a [u8],
    /// The amount of `incr` and `decr`.
    pub delta: u64,
    /// The expiry of `touch`, as sent.
    pub expiry: i32,
    /// No answer is wanted.
    pub noreply: bool,
}

impl<'a> Keyed<'a> {
    pub(super) fn parse(command: &'static Command, argument: Argument, rest: &'a [u8]) -> Result<Self, Refusal> {
        let mut words = Words::new(rest);
        let key = words.next().ok_or(Refusal::of(BAD_FORMAT))?;
        let second = words.next();
        if argument != Argument::None && second.is_none() {
            return Err(Refusal::of(BAD_FORMAT));
        }
        let noreply = words.last().or(second) == Some(b"noreply");
        let refusal = |reply| Refusal::of(reply).unless(noreply);
        if key.len() > KEY_MAX {
            return Err(refusal(BAD_FORMAT));
        }
        let mut keyed = Self { command, key, delta: 0, expiry: 0, noreply };
        match argument {
            Argument::None => check_delete(words, second, noreply)?,
            Argument::Delta => {
                keyed.delta = second.and_then(numbers::unsigned).ok_or_else(|| refusal(BAD_DELTA))?;
            }
            Argument::Expiry => {
                keyed.expiry = second.and_then(numbers::signed).ok_or_else(|| refusal(BAD_EXPIRY))?;
            }
        }
        Ok(keyed)
    }
}

/// `delete` once had a delay: a `0` in its place is let pass, everything else is refused as 1.6.18 does and clients expect
/// (1.6.45 ignores it, and answers a request that nobody meant).
fn check_delete(words: Words<'_>, second: Option<&[u8]>, noreply: bool) -> Result<(), Refusal> {
    match (second, words.count()) {
        (None | Some(b"0" | b"noreply"), 0) => Ok(()),
        (Some(b"0"), 1) if noreply => Ok(()),
        (_, 0..=1) => Err(Refusal::of(DELETE_USAGE).unless(noreply)),
        _ => Err(Refusal::of(ERROR)),
    }
}

/// A command with its words.
#[derive(Clone, Copy, Debug)]
pub struct Admin<'a> {
    /// Its row.
    pub command: &'static Command,
    /// Its words, the name not among them; a `noreply` at the end is.
    pub words: Words<'a>,
    /// No answer is wanted.
    pub noreply: bool,
    /// Of the body that follows (`config set`).
    pub body: Option<usize>,
}

impl<'a> Admin<'a> {
    pub(super) fn parse(command: &'static Command, rest: &'a [u8]) -> Self {
        let words = Words::new(rest);
        Self { command, words, noreply: words.last() == Some(b"noreply"), body: None }
    }

    /// `config get|delete <name>`, `config set <name> <flags> <length> [noreply]` and a body.
    pub(super) fn parse_config(command: &'static Command, rest: &'a [u8]) -> Result<Self, Refusal> {
        let mut admin = Self::parse(command, rest);
        let mut words = admin.words;
        if words.next() == Some(b"set") {
            let length = words.nth(2).and_then(body_length);
            admin.body = Some(length.ok_or(Refusal::of(BAD_FORMAT))?);
        }
        Ok(admin)
    }
}

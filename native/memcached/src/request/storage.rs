//! `set`, `add`, `replace`, `append`, `prepend`, `cas`: a line and a body.

use super::{BAD_FORMAT, BODY_MAX, KEY_MAX, Refusal, Words, numbers};
use crate::command::Command;

/// A value to be stored.
#[derive(Clone, Copy, Debug)]
pub struct Storage<'a> {
    /// Its row.
    pub command: &'static Command,
    /// Where to.
    pub key: &'a [u8],
    /// Client flags.
    pub flags: u32,
    /// The expiry as sent.
    pub expiry: i32,
    /// Of the body.
    pub length: usize,
    /// The CAS value to compare (`cas`).
    pub compare: u64,
    /// No answer is wanted.
    pub noreply: bool,
}

impl<'a> Storage<'a> {
    #[inline]
    pub(super) fn parse(command: &'static Command, has_cas: bool, rest: &'a [u8]) -> Result<Self, Refusal> {
        let mut words = Words::new(rest);
        let (Some(key), Some(flags), Some(expiry), Some(length)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Refusal::of(BAD_FORMAT));
        };
        let length = body_length(length).ok_or(Refusal::of(BAD_FORMAT))?;
        let fifth = words.next();
        let noreply = words.last().or(fifth) == Some(b"noreply");
        let refusal = || Refusal::of(BAD_FORMAT).with_body(length).unless(noreply);
        if key.len() > KEY_MAX {
            return Err(refusal());
        }
        let flags = numbers::loose_flags(flags).ok_or_else(refusal)?;
        let expiry = numbers::loose_expiry(expiry).ok_or_else(refusal)?;
        let compare = if has_cas { fifth.and_then(numbers::unsigned).ok_or_else(refusal)? } else { 0 };
        Ok(Self { command, key, flags, expiry, length, compare, noreply })
    }
}

/// The length of a body; what is not one cannot be skipped either.
#[inline]
pub(super) fn body_length(word: &[u8]) -> Option<usize> {
    usize::try_from(numbers::signed(word)?).ok().filter(|&length| length <= BODY_MAX)
}

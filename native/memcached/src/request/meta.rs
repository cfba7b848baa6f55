//! `mg`, `ms`, `md`, `ma`, `me`: a key and flags. All flags are read and checked here, whichever command they are meant for: a flag
//! that means nothing to a command is ignored, one that means nothing at all is refused.

use super::storage::body_length;
use super::{BAD_FORMAT, KEY_MAX, META_WORDS_MAX, OPAQUE_MAX, Refusal, Words, numbers};
use crate::base64;
use crate::command::{Command, MetaKind};

const TOO_MANY: &[u8] = b"CLIENT_ERROR options flags are too long\r\n";
const INVALID: &[u8] = b"CLIENT_ERROR invalid flag\r\n";
const DUPLICATE: &[u8] = b"CLIENT_ERROR duplicate flag\r\n";
const INVALID_OR_DUPLICATE: &[u8] = b"CLIENT_ERROR invalid or duplicate flag\r\n";
const BAD_TOKEN: &[u8] = b"CLIENT_ERROR bad token in command line format\r\n";
const BAD_KEY: &[u8] = b"CLIENT_ERROR error decoding key\r\n";
const BAD_INITIAL: &[u8] = b"CLIENT_ERROR invalid numeric initial value\r\n";
const BAD_DELTA: &[u8] = b"CLIENT_ERROR invalid numeric delta value\r\n";
const LONG_OPAQUE: &[u8] = b"CLIENT_ERROR opaque token too long\r\n";
const BAD_SET_MODE: &[u8] = b"CLIENT_ERROR invalid mode for ms M token\r\n";
const BAD_ARITHMETIC_MODE: &[u8] = b"CLIENT_ERROR invalid mode for ma M token\r\n";

/// Room for a decoded key.
pub type KeyScratch = [u8; KEY_MAX];

/// A meta command.
#[derive(Clone, Copy, Debug)]
pub struct Meta<'a> {
    /// Its row.
    pub command: &'static Command,
    /// The key as sent: base64 with flag `b`.
    pub sent_key: &'a [u8],
    /// Of the body (`ms`).
    pub length: usize,
    /// Its flags.
    pub flags: Flags<'a>,
}

/// The flags of a meta command.
#[derive(Clone, Copy, Debug)]
pub struct Flags<'a> {
    /// As sent: answers follow their order.
    pub words: Words<'a>,
    /// Which letters are there: a bit each, from `A` on.
    present: u64,
    /// T.
    pub ttl: i32,
    /// N.
    pub vivify: i32,
    /// R.
    pub recache: i32,
    /// F.
    pub client_flags: u32,
    /// C.
    pub compare: u64,
    /// E.
    pub cas: u64,
    /// J.
    pub initial: u64,
    /// D.
    pub delta: u64,
    /// M; 0 for none.
    pub mode: u8,
}

impl<'a> Meta<'a> {
    #[inline]
    pub(super) fn parse(command: &'static Command, kind: MetaKind, rest: &'a [u8]) -> Result<Self, Refusal> {
        let mut words = Words::new(rest);
        let sent_key = words.next().ok_or(Refusal::of(BAD_FORMAT))?;
        if sent_key.len() > KEY_MAX {
            let reply = if kind == MetaKind::Arithmetic { INVALID_OR_DUPLICATE } else { BAD_FORMAT };
            return Err(Refusal::of(reply));
        }
        let flags = match kind {
            MetaKind::Lenient => Flags::lenient(words),
            MetaKind::Named => Flags::parse(sent_key, words, 2).map_err(Refusal::of)?,
            MetaKind::Arithmetic => {
                let folded = |reply| if reply == TOO_MANY { reply } else { INVALID_OR_DUPLICATE };
                Flags::parse(sent_key, words, 2).map_err(|reply| Refusal::of(folded(reply)))?
            }
        };
        if kind != MetaKind::Lenient {
            flags.check_opaque().map_err(Refusal::of)?;
        }
        if kind == MetaKind::Arithmetic && flags.has(b'M') && !b"I+D-".contains(&flags.mode) {
            return Err(Refusal::of(BAD_ARITHMETIC_MODE));
        }
        Ok(Self { command, sent_key, length: 0, flags })
    }

    #[inline]
    pub(super) fn parse_set(command: &'static Command, rest: &'a [u8]) -> Result<Self, Refusal> {
        let mut words = Words::new(rest);
        let (Some(sent_key), Some(length)) = (words.next(), words.next()) else {
            return Err(Refusal::of(BAD_FORMAT));
        };
        let length = body_length(length).ok_or(Refusal::of(BAD_FORMAT))?;
        let refusal = |reply| Refusal::of(reply).with_body(length);
        if sent_key.len() > KEY_MAX {
            return Err(refusal(BAD_FORMAT));
        }
        let flags = Flags::parse(sent_key, words, 3).map_err(refusal)?;
        flags.check_opaque().map_err(refusal)?;
        if flags.has(b'M') && !b"EAPRS".contains(&flags.mode) {
            return Err(refusal(BAD_SET_MODE));
        }
        Ok(Self { command, sent_key, length, flags })
    }

    /// The key; decoded into `scratch` if it was sent as base64.
    #[inline]
    #[must_use]
    pub fn key<'k>(&self, scratch: &'k mut KeyScratch) -> &'k [u8]
    where
        'a: 'k,
    {
        if !self.flags.has(b'b') {
            return self.sent_key;
        }
        match base64::decode(self.sent_key, scratch) {
            Some(length) => &scratch[..length],
            // Only `me` gets here: what is no base64 is taken as it is.
            None => self.sent_key,
        }
    }
}

impl<'a> Flags<'a> {
    /// `before` words stand in front of `words`.
    #[inline]
    fn parse(sent_key: &[u8], words: Words<'a>, before: usize) -> Result<Self, &'static [u8]> {
        if words.rest().len() > 2 * (META_WORDS_MAX - before) && before + words.count() > META_WORDS_MAX {
            return Err(TOO_MANY);
        }
        let mut flags = Self::none(words);
        let mut fault = None;
        // The last mistake is the one that is named, a number out of range last of all; an unknown or repeated flag ends
        // the reading.
        for word in words {
            match flags.read(word) {
                Ok(()) if word[0] == b'b' && base64::decode(sent_key, &mut [0; KEY_MAX]).is_none() => {
                    fault = Some(BAD_KEY)
                }
                Ok(()) => {}
                Err(reply) if reply == INVALID || reply == DUPLICATE || word[0] >= 127 => return Err(reply),
                Err(BAD_FORMAT) => fault = fault.or(Some(BAD_FORMAT)),
                Err(reply) => fault = Some(reply),
            }
        }
        match fault {
            Some(reply) => Err(reply),
            None => Ok(flags),
        }
    }

    /// Only `b` counts.
    fn lenient(words: Words<'a>) -> Self {
        let mut flags = Self::none(words);
        let mut words = words;
        if words.any(|word| word[0] == b'b') {
            flags.present |= bit(b'b');
        }
        flags
    }

    fn none(words: Words<'a>) -> Self {
        Self {
            words,
            present: 0,
            ttl: 0,
            vivify: 0,
            recache: 0,
            client_flags: 0,
            compare: 0,
            cas: 0,
            initial: 0,
            delta: 1,
            mode: 0,
        }
    }

    /// Whether a flag is there.
    #[inline]
    #[must_use]
    pub fn has(&self, letter: u8) -> bool {
        self.present & bit(letter) != 0
    }

    /// One flag: its letter, and its token read as what it is.
    #[inline]
    fn read(&mut self, word: &[u8]) -> Result<(), &'static [u8]> {
        let (letter, token) = (word[0], &word[1..]);
        if !letter.is_ascii_alphabetic() {
            return Err(if letter >= 127 { BAD_FORMAT } else { INVALID });
        }
        if self.has(letter) {
            return Err(DUPLICATE);
        }
        self.present |= bit(letter);
        match letter {
            b'b' | b'c' | b'f' | b'h' | b'k' | b'l' | b'q' | b's' | b't' | b'u' | b'v' | b'x' | b'I' | b'L' | b'O'
            | b'P' => {}
            b'T' => self.ttl = numbers::signed(token).ok_or(BAD_TOKEN)?,
            b'N' => self.vivify = numbers::signed(token).ok_or(BAD_TOKEN)?,
            b'R' => self.recache = numbers::signed(token).ok_or(BAD_TOKEN)?,
            b'C' => self.compare = numbers::unsigned(token).ok_or(BAD_TOKEN)?,
            b'E' => self.cas = numbers::unsigned(token).ok_or(BAD_TOKEN)?,
            b'J' => self.initial = numbers::unsigned(token).ok_or(BAD_INITIAL)?,
            b'D' => self.delta = numbers::unsigned(token).ok_or(BAD_DELTA)?,
            b'F' => {
                let flags = numbers::unsigned(token).and_then(|flags| u32::try_from(flags).ok());
                self.client_flags = flags.ok_or(BAD_FORMAT)?;
            }
            b'M' => self.mode = token.first().copied().unwrap_or(0),
            _ => return Err(INVALID),
        }
        Ok(())
    }

    fn check_opaque(&self) -> Result<(), &'static [u8]> {
        let mut words = self.words;
        let too_long = |word: &[u8]| word[0] == b'O' && word.len() > OPAQUE_MAX;
        if self.has(b'O') && words.any(too_long) { Err(LONG_OPAQUE) } else { Ok(()) }
    }
}

#[inline]
fn bit(letter: u8) -> u64 {
    1 << (letter.wrapping_sub(b'A') & 63)
}

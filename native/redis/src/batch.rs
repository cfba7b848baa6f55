//! Requests that arrived together, read before the first of them is executed: their keys are hashed, and what their look-ups will read is
//! brought near, so that the waits for memory overlap.

use std::borrow::Cow;

use resp::{Beginning, Begun, Limits, Parsed, request};

use crate::command::{self, Command, Keys};
use crate::server::Server;

/// Requests read together.
const REQUESTS_MAX: usize = 20;
/// Keys that are brought near together.
const KEYS_MAX: usize = 128;
/// Of several connections' requests, only such short ones are read twice.
const FIRST_BYTES_MAX: usize = 1 << 10;
/// Less data is near anyway.
const WORTHWHILE_BYTES: usize = 1 << 20;

/// Whole requests of one input.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) requests: Vec<Read>,
    hashes: Vec<u64>,
}

/// A request that has been read.
#[derive(Debug)]
pub(crate) struct Read {
    /// Where its words end among all words.
    pub(crate) words_end: usize,
    /// Where it ends in the input.
    pub(crate) end: usize,
    /// The command that its first word names.
    pub(crate) command: Option<&'static Command>,
    /// The hash of its only key, computed here once for all who need it: a GET takes 300 instructions less.
    pub(crate) hash: Option<u64>,
}

/// What stands behind the requests of a batch.
pub(crate) enum Behind {
    /// Perhaps more of them.
    More,
    /// Not all of another one.
    Part,
    /// One with words of its own, and the bytes that it takes.
    Quoted(Vec<Vec<u8>>, usize),
    /// No request.
    Bad(Cow<'static, [u8]>),
}

impl Batch {
    /// Reads requests, at most so many, and their words.
    #[inline]
    pub(crate) fn read<'i>(
        &mut self,
        input: &'i [u8],
        requests_max: usize,
        limits: &Limits,
        words: &mut Vec<&'i [u8]>,
        begun: &mut Option<Box<Begun>>,
    ) -> Behind {
        self.requests.clear();
        words.clear();
        // Who a stranger is by the next request, this one decides.
        let requests_max = if limits.is_stranger { 1 } else { requests_max.min(REQUESTS_MAX) };
        let mut done = 0;
        let mut last: (Option<Beginning<'i>>, Option<&'static Command>) = (None, None);
        while self.requests.len() < requests_max {
            let (first, rest) = (words.len(), &input[done..]);
            let alike = last.0.and_then(|beginning| beginning.parse_another(rest, limits, words));
            done += match alike {
                Some(bytes) => bytes,
                None => match request::parse(rest, limits, words, begun) {
                    Parsed::Done(bytes) => {
                        let found = &words[first..];
                        last = (Beginning::of(rest, found), found.first().and_then(|name| command::find(name)));
                        bytes
                    }
                    Parsed::NeedMore => return Behind::Part,
                    Parsed::Quoted(words, bytes) => return Behind::Quoted(words, bytes),
                    Parsed::Bad(message) => return Behind::Bad(message),
                },
            };
            let key = last.1.and_then(|command| command.only_key(&words[first..]));
            let hash = key.map(dataset::hash);
            self.requests.push(Read { words_end: words.len(), end: done, command: last.1, hash });
        }
        Behind::More
    }

    /// Brings near what the requests will look up. Measured with GETs of 100,000 keys pipelined by 16, without the system calls:
    /// 200 ns each instead of 700.
    #[inline]
    pub(crate) fn look_ahead(&mut self, server: &Server, database: usize, words: &[&[u8]]) {
        let is_single = self.requests.len() < 2 && words.len() < 4;
        if is_single || server.dataset.weight() < WORTHWHILE_BYTES {
            return;
        }
        let mut first = 0;
        for at in 0..self.requests.len() {
            let Read { words_end, command, hash, .. } = self.requests[at];
            match hash {
                Some(hash) if self.hashes.len() < KEYS_MAX => self.hashes.push(hash),
                _ => self.note_keys_of(command, &words[first..words_end]),
            }
            first = words_end;
        }
        self.bring_noted(server, database);
    }

    /// The same for the first requests of several connections, whichever their databases are.
    pub(crate) fn look_at_first<'i>(
        &mut self,
        server: &Server,
        inputs: impl Iterator<Item = &'i [u8]>,
        words: &mut Vec<&'i [u8]>,
    ) {
        if server.dataset.weight() < WORTHWHILE_BYTES {
            return;
        }
        let limits = server.limits();
        // Neither the rest of a large request nor a long one is worth the reading.
        for input in inputs.filter(|input| input.starts_with(b"*") && input.len() <= FIRST_BYTES_MAX) {
            words.clear();
            if let Parsed::Done(_) = request::parse(input, &limits, words, &mut None) {
                self.note_keys(words);
            }
        }
        self.bring_noted(server, 0);
    }

    /// What this request will look up is to be brought near.
    pub(crate) fn note_keys(&mut self, request: &[&[u8]]) {
        let command = request.first().and_then(|name| command::find(name));
        self.note_keys_of(command, request);
    }

    #[inline]
    fn note_keys_of(&mut self, command: Option<&Command>, request: &[&[u8]]) {
        if let Some(&Command { keys: Keys::Range { first, last, step }, .. }) = command {
            let count = if last < 0 { request.len().saturating_add_signed(last + 1) } else { last as usize + 1 };
            let keys = request.iter().take(count).skip(first).step_by(step);
            self.hashes.extend(keys.take(KEYS_MAX - self.hashes.len()).map(|key| dataset::hash(key)));
        }
    }

    /// Brings near what has been noted.
    pub(crate) fn bring_noted(&mut self, server: &Server, database: usize) {
        if !self.hashes.is_empty() {
            server.dataset.bring_near(database, &self.hashes);
            self.hashes.clear();
        }
    }
}

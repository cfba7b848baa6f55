//! What has been asked on a connection and not yet been answered; each answer is counted, and verified if so wished.
//!
//! Knows no protocol: a dialect says that a value comes, that a key was missed, that an answer ends.

use std::collections::VecDeque;

use crate::keys::Keys;
use crate::tally::{Counts, Kind};
use crate::values::Values;

/// What the values read must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Truth<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) values: &'a Values,
}

/// The requests of one connection that wait for an answer.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    requests: VecDeque<Alike>,
    /// How many requests these are.
    waiting: usize,
    /// Keys asked for by all gets in `requests`, in order; only kept when values are verified.
    keys: VecDeque<u64>,
    /// Values of the first get that have come.
    found: u32,
    /// Keys of the first get that are no longer in `keys`.
    passed: u32,
    /// The key of the value under way and how much of it has been compared.
    checking: Option<(u64, usize)>,
    /// Keys that gets asked for and did not find, if somebody wants to know (only when values are verified).
    pub(crate) missed: Option<Vec<u64>>,
}

/// Requests of one kind for so many keys each, one behind the other: most runs ask nothing else.
#[derive(Clone, Copy, Debug)]
struct Alike {
    kind: Kind,
    keys: u32,
    count: usize,
}

impl Asked {
    /// A request has been sent.
    #[inline]
    pub(crate) fn request(&mut self, kind: Kind, keys: usize) {
        self.requests(kind, keys, 1);
    }

    /// So many requests for `keys` keys each have been sent.
    #[inline]
    pub(crate) fn requests(&mut self, kind: Kind, keys: usize, count: usize) {
        self.waiting += count;
        let keys = keys as u32;
        match self.requests.back_mut() {
            Some(last) if (last.kind, last.keys) == (kind, keys) => last.count += count,
            _ => self.requests.push_back(Alike { kind, keys, count }),
        }
    }

    /// One of the keys of a get; only when values are verified.
    #[inline]
    pub(crate) fn key(&mut self, key: u64) {
        self.keys.push_back(key);
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    #[cfg(test)]
    pub(crate) fn is_settled(&self) -> bool {
        self.requests.is_empty() && self.keys.is_empty() && self.checking.is_none()
    }
}

/// Where a dialect books what came.
#[derive(Debug)]
pub(crate) struct Ledger<'a> {
    pub(crate) asked: &'a mut Asked,
    pub(crate) truth: Option<Truth<'a>>,
    pub(crate) counts: &'a mut Counts,
}

impl Ledger<'_> {
    /// Of the request that was asked first.
    #[inline]
    pub(crate) fn kind(&self) -> Option<Kind> {
        self.asked.requests.front().map(|request| request.kind)
    }

    /// How many keys the first request asks for.
    #[inline]
    pub(crate) fn keys(&self) -> usize {
        self.asked.requests.front().map_or(0, |request| request.keys as usize)
    }

    /// A value of so many bytes follows, of the key written as `key` says; or of the next one where answers have no keys.
    #[inline]
    pub(crate) fn value<'k>(&mut self, key: impl FnOnce() -> Option<&'k [u8]>, bytes: usize) {
        self.asked.found += 1;
        if let Some(truth) = self.truth {
            self.asked.checking = self.begin_check(key(), bytes, truth);
            self.counts.wrong += u64::from(self.asked.checking.is_none());
        }
    }

    /// The key of a value, if it is one of those that were asked for and has the right size.
    fn begin_check(&mut self, text: Option<&[u8]>, bytes: usize, truth: Truth<'_>) -> Option<(u64, usize)> {
        while let Some(key) = self.pass() {
            if text.is_none_or(|text| truth.keys.is(key, text)) {
                return (truth.values.of(key).len() == bytes).then_some((key, 0));
            }
        }
        None
    }

    /// The next key of the first get.
    #[inline]
    fn pass(&mut self) -> Option<u64> {
        let first = self.asked.requests.front()?;
        if first.kind != Kind::GET || self.asked.passed == first.keys {
            return None;
        }
        self.asked.passed += 1;
        self.asked.keys.pop_front()
    }

    /// The next key has no value.
    #[inline]
    pub(crate) fn miss(&mut self) {
        if self.truth.is_some() {
            let key = self.pass();
            if let Some(missed) = &mut self.asked.missed {
                missed.extend(key);
            }
        }
    }

    /// Bytes of the value under way, `left` before its end; the last two are the line's end.
    #[inline]
    pub(crate) fn value_part(&mut self, part: &[u8], left: usize) {
        let (Some(truth), Some((key, at))) = (self.truth, self.asked.checking) else { return };
        let right = truth.values.of(key);
        let (text, line_end) = part.split_at(part.len().min(right.len().saturating_sub(at)));
        let ends_well = b"\r\n"[..2 - left.min(2)].ends_with(line_end);
        if right[at.min(right.len())..].starts_with(text) && ends_well {
            self.asked.checking = (left > 0).then_some((key, at + text.len()));
        } else {
            self.counts.wrong += 1;
            self.asked.checking = None;
        }
    }

    /// The first request is answered; `line` says how if that is not as it should be.
    #[inline]
    pub(crate) fn end(&mut self, is_right: bool, line: &[u8]) {
        let Some(alike) = self.asked.requests.front_mut() else {
            self.counts.stray += 1;
            return;
        };
        let first = *alike;
        alike.count -= 1;
        if alike.count == 0 {
            self.asked.requests.pop_front();
        }
        self.asked.waiting -= 1;
        self.counts.requests[first.kind.number()] += 1;
        if !is_right {
            self.counts.error(line);
        }
        if first.kind == Kind::GET {
            self.end_get(first.keys);
        }
    }

    #[inline]
    fn end_get(&mut self, keys: u32) {
        self.counts.keys += u64::from(keys);
        self.counts.hits += u64::from(self.asked.found);
        if self.asked.found > keys {
            self.counts.error(b"more values than keys asked for");
        }
        self.asked.found = 0;
        if self.truth.is_some() {
            let not_found = self.asked.keys.drain(..(keys - self.asked.passed) as usize);
            if let Some(missed) = &mut self.asked.missed {
                missed.extend(not_found);
            }
            self.asked.passed = 0;
        }
    }
}

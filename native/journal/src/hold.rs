//! Somebody who reads the stream at his own pace: what he has not read yet is kept for him, beyond the backlog.

use std::sync::Arc;

use crate::{Gone, Journal};

/// A reader of a journal; what it needs is kept until it is dropped.
#[derive(Debug)]
pub struct Hold {
    journal: Arc<Journal>,
    number: u64,
    at: u64,
}

/// Who needs what, among all readers of a journal.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    last: u64,
    all: Vec<(u64, u64)>,
}

impl Holds {
    pub(crate) fn enter(&mut self, at: u64) -> u64 {
        self.last += 1;
        self.all.push((self.last, at));
        self.last
    }

    pub(crate) fn advance(&mut self, number: u64, at: u64) {
        self.all.iter_mut().filter(|(other, _)| *other == number).for_each(|hold| hold.1 = at);
    }

    /// Another stream has begun: what they are at means nothing any more.
    pub(crate) fn forget(&mut self) {
        self.all.clear();
    }

    pub(crate) fn has(&self, number: u64) -> bool {
        self.all.iter().any(|(other, _)| *other == number)
    }

    pub(crate) fn leave(&mut self, number: u64) {
        self.all.retain(|(other, _)| *other != number);
    }

    /// The first byte that anybody needs.
    #[inline]
    pub(crate) fn needed(&self) -> u64 {
        self.all.iter().map(|(_, at)| *at).min().unwrap_or(u64::MAX)
    }
}

impl Hold {
    pub(crate) fn new(journal: Arc<Journal>, number: u64, at: u64) -> Self {
        Self { journal, number, at }
    }

    /// The offset of the next byte that it reads.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Bytes that it has not read yet.
    #[must_use]
    pub fn behind(&self) -> usize {
        usize::try_from(self.journal.end.get().saturating_sub(self.at)).unwrap_or(usize::MAX)
    }

    /// Copies what is next behind the bytes in `into`, at most so many; returns how many.
    ///
    /// # Errors
    /// Another stream has begun meanwhile.
    pub fn read(&mut self, into: &mut Vec<u8>, max: usize) -> Result<usize, Gone> {
        let count = self.journal.read_for(self.number, self.at, into, max)?;
        self.at += count as u64;
        Ok(count)
    }

    /// Needs nothing before this offset any more.
    pub fn skip_to(&mut self, at: u64) {
        if at > self.at {
            self.at = at;
            self.journal.advance_hold(self.number, at);
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.journal.leave_hold(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_needs_is_kept_until_it_has_it_or_is_gone() {
        let journal = Arc::new(Journal::new([b'a'; 40]));
        journal.set_backlog(4);
        journal.append_raw(0, b"01234567");
        assert!(journal.hold(2).is_err() && journal.hold(9).is_err());
        let (mut slow, mut fast) = (journal.hold(5).expect("kept"), journal.hold(8).expect("the end"));
        journal.append_raw(0, b"89abcdef");
        assert_eq!((journal.start(), slow.behind(), fast.behind()), (5, 11, 8));
        let mut bytes = Vec::new();
        assert_eq!(slow.read(&mut bytes, 6), Ok(6));
        assert_eq!(fast.read(&mut bytes, 100), Ok(8));
        assert_eq!(bytes, b"56789a89abcdef");
        journal.append_raw(0, b"gh");
        assert_eq!(journal.start(), 11);
        slow.skip_to(13);
        drop(fast);
        journal.append_raw(0, b"");
        assert_eq!((journal.start(), slow.at()), (13, 13));
        drop(slow);
        assert_eq!(journal.start(), 14, "the backlog alone");
        let mut old = journal.hold(14).expect("kept");
        journal.restart(crate::History::new([b'b'; 40]), 10);
        journal.append_raw(0, b"another one");
        assert_eq!(old.read(&mut bytes, 1), Err(Gone), "of another stream, whose offset it is by chance");
        journal.validate();
    }
}

//! Commands that wait for a key: BLPOP and its kin, XREAD BLOCK. Who waits is a `Waiter`, enrolled at each of its keys under their
//! shards' locks; who changes such a key tries the waiters' commands again, first come first served, before anything else.

use std::sync::atomic::{AtomicBool, Ordering};

use dataset::Millis;
use resp::{Version, Writer};

use crate::ClientId;

/// What a command that found nothing asks for.
#[derive(Debug)]
pub(crate) struct Wait {
    /// Any of these may bring it on.
    pub(crate) keys: Vec<Vec<u8>>,
    /// When it gives up.
    pub(crate) deadline: Option<Millis>,
    /// What it answers then.
    pub(crate) at_deadline: AtDeadline,
}

/// The answer to one who has waited in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtDeadline {
    /// A null array.
    NullArray,
    /// A null.
    Null,
}

impl AtDeadline {
    pub(crate) fn answer(self, reply: &mut Writer<'_>) {
        match self {
            Self::NullArray => reply.null_array(),
            Self::Null => reply.null(),
        }
    }
}

/// One connection that waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub(crate) client: ClientId,
    pub(crate) database: usize,
    pub(crate) version: Version,
    /// The request, to be tried again.
    pub(crate) words: Vec<Vec<u8>>,
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) deadline: Option<Millis>,
    pub(crate) at_deadline: AtDeadline,
    /// Answered, timed out or gone.
    is_settled: AtomicBool,
}

impl Waiter {
    /// True for the one who settles it.
    pub(crate) fn settle(&self) -> bool {
        !self.is_settled.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.is_settled.load(Ordering::Acquire)
    }

    pub(crate) fn new(client: ClientId, database: usize, version: Version, words: &[&[u8]], wait: Wait) -> Self {
        Self {
            client,
            database,
            version,
            words: words.iter().map(|word| word.to_vec()).collect(),
            keys: wait.keys,
            deadline: wait.deadline,
            at_deadline: wait.at_deadline,
            is_settled: AtomicBool::new(false),
        }
    }
}

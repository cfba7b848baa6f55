//! What is remembered of one connection between two requests.

use std::sync::Arc;

use resp::Version;

use crate::ClientId;
use crate::attached::{Alarm, Name};
use crate::blocking::Waiter;

/// One connection.
#[derive(Debug)]
pub struct Session {
    pub(crate) id: ClientId,
    /// The database that its commands work on.
    pub(crate) database: usize,
    pub(crate) version: Version,
    pub(crate) name: Vec<u8>,
    /// Commands queued since MULTI.
    pub(crate) transaction: Option<Transaction>,
    /// Keys it watches.
    pub(crate) watch: Option<Watch>,
    /// What it waits for: no request is served before that has come.
    pub(crate) waiter: Option<Arc<Waiter>>,
    /// Close when the reply is sent.
    pub(crate) is_closing: bool,
}

/// What MULTI has begun.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) queue: Vec<Vec<Vec<u8>>>,
    /// One of them was refused when it was queued: EXEC refuses all.
    pub(crate) is_spoiled: bool,
}

/// What WATCH has begun.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) alarm: Arc<Alarm>,
    pub(crate) keys: Vec<Name>,
}

impl Session {
    pub(crate) fn new(id: ClientId) -> Self {
        Self {
            id,
            database: 0,
            version: Version::Two,
            name: Vec::new(),
            transaction: None,
            watch: None,
            waiter: None,
            is_closing: false,
        }
    }
}

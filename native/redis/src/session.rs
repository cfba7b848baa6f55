//! What is remembered of one connection between two requests.

use std::sync::Arc;

use dataset::Shards;
use resp::{Begun, Version};

use crate::ClientId;
use crate::attached::{Alarm, Name};
use crate::blocking::Waiter;
use crate::clients::{Client, mark};
use crate::command::{Command, Keys};
use crate::durability::Mode;
use crate::fault::Fault;
use crate::identity::Identity;
use crate::pubsub::Subscriptions;
use crate::replication::{Announced, Replica};
use crate::server::Server;
use crate::tracking::Tracked;

/// One connection.
#[derive(Debug)]
pub struct Session {
    pub(crate) id: ClientId,
    pub(crate) client: Arc<Client>,
    /// Who it is.
    pub(crate) identity: Identity,
    /// The database that its commands work on.
    pub(crate) database: usize,
    pub(crate) version: Version,
    /// Commands queued since MULTI.
    pub(crate) transaction: Option<Transaction>,
    /// Keys it watches.
    pub(crate) watch: Option<Watch>,
    /// What it waits for: no request is served before that has come.
    pub(crate) waiter: Option<Arc<Waiter>>,
    /// Which of the keys that it reads it wants to hear of.
    pub(crate) tracking: Option<Box<Tracked>>,
    /// What it listens to.
    pub(crate) subscriptions: Option<Box<Subscriptions>>,
    /// What has been read of a large request that has not wholly come.
    pub(crate) begun: Option<Box<Begun>>,
    /// What it has said of itself, before it asked for the stream.
    pub(crate) announced: Option<Box<Announced>>,
    /// It is fed with the stream.
    pub(crate) replica: Option<Arc<Replica>>,
    /// The journal's offset behind its last write: its reply may be released once that is safe.
    pub(crate) offset: u64,
    /// When its writes count as done, if it is not for the server's mode to say.
    pub(crate) mode: Option<Mode>,
    /// It repeats what has happened already (a log that is loaded, a primary's stream): its changes are not logged again, nothing
    /// expires by it, and nothing is refused to it.
    pub(crate) is_exempt: bool,
    /// Why a command of such a one failed.
    pub(crate) failure: Option<Fault>,
    /// Close when the reply is sent.
    pub(crate) is_closing: bool,
}

/// What MULTI has begun.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) queue: Vec<Queued>,
    /// Bytes of their words.
    pub(crate) bytes: usize,
    /// One of them was refused when it was queued: EXEC refuses all.
    pub(crate) is_spoiled: bool,
}

impl Transaction {
    pub(crate) fn push(&mut self, command: &'static Command, words: &[&[u8]]) {
        self.bytes += words.iter().map(|word| word.len() + size_of::<Vec<u8>>()).sum::<usize>();
        self.queue.push(Queued { command, words: words.iter().map(|word| word.to_vec()).collect() });
    }
}

/// A command that waits for EXEC.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) command: &'static Command,
    pub(crate) words: Vec<Vec<u8>>,
}

impl Queued {
    pub(crate) fn words(&self) -> Vec<&[u8]> {
        self.words.iter().map(Vec::as_slice).collect()
    }
}

/// What WATCH has begun.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) alarm: Arc<Alarm>,
    pub(crate) keys: Vec<Name>,
}

impl Session {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Self {
            id: client.id,
            client,
            identity: Identity::default(),
            database: 0,
            version: Version::Two,
            transaction: None,
            watch: None,
            waiter: None,
            tracking: None,
            subscriptions: None,
            begun: None,
            announced: None,
            replica: None,
            offset: 0,
            mode: None,
            is_exempt: false,
            failure: None,
            is_closing: false,
        }
    }

    /// Takes a waiting connection's place when its command is tried again.
    pub(crate) fn stand_in(id: ClientId, database: usize, version: Version) -> Self {
        Self { id, database, version, ..Self::new(Client::nobody()) }
    }

    /// The connection, as others see it.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// It waits for a key.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiter.is_some()
    }

    /// Bytes of the commands that it has queued; `None` for one that is not closed for want of memory.
    #[must_use]
    pub fn held(&self) -> Option<usize> {
        let is_kept = self.client.has(mark::NO_EVICT | mark::REPLICA | mark::ORDERS);
        (!is_kept).then(|| self.transaction.as_ref().map_or(0, |transaction| transaction.bytes))
    }

    /// The class of its output limits.
    #[must_use]
    pub fn class(&self) -> &'static str {
        self.client.kind()
    }

    /// It may only subscribe and end subscriptions: in version 2 it can't tell messages from replies.
    pub(crate) fn only_listens(&self) -> bool {
        self.version == Version::Two && self.subscriptions.is_some()
    }

    /// The shards of the keys that it watches and of the commands that it has queued.
    pub(crate) fn shards(&self, server: &Server) -> Shards {
        let watched = self.watch.iter().flat_map(|watch| &watch.keys).map(|(_, key)| &**key);
        let queue = self.transaction.iter().flat_map(|transaction| &transaction.queue);
        // UNWATCH among them needs no more than EXEC does.
        let queue = queue.filter(|queued| !matches!(queued.command.keys, Keys::Session));
        let queued = queue.map(|queued| server.shards_of(self, queued.command, &queued.words()));
        queued.fold(server.dataset.shards_of(watched), Shards::with)
    }
}

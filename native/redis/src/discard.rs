//! Lazy free: huge values and whole databases are dropped by a thread of the host, so that nobody waits for it. What does not fit the
//! queue is dropped where it is.

use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use dataset::{Database, Item, Value, View};

use crate::server::Server;

/// Values wait at most in such numbers to be dropped.
const QUEUE_MAX: usize = 1024;

/// Collections of less are dropped at once: some ten microseconds' work.
const HEAVY_BYTES: usize = 64 << 10;

/// The same for strings, which are one allocation.
const HEAVY_STRING_BYTES: usize = 1 << 20;

/// Something that is dropped when its turn comes: there is nothing else to do with it.
#[derive(Debug)]
#[allow(dead_code, reason = "held to be dropped")]
pub(crate) struct Rubbish(Kept);

#[derive(Debug)]
#[allow(dead_code, reason = "held to be dropped")]
enum Kept {
    Item(Item),
    Value(Value),
    Parts(Vec<Database>),
}

/// Where the host's thread takes it from.
pub(crate) type RubbishReceiver = Receiver<Rubbish>;

/// The way to that thread, once there is one.
#[derive(Debug, Default)]
pub(crate) struct Bin(OnceLock<SyncSender<Rubbish>>);

impl Bin {
    fn throw(&self, kept: Kept) {
        if let Some(queue) = self.0.get() {
            // A full queue, or one whose thread is gone, hands it back: then it is dropped here.
            drop(queue.try_send(Rubbish(kept)));
        }
    }
}

impl Server {
    /// What is to be dropped elsewhere: for the one who calls this, once. Without anybody all is dropped in place.
    #[must_use]
    pub(crate) fn rubbish(&self) -> RubbishReceiver {
        let (sender, receiver) = sync_channel(QUEUE_MAX);
        // A second thread finds nothing to do.
        let _ = self.rubbish.0.set(sender);
        receiver
    }

    /// Drops an item; one with a huge value elsewhere.
    pub(crate) fn discard_item(&self, item: Option<Item>) {
        let Some(item) = item else { return };
        let bound = if matches!(item.view(), View::String(_)) { HEAVY_STRING_BYTES } else { HEAVY_BYTES };
        if item.weight() > bound {
            self.rubbish.throw(Kept::Item(item));
        }
    }

    /// Drops a value; a huge one elsewhere.
    pub(crate) fn discard(&self, value: Option<Value>) {
        let Some(value) = value else { return };
        let bound = if matches!(value, Value::String(_)) { HEAVY_STRING_BYTES } else { HEAVY_BYTES };
        if value.weight() > bound {
            self.rubbish.throw(Kept::Value(value));
        }
    }

    /// Drops whole parts of databases, elsewhere.
    pub(crate) fn discard_all(&self, parts: Vec<Database>) {
        self.rubbish.throw(Kept::Parts(parts));
    }
}

//! Client-side caching: who has read a key, or wants to know of all keys with a prefix, is told once it changes. What was read is
//! remembered beside the key under its shard's lock, so that no change slips between the reading and the remembering.
//!
//! ```text
//!   read ──> attached.tracked[key]: tracker, tracker, …        touched(key) ──> each is told once, and forgotten
//!   BCAST ──> prefixes[prefix]: tracker, …                     touched(key) ──> each whose prefix it has is told
//! ```

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use parking_lot::RwLock;
use resp::{Version, Writer};

use crate::call::Call;
use crate::clients::{Client, mark};
use crate::command::{Command, flag};
use crate::config;
use crate::outbox::{Mail, Outbox};
use crate::server::Server;

/// Which keys a connection is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What it reads.
    Read,
    /// What it reads in the command after `CLIENT CACHING YES`.
    OptIn,
    /// What it reads, but not in the command after `CLIENT CACHING NO`.
    OptOut,
    /// All with its prefixes.
    Broadcast,
}

/// One connection that wants to be told.
#[derive(Debug)]
pub(crate) struct Tracker {
    pub(crate) client: Arc<Client>,
    pub(crate) mode: Mode,
    /// The number of the connection that is told in its place; 0 for none.
    pub(crate) redirect: u64,
    /// Its own changes are no news to it.
    pub(crate) no_loop: bool,
    pub(crate) prefixes: Vec<Box<[u8]>>,
    /// The connection that should be told in its place is gone.
    pub(crate) is_broken: AtomicBool,
}

/// A connection's own part.
#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) tracker: Arc<Tracker>,
    /// `CLIENT CACHING` has been given for the next command.
    pub(crate) caching: bool,
}

type Trackers = BTreeMap<u64, Arc<Tracker>>;

/// All that are told of anything.
#[derive(Debug, Default)]
pub(crate) struct Tracking {
    trackers: RwLock<Trackers>,
    prefixes: RwLock<HashMap<Box<[u8]>, Trackers>>,
    count: AtomicUsize,
}

/// The channel that connections of version 2 hear of changes on.
const CHANNEL: &[u8] = b"__redis__:invalidate";

impl Tracker {
    pub(crate) fn new(client: Arc<Client>, mode: Mode, redirect: u64, no_loop: bool, prefixes: Vec<Box<[u8]>>) -> Self {
        Self { client, mode, redirect, no_loop, prefixes, is_broken: AtomicBool::new(false) }
    }
}

impl Tracking {
    /// Nobody wants to be told of anything.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Relaxed) == 0
    }

    pub(crate) fn begin(&self, tracker: &Arc<Tracker>) {
        let number = tracker.client.id.number;
        self.trackers.write().insert(number, tracker.clone());
        let mut prefixes = self.prefixes.write();
        for prefix in &tracker.prefixes {
            prefixes.entry(prefix.clone()).or_default().insert(number, tracker.clone());
        }
        self.count.fetch_add(1, Relaxed);
        tracker.client.mark(mark::TRACKING, true);
        tracker.client.state.redirect.store(tracker.redirect as i64, Relaxed);
    }

    pub(crate) fn end(&self, tracker: &Tracker) {
        let number = tracker.client.id.number;
        self.trackers.write().remove(&number);
        let mut prefixes = self.prefixes.write();
        for prefix in &tracker.prefixes {
            if let Some(trackers) = prefixes.get_mut(prefix) {
                trackers.remove(&number);
                if trackers.is_empty() {
                    prefixes.remove(prefix);
                }
            }
        }
        self.count.fetch_sub(1, Relaxed);
        tracker.client.mark(mark::TRACKING, false);
        tracker.client.state.redirect.store(-1, Relaxed);
    }
}

impl Server {
    /// Tells one of a key, or of all of them.
    fn tell(&self, tracker: &Tracker, key: Option<&[u8]>, outbox: &mut Outbox) {
        if tracker.redirect == 0 {
            if tracker.client.version() == Version::Three {
                outbox.put(tracker.client.id, Mail::Push(message(Version::Three, key)));
            }
            return;
        }
        let Some(other) = self.clients.find(tracker.redirect) else {
            tracker.is_broken.store(true, Relaxed);
            if tracker.client.version() == Version::Three {
                outbox.put(tracker.client.id, Mail::Push(broken(tracker.redirect)));
            }
            return;
        };
        let version = other.version();
        if version == Version::Three || other.has(mark::SUBSCRIBED) {
            outbox.put(other.id, Mail::Push(message(version, key)));
        }
    }
}

fn message(version: Version, key: Option<&[u8]>) -> Arc<[u8]> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, version);
    if version == Version::Three {
        writer.push(2);
        writer.bulk(b"invalidate");
    } else {
        writer.push(3);
        writer.bulk(b"message");
        writer.bulk(CHANNEL);
    }
    match key {
        Some(key) => {
            writer.array(1);
            writer.bulk(key);
        }
        None => writer.null(),
    }
    bytes.into()
}

fn broken(redirect: u64) -> Arc<[u8]> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, Version::Three);
    writer.push(2);
    writer.bulk(b"tracking-redir-broken");
    writer.integer(redirect as i64);
    bytes.into()
}

impl Call<'_, '_> {
    /// Remembers that the connection has read these keys, if it wants to be told.
    #[cold]
    pub(crate) fn remember_read(&mut self, command: &Command, words: &[&[u8]]) {
        let Some(tracked) = &self.session.tracking else { return };
        let wants = match tracked.tracker.mode {
            Mode::Read => true,
            Mode::OptIn => tracked.caching,
            Mode::OptOut => !tracked.caching,
            Mode::Broadcast => false,
        };
        if !wants || !command.is(flag::READONLY) {
            return;
        }
        let (server, number) = (self.server, self.session.id.number);
        for key in command.keys(words).into_iter().flatten() {
            self.make_room_for(key);
            let readers = self.data.attached(key).tracked.entry(key.into()).or_default();
            if !readers.contains(&number) {
                if readers.len() == readers.capacity() {
                    let trackers = server.tracking.trackers.read();
                    readers.retain(|known| trackers.contains_key(known));
                }
                readers.push(number);
            }
        }
    }

    /// A shard that remembers too many keys forgets one, and says so as if it had changed.
    fn make_room_for(&mut self, key: &[u8]) {
        let limit = self.server.config.count(config::TRACKING_KEYS_MAX).div_ceil(dataset::SHARDS);
        let tracked = &self.data.attached(key).tracked;
        if limit == 0 || tracked.len() < limit || tracked.contains_key(key) {
            return;
        }
        if let Some(other) = tracked.keys().next().cloned()
            && let Some(readers) = self.data.attached(key).tracked.remove(&other)
        {
            self.tell_readers(&readers, &other);
        }
    }

    /// All keys have changed, and all shards are locked: everybody is told so at once.
    pub(crate) fn invalidate_all(&mut self) {
        if !self.server.tracking.is_empty() {
            self.data.parts_mut(0).for_each(|(_, _, attached)| attached.tracked.clear());
            let trackers = self.server.tracking.trackers.read();
            trackers.values().for_each(|tracker| self.server.tell(tracker, None, self.outbox));
        }
    }

    /// Tells everybody who wants to know that a key has changed.
    #[cold]
    pub(crate) fn invalidate(&mut self, key: &[u8]) {
        if let Some(readers) = self.data.attached(key).tracked.remove(key) {
            self.tell_readers(&readers, key);
        }
        let server = self.server;
        for (prefix, trackers) in server.tracking.prefixes.read().iter() {
            if key.starts_with(prefix) {
                trackers.values().for_each(|tracker| self.tell_unless_own(tracker, key));
            }
        }
    }

    fn tell_readers(&mut self, readers: &[u64], key: &[u8]) {
        let server = self.server;
        let trackers = server.tracking.trackers.read();
        let told = readers.iter().filter_map(|number| trackers.get(number));
        told.filter(|tracker| tracker.mode != Mode::Broadcast).for_each(|tracker| self.tell_unless_own(tracker, key));
    }

    fn tell_unless_own(&mut self, tracker: &Tracker, key: &[u8]) {
        // As in Redis: to those who are told of all keys, what their scripts do is somebody else's doing.
        let is_foreign = self.is_of_script && tracker.mode == Mode::Broadcast;
        let is_own = tracker.client.id == self.session.id && !is_foreign;
        if !(tracker.no_loop && is_own) {
            self.server.tell(tracker, Some(key), self.outbox);
        }
    }
}

//! Who watches what: events of all workers go to the queues of those who asked for their kind, bounded; what does not fit is
//! dropped and counted. The host empties the queues into the watchers' connections.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use cache::Cache;
use parking_lot::Mutex;

use crate::clock::Clock;

/// What may wait for one watcher, in bytes.
const QUEUE_MAX_BYTES: usize = 256 * 1024;

/// Kinds of events, a bit each, by the word that asks for them.
pub(crate) const KINDS: &[(&str, u32)] = &[
    ("fetchers", FETCHERS),
    ("mutations", MUTATIONS),
    ("evictions", EVICTIONS),
    ("connevents", CONNECTIONS),
    ("deletions", DELETIONS),
    ("sysevents", 1 << 5),
    ("rawcmds", 1 << 6),
    ("proxyreqs", 1 << 7),
    ("proxyevents", 1 << 8),
    ("proxyuser", 1 << 9),
];
pub(crate) const FETCHERS: u32 = 1;
pub(crate) const MUTATIONS: u32 = 1 << 1;
pub(crate) const EVICTIONS: u32 = 1 << 2;
pub(crate) const CONNECTIONS: u32 = 1 << 3;
pub(crate) const DELETIONS: u32 = 1 << 4;
/// Not a kind: statistics by prefix are on.
pub(crate) const DETAIL: u32 = 1 << 31;

/// What a look-up found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fetched {
    Missed,
    /// With the length of the value.
    Found(usize),
}

/// One connection that watches.
#[derive(Debug)]
pub struct Watcher {
    kinds: u32,
    queue: Mutex<Vec<u8>>,
    skipped: AtomicU64,
}

impl Watcher {
    /// Moves what waits to `out`.
    pub fn drain(&self, out: &mut Vec<u8>) {
        out.append(&mut self.queue.lock());
    }

    /// Nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.lock().is_empty()
    }
}

/// All watchers.
pub(crate) struct Watchers {
    /// Observes evictions only while someone watches them.
    cache: Arc<Cache>,
    /// The kinds that someone watches, and `DETAIL`: the one thing that a request looks at.
    observed: AtomicU32,
    list: Mutex<Vec<Arc<Watcher>>>,
    /// Numbers events.
    sequence: AtomicU64,
    sent: AtomicU64,
    skipped: AtomicU64,
}

impl Watchers {
    pub(crate) fn new(cache: Arc<Cache>) -> Self {
        Self {
            cache,
            observed: AtomicU32::new(0),
            list: Mutex::default(),
            sequence: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
        }
    }

    /// Someone may want to know about requests.
    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        self.observed.load(Ordering::Relaxed) != 0
    }

    /// Someone wants one of these kinds.
    #[inline]
    pub(crate) fn wants(&self, kinds: u32) -> bool {
        self.observed.load(Ordering::Relaxed) & kinds != 0
    }

    pub(crate) fn set_detail(&self, on: bool) {
        if on {
            self.observed.fetch_or(DETAIL, Ordering::Relaxed);
        } else {
            self.observed.fetch_and(!DETAIL, Ordering::Relaxed);
        }
    }

    pub(crate) fn add(&self, kinds: u32) -> Arc<Watcher> {
        let watcher = Arc::new(Watcher { kinds, queue: Mutex::default(), skipped: AtomicU64::new(0) });
        let mut list = self.list.lock();
        list.push(watcher.clone());
        self.observe(&list);
        watcher
    }

    pub(crate) fn remove(&self, watcher: &Arc<Watcher>) {
        let mut list = self.list.lock();
        list.retain(|present| !Arc::ptr_eq(present, watcher));
        self.observe(&list);
    }

    /// Observes what those in the list, which is locked, want to know.
    fn observe(&self, list: &[Arc<Watcher>]) {
        let kinds = list.iter().fold(0, |kinds, watcher| kinds | watcher.kinds);
        self.observed.fetch_and(kinds | DETAIL, Ordering::Relaxed);
        self.observed.fetch_or(kinds, Ordering::Relaxed);
        self.cache.observe_evictions(kinds & EVICTIONS != 0);
    }

    /// Watchers, events delivered and events dropped.
    pub(crate) fn counts(&self) -> (usize, u64, u64) {
        (self.list.lock().len(), self.sent.load(Ordering::Relaxed), self.skipped.load(Ordering::Relaxed))
    }

    /// Tells everyone who wants this kind; `text` follows the time and the number of the event.
    #[cold]
    pub(crate) fn tell(&self, kind: u32, clock: Clock, text: fmt::Arguments<'_>) {
        let list = self.list.lock();
        let number = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        let mut line = String::new();
        // Writing to a string does not fail.
        let _ = writeln!(line, "ts={}.0 gid={number} {text}", clock.unix());
        for watcher in list.iter().filter(|watcher| watcher.kinds & kind != 0) {
            let mut queue = watcher.queue.lock();
            if queue.len() + line.len() > QUEUE_MAX_BYTES {
                self.skip(watcher, 1);
                continue;
            }
            let skipped = watcher.skipped.swap(0, Ordering::Relaxed);
            if skipped > 0 {
                let _ = writeln!(queue, "[skipped: {skipped}]");
            }
            queue.extend_from_slice(line.as_bytes());
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Events of this kind were lost on their way here: whoever wants them will see how many.
    pub(crate) fn lost(&self, kind: u32, count: u64) {
        let list = self.list.lock();
        list.iter().filter(|watcher| watcher.kinds & kind != 0).for_each(|watcher| self.skip(watcher, count));
    }

    fn skip(&self, watcher: &Watcher, count: u64) {
        watcher.skipped.fetch_add(count, Ordering::Relaxed);
        self.skipped.fetch_add(count, Ordering::Relaxed);
    }
}

/// A key as events and listings show it: everything but letters, digits and `-._~` as `%XX`.
pub(crate) struct Escaped<'k>(pub(crate) &'k [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in self.0 {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.write_char(byte.into())?,
                _ => write!(out, "%{byte:02X}")?,
            }
        }
        Ok(())
    }
}

//! What a request tells those who watch, and the statistics by prefix: off the fast path, behind one look at a flag.

use std::sync::Arc;

use cache::{Evicted, Key};

use crate::call::Call;
use crate::clock::Clock;
use crate::server::Server;
use crate::watch::{CONNECTIONS, DELETIONS, DETAIL, EVICTIONS, Escaped, FETCHERS, Fetched, MUTATIONS, Watcher};

impl Server {
    /// A key was looked up.
    #[cold]
    pub(crate) fn fetched(&self, clock: Clock, connection: u64, key: &[u8], fetched: Fetched) {
        let (status, class, size) = match fetched {
            Fetched::Missed => ("not_found", 0u8, 0),
            Fetched::Found(size) => ("found", 1, size),
        };
        if self.watchers.wants(DETAIL) {
            self.prefixes.count(key, |counts| {
                counts.gets += 1;
                counts.hits += u64::from(class);
            });
        }
        if self.watchers.wants(FETCHERS) {
            let key = Escaped(key);
            let text =
                format_args!("type=item_get key={key} status={status} clsid={class} cfd={connection} size={size}");
            self.watchers.tell(FETCHERS, clock, text);
        }
    }

    /// Tells those who watch what the store has evicted since the last call; for the host to call every so often while a
    /// connection watches, before it empties the queues.
    pub fn tell_evictions(&self, clock: Clock) {
        if !self.watchers.wants(EVICTIONS) {
            return;
        }
        let lost = self.cache.take_evicted(&mut |evicted| self.tell_evicted(clock, evicted));
        if lost > 0 {
            self.watchers.lost(EVICTIONS, lost);
        }
    }

    fn tell_evicted(&self, clock: Clock, evicted: &Evicted) {
        let Evicted { at, expires_at, value_length: size, .. } = *evicted;
        let key = Escaped(&evicted.key);
        let fetched = if evicted.fetched { "yes" } else { "no" };
        let ttl = if expires_at == 0 { -1 } else { i64::from(expires_at) - i64::from(at) };
        let accessed = at.saturating_sub(evicted.accessed_at);
        let text = format_args!("type=eviction key={key} fetch={fetched} ttl={ttl} la={accessed} clsid=1 size={size}");
        self.watchers.tell(EVICTIONS, Clock { now: at, ..clock }, text);
    }

    /// A connection that watched is gone.
    pub fn stop_watching(&self, watcher: &Arc<Watcher>) {
        self.watchers.remove(watcher);
    }

    /// A connection was opened.
    pub fn connection_opened(&self, clock: Clock, number: u64, peer: &str) {
        if self.watchers.wants(CONNECTIONS) {
            self.connection_event(clock, "conn_new", number, peer, "");
        }
    }

    /// A connection is gone; `reason` in a word (`normal`, `error`, `idle_timeout`, `shutdown`).
    pub fn connection_closed(&self, clock: Clock, number: u64, peer: &str, reason: &str) {
        if self.watchers.wants(CONNECTIONS) {
            self.connection_event(clock, "conn_close", number, peer, &format!(" reason={reason}"));
        }
    }

    fn connection_event(&self, clock: Clock, kind: &str, number: u64, peer: &str, reason: &str) {
        let (address, port, transport) = match peer.rsplit_once(':') {
            Some((address, port)) => (address, port, "tcp"),
            None => (peer, "0", "unix"),
        };
        let text = format_args!("type={kind} rip={address} rport={port} transport={transport}{reason} cfd={number}");
        self.watchers.tell(CONNECTIONS, clock, text);
    }
}

impl Call<'_> {
    /// A value was stored, or was not.
    #[cold]
    pub(crate) fn stored(&self, key: &[u8], status: &str, command: &str, expires_at: u32, size: usize) {
        let Self { server, clock, connection, .. } = self;
        if server.watchers.wants(DETAIL) {
            server.prefixes.count(key, |counts| counts.sets += 1);
        }
        if server.watchers.wants(MUTATIONS) {
            let ttl = if expires_at == 0 { 0 } else { expires_at.wrapping_sub(clock.now) };
            let key = Escaped(key);
            let text = format_args!(
                "type=item_store key={key} status={status} cmd={command} ttl={ttl} clsid=1 cfd={connection} size={size}"
            );
            server.watchers.tell(MUTATIONS, *clock, text);
        }
    }

    /// The length of a value that may be about to be deleted, if someone watches.
    #[inline]
    pub(crate) fn watched_length(&self, key: &Key<'_>) -> usize {
        if !self.server.watchers.wants(DELETIONS) {
            return 0;
        }
        self.cache.read(key, self.clock.now).map_or(0, |found| found.item().value.as_slice().len())
    }

    /// An item was deleted.
    #[inline]
    pub(crate) fn deleted(&self, key: &[u8], command: &str, size: usize) {
        if self.server.watchers.is_observed() {
            self.tell_deleted(key, command, size);
        }
    }

    #[cold]
    fn tell_deleted(&self, key: &[u8], command: &str, size: usize) {
        let Self { server, clock, .. } = self;
        if server.watchers.wants(DETAIL) {
            server.prefixes.count(key, |counts| counts.deletes += 1);
        }
        if server.watchers.wants(DELETIONS) {
            let key = Escaped(key);
            let text = format_args!("type=deleted key={key} cmd={command} clsid=1 size={size}");
            server.watchers.tell(DELETIONS, *clock, text);
        }
    }
}

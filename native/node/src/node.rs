//! One node, from its settings to its end.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache::Cache;
use memcached::{Server as Memcached, Session};
use reactor::{Address, Census, Server};

use crate::Settings;
use crate::clock::ClockSource;
use crate::host::Host;
use crate::service;
use crate::sweeper::Sweeper;

/// A memcached node: sockets are bound on construction, threads serve them from `start` to `stop`.
pub struct Node {
    server: Server,
    memcached: Arc<Memcached>,
    cache: Arc<Cache>,
    census: Census,
    clock: ClockSource,
    sweeper: Option<Sweeper>,
}

impl Node {
    /// Binds what the settings name.
    ///
    /// # Errors
    /// An address that can't be resolved or bound, by name.
    pub fn bind(settings: Settings) -> io::Result<Self> {
        let mut addresses =
            settings.listen.iter().map(|text| Address::resolve(text)).collect::<io::Result<Vec<_>>>()?;
        addresses.extend(settings.unix_socket.iter().map(|path| Address::Unix(path.into())));
        let server = Server::bind(reactor_settings(&settings), &addresses, settings.unix_mask)?;
        let census = server.census();
        let cache = Arc::new(Cache::new(&cache::Settings {
            memory: settings.memory,
            item_size_max: settings.item_size_max,
            evict: settings.evict,
            shards: None,
        }));
        let host = Arc::new(Host::new(census.clone(), settings.clone()));
        let memcached = Memcached::new(cache.clone(), memcached_settings(settings), host);
        Ok(Self { server, memcached, cache, census, clock: ClockSource::start(), sweeper: None })
    }

    /// Where it listens, ports filled in.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        self.server.addresses().iter().map(Address::to_string).collect()
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// When the system has no threads or descriptors left.
    pub fn start(&mut self) -> io::Result<()> {
        let (cache, clock) = (self.cache.clone(), self.clock);
        self.sweeper = Some(Sweeper::start(move || {
            cache.sweep(clock.at(Instant::now()).now);
        })?);
        let (memcached, clock) = (self.memcached.clone(), self.clock);
        self.server.start(|_| service::Memcached::new(memcached.worker(), clock))
    }

    /// Stops accepting, lets what is begun end, closes the rest at the timeout.
    pub fn stop(&mut self, timeout: Duration) {
        self.server.stop(timeout);
        self.sweeper = None;
    }

    /// What `stats <group>` says, line by line.
    #[must_use]
    pub fn stats(&self, group: &str) -> Vec<(String, String)> {
        let mut text = Vec::new();
        let line = format!("stats {group}\r\n");
        let clock = self.clock.at(Instant::now());
        self.memcached.worker().serve(&mut Session::new(0), line.as_bytes(), &mut text, clock);
        let row = |line: &str| {
            let (name, value) = line.strip_prefix("STAT ")?.split_once(' ')?;
            Some((name.to_owned(), value.to_owned()))
        };
        String::from_utf8_lossy(&text).lines().filter_map(row).collect()
    }

    /// What `config get cluster` answers from now on: `payload` is the list of nodes, `host|ip|port host|ip|port`.
    pub fn set_cluster_config(&self, version: u64, payload: &str) {
        self.memcached.set_cluster_config(version, payload);
    }

    /// Readable once the node should end: a client's `shutdown`, or a failure.
    #[must_use]
    pub fn ended_fd(&self) -> BorrowedFd<'_> {
        self.census.ended_fd()
    }

    /// Why it failed, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.census.failure()
    }
}

fn reactor_settings(settings: &Settings) -> reactor::Settings {
    reactor::Settings {
        name: "node",
        threads: settings.threads,
        connections_max: settings.connections_max,
        clients_memory: settings.clients_memory,
        backlog: settings.backlog,
        idle_timeout: settings.idle_timeout,
        ..reactor::Settings::default()
    }
}

fn memcached_settings(settings: Settings) -> memcached::Settings {
    memcached::Settings {
        version: settings.version,
        item_size_max: settings.item_size_max,
        memory_bytes: settings.memory,
        evict: settings.evict,
        allow_flush: settings.allow_flush,
        allow_dump: settings.allow_dump,
        allow_watch: settings.allow_watch,
        allow_shutdown: settings.allow_shutdown,
        detail: settings.detail,
        requests_per_turn: settings.requests_per_turn,
        ..memcached::Settings::default()
    }
}

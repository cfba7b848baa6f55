//! Everything that the workers share: the store, settings, counters, watchers, what clients configure.

use std::fmt;
use std::sync::Arc;

use cache::Cache;
use parking_lot::Mutex;

use crate::cluster_config::{ClusterConfig, Entry};
use crate::counters::{Counters, Totals};
use crate::host::Host;
use crate::prefixes::Prefixes;
use crate::request::Limits;
use crate::watch::Watchers;
use crate::worker::Worker;

/// What `version` answers unless told otherwise. Clients decide by its first part what they may ask (auto-discovery wants
/// 1.4.14, meta commands 1.6), so it names the memcached that is followed before ourselves.
pub const VERSION: &str = concat!("1.6.45-memcluster-", env!("CARGO_PKG_VERSION"));

/// What a server may be told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What `version` answers.
    pub version: String,
    /// Largest item, counted as memcached counts (key, value and header together), in bytes.
    pub item_size_max: usize,
    /// The memory that the store was given, in bytes.
    pub memory_bytes: usize,
    /// False: refuse instead of evicting.
    pub evict: bool,
    /// `flush_all` is allowed.
    pub allow_flush: bool,
    /// Listings of keys are allowed.
    pub allow_dump: bool,
    /// `watch` is allowed.
    pub allow_watch: bool,
    /// `shutdown` is allowed.
    pub allow_shutdown: bool,
    /// Statistics by key prefix are collected from the start.
    pub detail: bool,
    /// What ends a key's prefix.
    pub prefix_delimiter: u8,
    /// Requests served of one connection before others have their turn.
    pub requests_per_turn: usize,
    /// How long lines may become.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: VERSION.to_owned(),
            item_size_max: 1 << 20,
            memory_bytes: 64 << 20,
            evict: true,
            allow_flush: true,
            allow_dump: true,
            allow_watch: true,
            allow_shutdown: false,
            detail: false,
            prefix_delimiter: b':',
            requests_per_turn: 20,
            limits: Limits::default(),
        }
    }
}

/// One server; workers share it.
pub struct Server {
    pub(crate) cache: Arc<Cache>,
    pub(crate) settings: Settings,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) config: ClusterConfig,
    pub(crate) watchers: Watchers,
    pub(crate) prefixes: Prefixes,
    workers: Mutex<Vec<Arc<Counters>>>,
    /// What had been counted when `stats reset` came.
    baseline: Mutex<Totals>,
}

impl fmt::Debug for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Server").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Server {
    /// A server over a store.
    #[must_use]
    pub fn new(cache: Arc<Cache>, settings: Settings, host: Arc<dyn Host>) -> Arc<Self> {
        let watchers = Watchers::new(cache.clone());
        watchers.set_detail(settings.detail);
        Arc::new(Self {
            cache,
            host,
            config: ClusterConfig::default(),
            watchers,
            prefixes: Prefixes::new(settings.prefix_delimiter),
            settings,
            workers: Mutex::default(),
            baseline: Mutex::default(),
        })
    }

    /// A worker for one more thread.
    #[must_use]
    pub fn worker(self: &Arc<Self>) -> Worker {
        let counters = Arc::new(Counters::default());
        self.workers.lock().push(counters.clone());
        Worker::new(self.clone(), counters)
    }

    /// What `config get cluster` answers from now on.
    pub fn set_cluster_config(&self, version: u64, nodes: &str) {
        let payload = Arc::new(format!("{version}\n{nodes}\n").into_bytes());
        self.config.set(Entry { name: b"cluster".to_vec(), flags: 0, payload });
    }

    /// All that the workers have counted since the last `stats reset`.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.counted().since(&self.baseline.lock())
    }

    /// Counts from zero again.
    pub fn reset(&self) {
        *self.baseline.lock() = self.counted();
        self.cache.reset_statistics();
        self.prefixes.clear();
    }

    fn counted(&self) -> Totals {
        let mut totals = Totals::default();
        self.workers.lock().iter().for_each(|counters| totals.add(counters));
        totals
    }
}

//! What all connections of one server share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use dataset::{Dataset, Millis};
use parking_lot::Mutex;

use crate::acl::Acl;
use crate::attached::Attached;
use crate::blocking::Waiter;
use crate::clients::Clients;
use crate::discard::Bin;
use crate::effects::Log;
use crate::pause::Pause;
use crate::pubsub::Exchange;
use crate::tracking::Tracking;

/// Redis's version whose behaviour this is: clients decide by it what they may ask.
pub const VERSION: &str = "7.2.4";

/// What a server is told when it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Numbered databases.
    pub databases: usize,
    /// Bounds of a request.
    pub limits: resp::Limits,
    /// Requests of one connection served before the others have their turn.
    pub requests_per_turn: usize,
    /// Keys that are remembered for CLIENT TRACKING (`tracking-table-max-keys`); 0: any number.
    pub tracking_keys_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { databases: 16, limits: resp::Limits::default(), requests_per_turn: 100, tracking_keys_max: 1_000_000 }
    }
}

/// One server.
pub struct Server {
    pub(crate) settings: Settings,
    pub(crate) dataset: Dataset<Attached>,
    /// Connections that wait for a key, by their numbers.
    pub(crate) blocked: Mutex<HashMap<u64, Arc<Waiter>>>,
    /// What is dropped elsewhere.
    pub(crate) rubbish: Bin,
    /// Where effects go, if anywhere.
    pub(crate) log: Option<Arc<dyn Log>>,
    /// Everybody's connections.
    pub(crate) clients: Clients,
    /// Who may do what.
    pub(crate) acl: Acl,
    /// Whether connections are held.
    pub(crate) pause: Pause,
    /// Who has subscribed to what.
    pub(crate) exchange: Exchange,
    /// Who wants to hear of changes to what he has read.
    pub(crate) tracking: Tracking,
    /// Classes of keyspace events that are published.
    pub(crate) events: AtomicU32,
}

impl Server {
    /// An empty one.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            dataset: Dataset::new(settings.databases),
            settings,
            blocked: Mutex::default(),
            rubbish: Bin::default(),
            log: None,
            clients: Clients::default(),
            acl: Acl::default(),
            pause: Pause::default(),
            exchange: Exchange::default(),
            tracking: Tracking::default(),
            events: AtomicU32::new(0),
        }
    }

    /// One whose effects are told to `log`.
    #[must_use]
    pub fn with_log(settings: Settings, log: Arc<dyn Log>) -> Self {
        Self { log: Some(log), ..Self::new(settings) }
    }

    /// What eviction goes by after an access at `now`.
    pub(crate) fn accessed(&self, _before: u32, now: Millis) -> u32 {
        (now / 1000) as u32
    }

    /// The same for an item that is new.
    pub(crate) fn accessed_first(&self, now: Millis) -> u32 {
        self.accessed(0, now)
    }

    /// Seconds since the last access; unknown under a policy that counts accesses instead.
    pub(crate) fn idle_seconds(&self, access: u32, now: Millis) -> Option<u32> {
        Some(((now / 1000) as u32).wrapping_sub(access))
    }

    /// The logarithmic counter of accesses, under a policy that keeps it.
    pub(crate) fn frequency(&self, _access: u32, _now: Millis) -> Option<u8> {
        None
    }
}

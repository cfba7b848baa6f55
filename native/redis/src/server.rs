//! What all connections of one server share.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};

use dataset::{Dataset, Shards};
use journal::Journal;
use parking_lot::Mutex;

use crate::acl::Acl;
use crate::aof::Aof;
use crate::attached::Attached;
use crate::blocking::Waiter;
use crate::clients::Clients;
use crate::command::Command;
use crate::config::{self, Config};
use crate::counters::{Counters, Usage};
use crate::discard::Bin;
use crate::durability::Durability;
use crate::group::Group;
use crate::host::{Host, Moment, NoHost, Run, chance_name};
use crate::latency::Latency;
use crate::loading::Loading;
use crate::monitors::Monitors;
use crate::pause::Pause;
use crate::pubsub::Exchange;
use crate::rates::Rates;
use crate::replication::Replication;
use crate::restraints::Restraints;
use crate::saves::Saves;
use crate::scripts::{Leftovers, Scripts};
use crate::slow_log::SlowLog;
use crate::snapshot::Turns;
use crate::tearing::Tearing;
use crate::tracking::Tracking;
use crate::tuning::Tuning;
use crate::upkeep::Upkeep;

/// Redis's version whose behaviour this is: clients decide by it what they may ask.
pub const VERSION: &str = "7.2.4";

/// Codes of errors that are counted apart, and how long they may be.
const ERROR_CODES_MAX: usize = 128;
const ERROR_CODE_MAX: usize = 32;

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
    /// A file that the data is loaded from at the start, in place of the server's own.
    pub load: Option<PathBuf>,
    /// The same, but only while there is no data of its own: what a server begins with that may be started many times.
    pub seed: Option<PathBuf>,
    /// Directives of redis.conf, by name, in their order.
    pub config: Vec<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        let limits = resp::Limits::default();
        Self {
            databases: 16,
            limits,
            requests_per_turn: 100,
            tracking_keys_max: 1_000_000,
            load: None,
            seed: None,
            config: Vec::new(),
        }
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
    /// Keys that expire and are evicted.
    pub(crate) upkeep: Upkeep,
    /// Who copies whom.
    pub(crate) replication: Replication,
    /// What clients may not do at the moment.
    pub(crate) restraints: Restraints,
    /// Every change as bytes, for the append-only file and for replicas.
    pub(crate) journal: Arc<Journal>,
    /// What it is in a group whose primary others choose.
    pub(crate) group: Group,
    /// When a write counts as done.
    pub(crate) durability: Durability,
    /// Everybody's connections.
    pub(crate) clients: Clients,
    /// Who may do what.
    pub(crate) acl: Acl,
    /// What operators may change.
    pub(crate) config: Config,
    /// What only the process knows.
    pub(crate) host: Arc<dyn Host>,
    /// What a script that runs for too long has kept from being done.
    pub(crate) leftovers: Leftovers,
    /// Lua.
    pub(crate) scripts: Scripts,
    pub(crate) slow_log: SlowLog,
    pub(crate) latency: Latency,
    pub(crate) monitors: Monitors,
    /// What each worker counts.
    pub(crate) workers: Mutex<Vec<Arc<Counters>>>,
    /// Errors by their codes.
    pub(crate) errors: Mutex<BTreeMap<String, u64>>,
    pub(crate) rates: Mutex<Rates>,
    /// The most that data and connections have taken.
    pub(crate) peak_memory: AtomicU64,
    pub(crate) run: Run,
    /// Whether connections are held.
    pub(crate) pause: Pause,
    /// Who has subscribed to what.
    pub(crate) exchange: Exchange,
    /// Who wants to hear of changes to what he has read.
    pub(crate) tracking: Tracking,
    /// Bounds between representations.
    pub(crate) tuning: Tuning,
    /// Classes of keyspace events that are published.
    pub(crate) events: AtomicU32,
    /// Whose turn it is to take a snapshot.
    pub(crate) turns: Arc<Turns>,
    pub(crate) loading: Loading,
    /// Whether transactions are to be no transactions.
    pub(crate) tearing: Tearing,
    /// The append-only file.
    pub(crate) aof: Aof,
    /// Data as files.
    pub(crate) saves: Saves,
    /// Whether the server's own file is written when it ends, where somebody has said so.
    pub(crate) at_end: Mutex<Option<bool>>,
}

impl Server {
    /// An empty one.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let config = Config::default();
        config.store_count(config::BULK_MAX, settings.limits.bulk_max);
        config.store_count(config::REQUEST_MAX, settings.limits.request_max);
        config.store_count(config::TRACKING_KEYS_MAX, settings.tracking_keys_max);
        Self {
            dataset: Dataset::new(settings.databases),
            settings,
            blocked: Mutex::default(),
            rubbish: Bin::default(),
            upkeep: Upkeep::default(),
            replication: Replication::default(),
            restraints: Restraints::default(),
            journal: Arc::new(Journal::new(chance_name())),
            group: Group::default(),
            durability: Durability::default(),
            clients: Clients::default(),
            acl: Acl::default(),
            config,
            host: Arc::new(NoHost),
            leftovers: Leftovers::default(),
            scripts: Scripts::default(),
            slow_log: SlowLog::default(),
            latency: Latency::default(),
            monitors: Monitors::default(),
            workers: Mutex::default(),
            errors: Mutex::default(),
            rates: Mutex::default(),
            peak_memory: AtomicU64::new(0),
            run: Run::begin(),
            pause: Pause::default(),
            exchange: Exchange::default(),
            tracking: Tracking::default(),
            tuning: Tuning::default(),
            events: AtomicU32::new(0),
            turns: Arc::default(),
            loading: Loading::default(),
            tearing: Tearing::default(),
            aof: Aof::default(),
            saves: Saves::new(crate::host::wall_clock()),
            at_end: Mutex::default(),
        }
    }

    /// One in a process, with directives of redis.conf.
    ///
    /// # Errors
    /// `<directive>: <what is wrong with its value>`.
    pub fn start(settings: Settings, host: Arc<dyn Host>) -> Result<Self, String> {
        Self { host, ..Self::new(settings) }.configured()
    }

    /// With the directives that its settings hold.
    ///
    /// # Errors
    /// `<directive>: <what is wrong with its value>`.
    pub fn configured(self) -> Result<Self, String> {
        for (name, value) in &self.settings.config {
            self.set_at_start(name, value).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(self)
    }

    /// # Panics
    /// When an invariant of the data is broken.
    pub fn validate(&self) {
        self.dataset.lock(Shards::ALL).validate();
    }

    /// Its log: changes are encoded only while somebody wants them.
    #[must_use]
    pub fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Milliseconds of a clock that never goes back.
    #[inline]
    pub(crate) fn moment(&self) -> Moment {
        self.host.moment()
    }

    /// What a client may send.
    #[inline]
    pub(crate) fn limits(&self) -> resp::Limits {
        let (bulk_max, request_max) = (self.config.count(config::BULK_MAX), self.config.count(config::REQUEST_MAX));
        resp::Limits { bulk_max, request_max, ..self.settings.limits }
    }

    /// All workers' counts of something.
    pub(crate) fn sum(&self, count: impl Fn(&Counters) -> u64) -> u64 {
        self.workers.lock().iter().map(|counters| count(counters)).sum()
    }

    /// What all workers have counted of a command.
    pub(crate) fn usage_of(&self, command: &Command) -> Usage {
        let mut usage = Usage::default();
        self.workers.lock().iter().for_each(|counters| usage.add(counters.of(command)));
        usage
    }

    /// An error was answered.
    #[cold]
    pub(crate) fn count_error(&self, text: &[u8]) {
        let code = text.split(|byte| *byte == b' ').next().unwrap_or_default();
        let code = String::from_utf8_lossy(&code[..code.len().min(ERROR_CODE_MAX)]).into_owned();
        let mut errors = self.errors.lock();
        if errors.len() < ERROR_CODES_MAX || errors.contains_key(&code) {
            *errors.entry(code).or_default() += 1;
        }
    }
}

//! Settings by Redis's names: a row a directive, read from the command line, redis.conf and CONFIG SET alike. A value is an atomic
//! number where that is enough, so that it costs a load wherever it is needed.
//!
//! ```text
//!   server.config.number(config::MAXMEMORY)      server.config.is_on(config::LAZY_DELETE)      server.config.text(config::DIRECTORY)
//! ```

mod apply;
mod change;
mod directive;
mod rows;
mod special;

use std::sync::LazyLock;
use std::sync::atomic::{
    AtomicI64, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use parking_lot::Mutex;

pub(crate) use directive::{Directive, Setting};

const GROUPS: [&[Directive]; 7] =
    [rows::PROCESS, rows::CLIENTS, rows::MEMORY, rows::SIZES, rows::REPLICATION, rows::LOG, rows::OTHERS];

/// Names a directive: its position among all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name(usize);

macro_rules! names {
    ($($name:ident = $text:literal)*) => {
        $(pub(crate) const $name: Name = position($text);)*
    };
}

names! {
    BULK_MAX = "proto-max-bulk-len"
    REQUEST_MAX = "client-query-buffer-limit"
    ACL_FILE = "aclfile"
    AOF_FOLDER = "appenddirname"
    AOF_NAME = "appendfilename"
    AOF_STAMPS = "aof-timestamp-enabled"
    AOF_TRUNCATED = "aof-load-truncated"
    APPENDFSYNC = "appendfsync"
    APPENDONLY = "appendonly"
    NO_FSYNC_ON_REWRITE = "no-appendfsync-on-rewrite"
    REWRITE_BYTES = "auto-aof-rewrite-min-size"
    REWRITE_PERCENT = "auto-aof-rewrite-percentage"
    REWRITE_SYNCS = "aof-rewrite-incremental-fsync"
    ACL_LOG_MAX = "acllog-max-len"
    CHANNELS_DEFAULT = "acl-pubsub-default"
    CONNECTIONS_MAX = "maxclients"
    DEBUG = "enable-debug-command"
    HASH_ENTRIES = "hash-max-listpack-entries"
    HASH_VALUE = "hash-max-listpack-value"
    HLL_BYTES = "hll-sparse-max-bytes"
    HZ = "hz"
    DIRECTORY = "dir"
    DURABILITY = "durability"
    DURABILITY_TIMEOUT = "durability-timeout"
    LATENCY_THRESHOLD = "latency-monitor-threshold"
    LATENCY_TRACKING = "latency-tracking"
    LFU_DECAY_TIME = "lfu-decay-time"
    LFU_LOG_FACTOR = "lfu-log-factor"
    MAXMEMORY = "maxmemory"
    MAXMEMORY_CLIENTS = "maxmemory-clients"
    MAXMEMORY_POLICY = "maxmemory-policy"
    MAXMEMORY_SAMPLES = "maxmemory-samples"
    OUTPUT_LIMITS = "client-output-buffer-limit"
    PERCENTILES = "latency-tracking-info-percentiles"
    PROTECTED_MODE = "protected-mode"
    REPLICA_ANNOUNCED = "replica-announced"
    REPLICA_ANNOUNCE_IP = "replica-announce-ip"
    REPLICA_ANNOUNCE_PORT = "replica-announce-port"
    REPLICA_IGNORE_MAXMEMORY = "replica-ignore-maxmemory"
    REPLICA_OF = "replicaof"
    REPLICA_PRIORITY = "replica-priority"
    REPLICA_READ_ONLY = "replica-read-only"
    SERVE_STALE = "replica-serve-stale-data"
    MIN_REPLICAS = "min-replicas-to-write"
    MIN_REPLICAS_LAG = "min-replicas-max-lag"
    MASTER_AUTH = "masterauth"
    MASTER_USER = "masteruser"
    REPL_BACKLOG = "repl-backlog-size"
    REPL_BACKLOG_TTL = "repl-backlog-ttl"
    REPL_DISKLESS = "repl-diskless-sync"
    REPL_DISKLESS_DELAY = "repl-diskless-sync-delay"
    REPL_PING_PERIOD = "repl-ping-replica-period"
    REPL_TIMEOUT = "repl-timeout"
    FILE_NAME = "dbfilename"
    SAVE = "save"
    STOP_WRITES = "stop-writes-on-bgsave-error"
    RDB_CHECKSUM = "rdbchecksum"
    RDB_COMPRESSION = "rdbcompression"
    SCRIPT_TIME = "busy-reply-threshold"
    SET_ENTRIES = "set-max-listpack-entries"
    SET_INTEGERS = "set-max-intset-entries"
    SET_VALUE = "set-max-listpack-value"
    SLOWLOG_MAX = "slowlog-max-len"
    SLOWLOG_TIME = "slowlog-log-slower-than"
    TRACKING_KEYS_MAX = "tracking-table-max-keys"
}

/// The position of a name, while the program is compiled: a name that is no directive does not compile.
const fn position(name: &str) -> Name {
    let (mut group, mut before) = (0, 0);
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            if is_same(GROUPS[group][row].name.as_bytes(), name.as_bytes()) {
                return Name(before + row);
            }
            row += 1;
        }
        before += GROUPS[group].len();
        group += 1;
    }
    panic!("no such directive")
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

static ROWS: LazyLock<Vec<&'static Directive>> =
    LazyLock::new(|| GROUPS.iter().flat_map(|group| group.iter()).collect());

/// Every directive.
pub(crate) fn rows() -> impl Iterator<Item = (Name, &'static Directive)> {
    ROWS.iter().enumerate().map(|(at, row)| (Name(at), *row))
}

/// The directive of this name, former names included, in any case.
pub(crate) fn find(name: &str) -> Option<(Name, &'static Directive)> {
    let is_it = |known: &str| !known.is_empty() && known.eq_ignore_ascii_case(name);
    rows().find(|(_, row)| is_it(row.name) || is_it(row.alias))
}

/// What stands at the start: for each directive its name, its former name, its default, and why it takes no other (if it does not).
#[must_use]
pub fn describe() -> Vec<[&'static str; 4]> {
    rows().map(|(_, row)| [row.name, row.alias, row.default, row.refusal]).collect()
}

/// The settings of one server.
#[derive(Debug)]
pub(crate) struct Config {
    numbers: Box<[AtomicI64]>,
    /// Counts changes.
    version: AtomicU64,
    texts: Mutex<Box<[String]>>,
}

impl Default for Config {
    fn default() -> Self {
        let setting =
            |(_, row): (Name, &Directive)| row.read(row.default).expect("a default is a value: a test reads all");
        let settings: Vec<Setting> = rows().map(setting).collect();
        Self {
            numbers: settings.iter().map(|setting| AtomicI64::new(setting.number)).collect(),
            version: AtomicU64::new(0),
            texts: Mutex::new(settings.into_iter().map(|setting| setting.text).collect()),
        }
    }
}

impl Config {
    /// A number, a count of bytes, or the position of a choice.
    #[inline]
    pub(crate) fn number(&self, name: Name) -> i64 {
        self.numbers[name.0].load(Relaxed)
    }

    /// A switch.
    #[inline]
    pub(crate) fn is_on(&self, name: Name) -> bool {
        self.number(name) != 0
    }

    /// A number that is no less than none.
    #[inline]
    pub(crate) fn count(&self, name: Name) -> usize {
        usize::try_from(self.number(name)).unwrap_or(0)
    }

    /// Another number after each change, for who keeps what it has read.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Acquire)
    }

    /// As CONFIG GET shows it.
    pub(crate) fn text(&self, name: Name) -> String {
        self.texts.lock()[name.0].clone()
    }

    pub(crate) fn store_count(&self, name: Name, count: usize) {
        let number = i64::try_from(count).unwrap_or(i64::MAX);
        self.store(name, Setting { number, text: number.to_string() });
    }

    pub(crate) fn store(&self, name: Name, setting: Setting) -> Setting {
        let number = self.numbers[name.0].swap(setting.number, Relaxed);
        let text = std::mem::replace(&mut self.texts.lock()[name.0], setting.text);
        self.version.fetch_add(1, Release);
        Setting { number, text }
    }
}

#[cfg(test)]
mod tests {
    use super::directive::bytes;
    use super::*;

    #[test]
    fn every_default_is_a_value_and_every_name_is_one() {
        let config = Config::default();
        let mut names = Vec::new();
        for (name, row) in rows() {
            assert_eq!(config.text(name), row.default, "{}", row.name);
            names.extend([row.name, row.alias].into_iter().filter(|name| !name.is_empty()));
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn units_of_memory() {
        let rows = [
            ("1", Some(1)),
            ("1k", Some(1000)),
            ("1Kb", Some(1024)),
            ("2GB", Some(2 << 30)),
            ("1x", None),
            ("-1", None),
            ("", None),
        ];
        for (text, value) in rows {
            assert_eq!(bytes(text), value, "{text}");
        }
    }
}

//! The directives that do something here, and those that clients ask for.

use super::apply;
use super::directive::{Directive, Kind};
use super::special;

const MOST: i64 = i64::MAX;
const COUNT: Kind = Kind::Number(0, MOST);
const INT: Kind = Kind::Number(0, i32::MAX as i64);
const ANY: Kind = Kind::Number(i64::MIN, MOST);

const fn row(name: &'static str, kind: Kind, default: &'static str) -> Directive {
    Directive::new(name, kind, default)
}

/// Connections and threads: what the process was started with.
pub(super) const PROCESS: &[Directive] = &[
    row("port", Kind::Number(0, 65535), "6379").fixed(),
    row("bind", Kind::Text, "127.0.0.1").fixed(),
    row("unixsocket", Kind::Text, "").fixed(),
    row("unixsocketperm", Kind::Octal, "700").fixed(),
    row("io-threads", Kind::Number(1, 1024), "4").fixed(),
    row("tcp-backlog", INT, "511").fixed(),
    row("databases", Kind::Number(1, 65536), "16").fixed(),
    row("timeout", INT, "0").fixed(),
    row("maxclients", Kind::Number(1, 4_294_967_295), "10000").fixed(),
    row("daemonize", Kind::Switch, "no").fixed(),
    row("pidfile", Kind::Text, "").fixed(),
    row("logfile", Kind::Text, "").fixed(),
    row("loglevel", Kind::Choice(&["debug", "verbose", "notice", "warning", "nothing"]), "notice").fixed(),
    row("dir", Kind::Text, ".").fixed(),
    row("aclfile", Kind::Text, "").fixed().then(apply::acl_file),
    row("enable-debug-command", Kind::Choice(&["no", "yes", "local"]), "no").fixed(),
    row("cluster-enabled", Kind::Switch, "no").fixed().only_default("one node is all there is: no cluster is spoken"),
    row("tls-port", Kind::Number(0, 65535), "0").only_default("TLS is not served"),
];

/// Users, and how long things may be.
pub(super) const CLIENTS: &[Directive] = &[
    row("requirepass", Kind::Text, "").then(apply::password),
    row("protected-mode", Kind::Switch, "yes"),
    row("acllog-max-len", COUNT, "128"),
    row("acl-pubsub-default", Kind::Choice(&["allchannels", "resetchannels"]), "resetchannels"),
    row("proto-max-bulk-len", Kind::Bytes(1 << 20, MOST), "536870912"),
    row("client-query-buffer-limit", Kind::Bytes(1 << 20, MOST), "1073741824"),
    row(
        "client-output-buffer-limit",
        Kind::Checked(special::output_limits),
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
    ),
    row("maxmemory-clients", Kind::BytesOrPercent, "0"),
    row("tracking-table-max-keys", COUNT, "1000000"),
    row("busy-reply-threshold", COUNT, "5000").also("lua-time-limit"),
    row("tcp-keepalive", INT, "300"),
];

/// Memory, expiry and what is told of the data.
pub(super) const MEMORY: &[Directive] = &[
    row("maxmemory", Kind::Bytes(0, MOST), "0"),
    row("maxmemory-policy", Kind::Choice(POLICIES), "noeviction"),
    row("maxmemory-samples", Kind::Number(1, 64), "5"),
    row("maxmemory-eviction-tenacity", Kind::Number(0, 100), "10"),
    row("lfu-log-factor", INT, "10"),
    row("lfu-decay-time", INT, "1"),
    row("hz", INT, "10"),
    row("active-expire-effort", Kind::Number(1, 10), "1"),
    row("lazyfree-lazy-eviction", Kind::Switch, "no"),
    row("lazyfree-lazy-expire", Kind::Switch, "no"),
    row("lazyfree-lazy-server-del", Kind::Switch, "no"),
    row("lazyfree-lazy-user-del", Kind::Switch, "no"),
    row("lazyfree-lazy-user-flush", Kind::Switch, "no"),
    row("notify-keyspace-events", Kind::Checked(special::events), "").then(apply::events),
    row("slowlog-log-slower-than", ANY, "10000"),
    row("slowlog-max-len", COUNT, "128").then(apply::slow_log),
    row("latency-monitor-threshold", COUNT, "0"),
    row("latency-tracking", Kind::Switch, "yes"),
    row("latency-tracking-info-percentiles", Kind::Checked(special::percentiles), "50 99 99.9"),
];

/// In the order in which `Policy` counts them.
const POLICIES: &[&str] = &[
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "noeviction",
];

/// Up to what size collections are packed.
pub(super) const SIZES: &[Directive] = &[
    row("hash-max-listpack-entries", COUNT, "128").also("hash-max-ziplist-entries").then(apply::tuning),
    row("hash-max-listpack-value", COUNT, "64").also("hash-max-ziplist-value").then(apply::tuning),
    row("list-max-listpack-size", Kind::Number(i32::MIN as i64, i32::MAX as i64), "-2").also("list-max-ziplist-size"),
    row("list-compress-depth", INT, "0"),
    row("set-max-intset-entries", COUNT, "512").then(apply::tuning),
    row("set-max-listpack-entries", COUNT, "128").then(apply::tuning),
    row("set-max-listpack-value", COUNT, "64").then(apply::tuning),
    row("zset-max-listpack-entries", COUNT, "128").also("zset-max-ziplist-entries"),
    row("zset-max-listpack-value", COUNT, "64").also("zset-max-ziplist-value"),
    row("hll-sparse-max-bytes", COUNT, "3000").then(apply::tuning),
    row("stream-node-max-bytes", Kind::Bytes(0, MOST), "4096"),
    row("stream-node-max-entries", COUNT, "100"),
];

/// Who copies whom, and how.
pub(super) const REPLICATION: &[Directive] = &[
    row("replicaof", Kind::Checked(special::primary), "").also("slaveof").fixed(),
    row("masterauth", Kind::Text, ""),
    row("masteruser", Kind::Text, ""),
    row("replica-read-only", Kind::Switch, "yes").also("slave-read-only").then(apply::replica),
    row("replica-serve-stale-data", Kind::Switch, "yes").also("slave-serve-stale-data").then(apply::replica),
    row("replica-ignore-maxmemory", Kind::Switch, "yes").also("slave-ignore-maxmemory"),
    row("replica-priority", INT, "100").also("slave-priority"),
    row("replica-announced", Kind::Switch, "yes"),
    row("replica-announce-ip", Kind::Text, "").also("slave-announce-ip"),
    row("replica-announce-port", Kind::Number(0, 65535), "0").also("slave-announce-port"),
    row("replica-lazy-flush", Kind::Switch, "no").also("slave-lazy-flush"),
    row("min-replicas-to-write", INT, "0").also("min-slaves-to-write").then(apply::replicas_near),
    row("min-replicas-max-lag", INT, "10").also("min-slaves-max-lag").then(apply::replicas_near),
    row("repl-timeout", Kind::Number(1, i32::MAX as i64), "60"),
    row("repl-ping-replica-period", Kind::Number(1, i32::MAX as i64), "10").also("repl-ping-slave-period"),
    row("repl-backlog-size", Kind::Bytes(1, MOST), "1048576").then(apply::backlog),
    row("repl-backlog-ttl", COUNT, "3600"),
    row("repl-diskless-sync", Kind::Switch, "yes"),
    row("repl-diskless-sync-delay", INT, "0"),
    row("repl-diskless-load", Kind::Choice(&["disabled", "on-empty-db", "swapdb"]), "disabled")
        .only_default("a snapshot is kept in a file until it has come whole: data is not given up for less"),
    row("repl-disable-tcp-nodelay", Kind::Switch, "no"),
    row("close-on-replica-write", Kind::Switch, "yes")
        .only_default("an answer within the stream would be read as a part of it"),
];

/// The append-only file, and when a write is done.
pub(super) const LOG: &[Directive] = &[
    row("memc-name", Kind::Text, "").fixed().then(apply::member),
    row("appendonly", Kind::Switch, "no").then(apply::append_only),
    row("appendfsync", Kind::Choice(&["everysec", "always", "no"]), "everysec").then(apply::fsync),
    row("durability", Kind::Checked(special::durability), "async").then(apply::durability),
    row("durability-timeout", Kind::Number(1, i32::MAX as i64), "10000"),
    row("appendfilename", Kind::Checked(special::file_name), "appendonly.aof").fixed(),
    row("appenddirname", Kind::Checked(special::file_name), "appendonlydir").fixed(),
    row("no-appendfsync-on-rewrite", Kind::Switch, "no"),
    row("auto-aof-rewrite-percentage", INT, "100"),
    row("auto-aof-rewrite-min-size", Kind::Bytes(0, MOST), "67108864"),
    row("aof-load-truncated", Kind::Switch, "yes"),
    row("aof-use-rdb-preamble", Kind::Switch, "yes")
        .only_default("a base is always a snapshot: every version that reads a log in parts reads it"),
    row("aof-timestamp-enabled", Kind::Switch, "no").then(apply::log),
    row("aof-rewrite-incremental-fsync", Kind::Switch, "yes"),
];

/// Disk, until there is any; and what has nothing to do here but does no harm.
pub(super) const OTHERS: &[Directive] = &[
    row("save", Kind::Checked(special::save), "").then(apply::saving),
    row("dbfilename", Kind::Checked(special::file_name), "dump.rdb").fixed(),
    row("rdbcompression", Kind::Switch, "yes"),
    // redis-server has it fixed; here a file without one is refused while this is on, and only a server that runs can write one with it.
    row("rdbchecksum", Kind::Switch, "yes"),
    row("stop-writes-on-bgsave-error", Kind::Switch, "yes").then(apply::saving),
    row("sanitize-dump-payload", Kind::Choice(&["no", "yes", "clients"]), "no"),
    row("activerehashing", Kind::Switch, "yes"),
    row("dynamic-hz", Kind::Switch, "yes"),
    row("activedefrag", Kind::Switch, "no"),
    row("io-threads-do-reads", Kind::Switch, "no").fixed(),
    row("disable-thp", Kind::Switch, "yes").fixed(),
    row("supervised", Kind::Choice(&["no", "upstart", "systemd", "auto"]), "no").fixed(),
    row("always-show-logo", Kind::Switch, "no").fixed(),
    row("set-proc-title", Kind::Switch, "yes").fixed(),
    row("crash-log-enabled", Kind::Switch, "yes"),
    row("shutdown-timeout", INT, "10"),
    row("oom-score-adj", Kind::Choice(&["no", "yes", "relative", "absolute"]), "no"),
    row("syslog-enabled", Kind::Switch, "no").fixed(),
    row("proc-title-template", Kind::Text, "{title} {listen-addr} {server-mode}"),
    row("socket-mark-id", Kind::Number(0, 4_294_967_295), "0"),
];

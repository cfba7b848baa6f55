"""Redis's directives that do nothing here, or cannot be: a row each, with why."""

from __future__ import annotations

from memcluster.redis.directives import Directive, Verdict

I, R = Verdict.IGNORED, Verdict.REFUSED  # noqa: E741

NO_CLUSTER = "Redis Cluster's protocol is not spoken: one node is all there is"
NO_TLS = "TLS is not served, and answering in clear text would not be what was asked for"
NO_MODULES = "modules are not loaded"
NO_FORK = "there is no child process to tune"
NO_DEFRAGMENTATION = "the allocator keeps memory together by itself"
OWN_TABLES = "tables grow and shrink with use"
OF_SYSTEM = "use the service's own settings (systemd, a container)"


def ignored(why: str, *rows: tuple[str, ...]) -> tuple[Directive, ...]:
    """Directives that are ignored for one reason: name, default, other names."""
    return tuple(Directive(name, I, default, why, tuple(others)) for name, default, *others in rows)


def refused(why: str, *rows: tuple[str, ...]) -> tuple[Directive, ...]:
    """Directives that are refused for one reason, unless they ask for the default."""
    return tuple(Directive(name, R, default, why, tuple(others)) for name, default, *others in rows)


UNSERVED: tuple[Directive, ...] = (
    *refused(
        "a base is always a snapshot: every version that reads a log in parts reads it",
        ("aof-use-rdb-preamble", "yes"),
    ),
    *ignored("what a rewrite supersedes is deleted when the new base is on the disk", ("aof-disable-auto-gc", "no")),
    *ignored("files that a replica was sent are not kept", ("rdb-del-sync-files", "no")),
    *ignored("the disk is asked to keep what it has while a file is written", ("rdb-save-incremental-fsync", "yes")),
    *ignored("whatever is loaded is looked through in full", ("sanitize-dump-payload", "no")),
    *ignored(
        "a replica that meets an error of its own data copies everything again",
        ("propagation-error-behavior", "ignore"), ("replica-ignore-disk-write-errors", "no"),
    ),
    *ignored("nothing is kept back in the hope of more", ("repl-disable-tcp-nodelay", "no")),
    *refused(
        "a snapshot is kept in a file until it has come whole: data is not given up for less",
        ("repl-diskless-load", "disabled"),
    ),
    *ignored("one snapshot serves all who wait when it begins", ("repl-diskless-sync-max-replicas", "0")),
    *refused(NO_CLUSTER, ("cluster-enabled", "no")),
    *ignored(
        NO_CLUSTER,
        ("cluster-config-file", "nodes.conf"), ("cluster-node-timeout", "15000"), ("cluster-port", "0"),
        ("cluster-announce-ip", ""), ("cluster-announce-port", "0"), ("cluster-announce-bus-port", "0"),
        ("cluster-announce-tls-port", "0"), ("cluster-announce-hostname", ""), ("cluster-announce-human-nodename", ""),
        ("cluster-preferred-endpoint-type", "ip"), ("cluster-require-full-coverage", "yes"),
        ("cluster-migration-barrier", "1"), ("cluster-allow-replica-migration", "yes"),
        ("cluster-replica-validity-factor", "10", "cluster-slave-validity-factor"),
        ("cluster-replica-no-failover", "no", "cluster-slave-no-failover"), ("cluster-link-sendbuf-limit", "0"),
        ("cluster-allow-reads-when-down", "no"), ("cluster-allow-pubsubshard-when-down", "yes"),
    ),
    *refused(NO_TLS, ("tls-port", "0"), ("tls-cluster", "no"), ("tls-replication", "no")),
    *ignored(
        NO_TLS,
        ("tls-cert-file", ""), ("tls-key-file", ""), ("tls-key-file-pass", ""), ("tls-client-cert-file", ""),
        ("tls-client-key-file", ""), ("tls-client-key-file-pass", ""), ("tls-dh-params-file", ""),
        ("tls-ca-cert-file", ""), ("tls-ca-cert-dir", ""), ("tls-auth-clients", "yes"), ("tls-protocols", ""),
        ("tls-ciphers", ""), ("tls-ciphersuites", ""), ("tls-prefer-server-ciphers", "no"),
        ("tls-session-caching", "yes"), ("tls-session-cache-size", "20480"), ("tls-session-cache-timeout", "300"),
    ),
    *refused(NO_MODULES, ("loadmodule", ""), ("enable-module-command", "no")),
    *refused("users stand in the configuration itself: use `user` lines", ("aclfile", "")),
    *refused("commands keep their names: take them from users instead (`user`)", ("rename-command", "")),
    *ignored(
        NO_FORK, ("bio_cpulist", "", "bio-cpulist"), ("aof_rewrite_cpulist", "", "aof-rewrite-cpulist"),
        ("bgsave_cpulist", "", "bgsave-cpulist"), ("server_cpulist", "", "server-cpulist"),
    ),
    *ignored(
        NO_DEFRAGMENTATION,
        ("activedefrag", "no"), ("active-defrag-ignore-bytes", "100mb"), ("active-defrag-threshold-lower", "10"),
        ("active-defrag-threshold-upper", "100"), ("active-defrag-cycle-min", "1"), ("active-defrag-cycle-max", "25"),
        ("active-defrag-max-scan-fields", "1000"), ("jemalloc-bg-thread", "yes"),
    ),
    *ignored(OWN_TABLES, ("activerehashing", "yes"), ("dynamic-hz", "yes"), ("maxmemory-eviction-tenacity", "10")),
    *ignored(
        OF_SYSTEM,
        ("supervised", "no"), ("syslog-enabled", "no"), ("syslog-ident", "redis"), ("syslog-facility", "local0"),
        ("oom-score-adj", "no"), ("oom-score-adj-values", "0 200 800"), ("disable-thp", "yes"),
        ("crash-log-enabled", "yes"), ("crash-memcheck-enabled", "yes"), ("ignore-warnings", ""),
        ("always-show-logo", "no"), ("set-proc-title", "yes"), ("locale-collate", ""), ("socket-mark-id", "0"),
        ("proc-title-template", "{title} {listen-addr} {server-mode}"), ("bind-source-addr", ""),
        ("enable-protected-configs", "no"), ("hide-user-data-from-log", "no"),
    ),
    *ignored("connections are kept alive by the system's settings", ("tcp-keepalive", "300")),
    *ignored("every thread reads and writes", ("io-threads-do-reads", "no")),
    *ignored("what is begun gets five seconds to end", ("shutdown-timeout", "10")),
    *ignored(
        "a signal saves where there are save points",
        ("shutdown-on-sigint", "default"), ("shutdown-on-sigterm", "default"),
    ),
)  # fmt: skip

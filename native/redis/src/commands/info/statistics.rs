//! INFO about what has been done: counts, commands, errors, keys.

use std::sync::atomic::Ordering::Relaxed;

use super::Report;
use crate::command;
use crate::config;
use crate::pubsub::Topic;

pub(super) fn stats(report: &mut Report<'_, '_>) {
    let server = report.server;
    let connections = server.host.connections();
    let [commands, received, sent] = server.rates.lock().mean();
    report.line("total_connections_received", connections.total);
    report.line("total_commands_processed", server.sum(|counters| counters.processed.get()));
    report.line("instantaneous_ops_per_sec", commands.round());
    report.line("total_net_input_bytes", connections.bytes_read);
    report.line("total_net_output_bytes", connections.bytes_written);
    let counts = &server.replication.counts;
    report.line("total_net_repl_input_bytes", counts.received.load(Relaxed));
    report.line("total_net_repl_output_bytes", counts.sent.load(Relaxed));
    report.line("instantaneous_input_kbps", format!("{:.2}", received / 1024.0));
    report.line("instantaneous_output_kbps", format!("{:.2}", sent / 1024.0));
    report.line("instantaneous_input_repl_kbps", "0.00");
    report.line("instantaneous_output_repl_kbps", "0.00");
    report.line("rejected_connections", connections.rejected);
    report.line("sync_full", counts.full.load(Relaxed));
    report.line("sync_partial_ok", counts.partial.load(Relaxed));
    report.line("sync_partial_err", counts.partial_refused.load(Relaxed));
    report.line("expired_keys", server.upkeep.expired_keys.load(Relaxed));
    report.line("expired_stale_perc", "0.00");
    report.zeros(&["expired_time_cap_reached_count", "expire_cycle_cpu_milliseconds"]);
    report.line("evicted_keys", server.upkeep.evicted_keys.load(Relaxed));
    report.line("evicted_clients", connections.evicted);
    report.zeros(&["total_eviction_exceeded_time", "current_eviction_exceeded_time"]);
    report.line("keyspace_hits", server.sum(|counters| counters.hits.get()));
    report.line("keyspace_misses", server.sum(|counters| counters.misses.get()));
    report.line("pubsub_channels", server.exchange.count(Topic::Channel));
    report.line("pubsub_patterns", server.exchange.count(Topic::Pattern));
    report.line("pubsubshard_channels", server.exchange.count(Topic::Sharded));
    report.zeros(&["latest_fork_usec", "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys"]);
    report.zeros(&["active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits", "active_defrag_key_misses"]);
    report.zeros(&["total_active_defrag_time", "current_active_defrag_time"]);
    report.zeros(&["tracking_total_keys", "tracking_total_items", "tracking_total_prefixes"]);
    report.line("unexpected_error_replies", 0);
    report.line("total_error_replies", server.errors.lock().values().sum::<u64>());
    report.line("dump_payload_sanitizations", 0);
    report.line("total_reads_processed", server.sum(|counters| counters.reads.get()));
    report.zeros(&["total_writes_processed", "io_threaded_reads_processed", "io_threaded_writes_processed"]);
    report.line("acl_access_denied_auth", server.acl.log.count("auth"));
    report.line("acl_access_denied_cmd", server.acl.log.count("command"));
    report.line("acl_access_denied_key", server.acl.log.count("key"));
    report.line("acl_access_denied_channel", server.acl.log.count("channel"));
}

pub(super) fn commands(report: &mut Report<'_, '_>) {
    for row in command::numbered() {
        let usage = report.server.usage_of(row);
        if usage.calls + usage.rejected == 0 {
            continue;
        }
        let microseconds = usage.nanoseconds as f64 / 1000.0;
        let each = microseconds / usage.calls.max(1) as f64;
        let (calls, rejected, failed) = (usage.calls, usage.rejected, usage.failed);
        let value = format!(
            "calls={calls},usec={},usec_per_call={each:.2},rejected_calls={rejected},failed_calls={failed}",
            microseconds as u64
        );
        report.line(&format!("cmdstat_{}", row.full_name), value);
    }
}

pub(super) fn errors(report: &mut Report<'_, '_>) {
    let errors = report.server.errors.lock().clone();
    errors.iter().for_each(|(code, count)| report.line(&format!("errorstat_{code}"), format!("count={count}")));
}

pub(super) fn latencies(report: &mut Report<'_, '_>) {
    let percentiles = report.server.config.text(config::PERCENTILES);
    for row in command::numbered() {
        let usage = report.server.usage_of(row);
        if usage.recorded() == 0 {
            continue;
        }
        let shown = percentiles.split_whitespace().filter_map(|word| Some((word, word.parse::<f64>().ok()?)));
        let shown: Vec<String> =
            shown.map(|(word, percent)| format!("p{word}={:.3}", usage.percentile(percent))).collect();
        report.line(&format!("latency_percentiles_usec_{}", row.full_name), shown.join(","));
    }
}

pub(super) fn keyspace(report: &mut Report<'_, '_>) {
    for database in 0..report.server.settings.databases {
        let parts = report.data.parts(database).map(|(_, part)| (part.len(), part.volatile()));
        let (keys, expires) = parts.fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        if keys > 0 {
            report.line(&format!("db{database}"), format!("keys={keys},expires={expires},avg_ttl=0"));
        }
    }
}

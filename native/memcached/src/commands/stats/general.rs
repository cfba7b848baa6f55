//! `stats`: the names that clients, exporters and operators of memcached know.

use std::fmt::Display;

use super::Row;
use crate::clock::Clock;
use crate::counters::Totals;
use crate::server::Server;

pub(super) fn list(server: &Server, clock: Clock, row: &mut Row<'_>) {
    process(server, clock, row);
    connections(server, row);
    requests(&server.totals(), row);
    let connections = server.host.connections();
    row("bytes_read", &connections.bytes_read);
    row("bytes_written", &connections.bytes_written);
    store(server, row);
    ABSENT.iter().for_each(|name| row(name, &0));
}

/// Counts of memcached's parts that do not exist here; exporters read them.
const ABSENT: &[&str] = &[
    // A flush takes everything at its second: nothing flushed is left for a look-up to meet.
    "get_flushed",
    "auth_cmds",
    "auth_errors",
    "time_in_listen_disabled_us",
    "hash_is_expanding",
    "slab_reassign_running",
    "slab_global_page_pool",
    "lru_crawler_running",
    "lru_crawler_starts",
    "lru_maintainer_juggles",
    "malloc_fails",
    "crawler_items_checked",
    "lrutail_reflocked",
    "moves_to_cold",
    "moves_within_lru",
    "direct_reclaims",
    "lru_bumps_dropped",
];

fn process(server: &Server, clock: Clock, row: &mut Row<'_>) {
    let usage = server.host.usage();
    row("pid", &std::process::id());
    row("uptime", &clock.uptime());
    row("time", &clock.unix());
    row("version", &server.settings.version);
    row("pointer_size", &usize::BITS);
    row("rusage_user", &Seconds(usage.user_us));
    row("rusage_system", &Seconds(usage.system_us));
    row("threads", &server.host.threads());
}

fn connections(server: &Server, row: &mut Row<'_>) {
    let connections = server.host.connections();
    let rows: [(&str, &dyn Display); 11] = [
        ("max_connections", &connections.max),
        ("curr_connections", &connections.current),
        ("total_connections", &connections.total),
        ("rejected_connections", &connections.rejected),
        ("connection_structures", &connections.current),
        ("accepting_conns", &u8::from(connections.is_accepting)),
        ("listen_disabled_num", &connections.accepting_paused),
        ("idle_kicks", &connections.idle_kicks),
        ("conn_yields", &connections.yields),
        ("response_obj_bytes", &connections.held_bytes),
        ("response_obj_oom", &connections.shed),
    ];
    rows.iter().for_each(|(name, value)| row(name, value));
}

fn requests(totals: &Totals, row: &mut Row<'_>) {
    let rows = [
        ("cmd_get", totals.get_hits + totals.get_misses),
        ("cmd_set", totals.set),
        ("cmd_flush", totals.flush),
        ("cmd_touch", totals.touch_hits + totals.touch_misses),
        ("cmd_meta", totals.meta),
        ("get_hits", totals.get_hits),
        ("get_misses", totals.get_misses),
        ("delete_misses", totals.delete_misses),
        ("delete_hits", totals.delete_hits),
        ("incr_misses", totals.incr_misses),
        ("incr_hits", totals.incr_hits),
        ("decr_misses", totals.decr_misses),
        ("decr_hits", totals.decr_hits),
        ("cas_misses", totals.cas_misses),
        ("cas_hits", totals.cas_hits),
        ("cas_badval", totals.cas_badval),
        ("touch_hits", totals.touch_hits),
        ("touch_misses", totals.touch_misses),
        ("store_too_large", totals.store_too_large),
        ("store_no_memory", totals.store_no_memory),
    ];
    rows.iter().for_each(|(name, value)| row(name, value));
}

fn store(server: &Server, row: &mut Row<'_>) {
    let store = server.cache.statistics();
    let (watchers, sent, skipped) = server.watchers.counts();
    let rows = [
        ("limit_maxbytes", store.limit_bytes),
        ("used_bytes", store.used_bytes),
        ("bytes", store.bytes),
        ("curr_items", store.items),
        ("total_items", store.total_items),
        ("hash_power_level", u64::from((store.index_bytes / 8).max(1).ilog2())),
        ("hash_bytes", store.index_bytes),
        ("curr_config", server.config.count() as u64),
        ("log_watchers", watchers as u64),
        ("log_watcher_sent", sent),
        ("log_watcher_skipped", skipped),
        ("log_worker_dropped", skipped),
        ("log_worker_written", sent),
        ("get_expired", store.expired_met),
        ("expired_unfetched", store.expired_unfetched),
        ("evicted_unfetched", store.evicted_unfetched),
        ("evicted_active", store.evictions - store.evicted_unfetched.min(store.evictions)),
        ("evictions", store.evictions),
        ("reclaimed", store.expired),
        ("crawler_reclaimed", store.expired),
        ("slabs_moved", store.compacted_segments),
        ("moves_to_warm", store.moved_to_main),
    ];
    rows.iter().for_each(|(name, value)| row(name, value));
}

/// Microseconds, shown as seconds.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

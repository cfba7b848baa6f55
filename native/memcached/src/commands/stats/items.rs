//! `stats items`: all items are of one class here, numbered 1.

use super::Row;
use crate::clock::Clock;
use crate::server::Server;

pub(super) fn list(server: &Server, _: Clock, row: &mut Row<'_>) {
    let store = server.cache.statistics();
    if store.items == 0 {
        return;
    }
    let rows = [
        ("items:1:number", store.items),
        ("items:1:mem_requested", store.bytes),
        ("items:1:evicted", store.evictions),
        ("items:1:evicted_unfetched", store.evicted_unfetched),
        ("items:1:expired_unfetched", store.expired_unfetched),
        ("items:1:reclaimed", store.expired),
        ("items:1:outofmemory", server.totals().store_no_memory),
        ("items:1:moves_to_warm", store.moved_to_main),
        ("items:1:small_bytes", store.small_bytes),
        ("items:1:main_bytes", store.main_bytes),
        ("items:1:large_items", store.large_items),
        ("items:1:large_bytes", store.large_bytes),
    ];
    rows.iter().for_each(|(name, value)| row(name, value));
}

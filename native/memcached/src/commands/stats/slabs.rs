//! `stats slabs`: where the memory is. The store has segments, queues and a ghost table instead of slab classes.

use super::Row;
use crate::clock::Clock;
use crate::server::Server;

pub(super) fn list(server: &Server, _: Clock, row: &mut Row<'_>) {
    let store = server.cache.statistics();
    let totals = server.totals();
    let segments = store.segments_small + store.segments_main;
    let rows = [
        ("1:chunk_size", store.segment_bytes),
        ("1:total_pages", segments + store.segments_free),
        ("1:used_chunks", segments),
        ("1:free_chunks", store.segments_free),
        ("1:get_hits", totals.get_hits),
        ("1:cmd_set", totals.set),
        ("1:delete_hits", totals.delete_hits),
        ("1:incr_hits", totals.incr_hits),
        ("1:decr_hits", totals.decr_hits),
        ("1:cas_hits", totals.cas_hits),
        ("1:cas_badval", totals.cas_badval),
        ("1:touch_hits", totals.touch_hits),
        ("active_slabs", 1),
        ("total_malloced", store.used_bytes),
        ("segment_bytes", store.segment_bytes),
        ("segments_small", store.segments_small),
        ("segments_main", store.segments_main),
        ("segments_free", store.segments_free),
        ("segments_compacted", store.compacted_segments),
        ("large_items", store.large_items),
        ("large_bytes", store.large_bytes),
        ("index_bytes", store.index_bytes),
        ("ghost_bytes", store.ghost_bytes),
        ("ghost_hits", store.ghost_hits),
        ("shards", store.shards),
    ];
    rows.iter().for_each(|(name, value)| row(name, value));
}

//! What the store tells about itself.

use crate::item::{ItemBytes, mark};
use crate::settings::Seconds;
use crate::shard::Shard;

/// Gauges and counters, summed over the shards.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statistics {
    /// Items present; expired ones that nobody came across yet are among them.
    pub items: u64,
    /// Bytes of live items, keys and headers included.
    pub bytes: u64,
    /// Ever stored.
    pub total_items: u64,
    /// Items that left for want of room.
    pub evictions: u64,
    /// Of these, never read.
    pub evicted_unfetched: u64,
    /// Items reclaimed after their time.
    pub expired: u64,
    /// Of these, never read.
    pub expired_unfetched: u64,
    /// Of those expired, reclaimed because somebody asked for them.
    pub expired_met: u64,
    /// Seconds since the item last evicted had been read.
    pub eviction_age: u64,
    /// The limit in force.
    pub limit_bytes: u64,
    /// Taken of the limit.
    pub used_bytes: u64,
    /// Taken by segments.
    pub segment_bytes: u64,
    /// Segments in small queues.
    pub segments_small: u64,
    /// Segments in main queues.
    pub segments_main: u64,
    /// Segments allocated and in no queue: none, for a free segment goes back to the system.
    pub segments_free: u64,
    /// Values kept outside the segments.
    pub large_items: u64,
    /// Taken by these, as the allocator rounds them.
    pub large_bytes: u64,
    /// Taken by the indexes.
    pub index_bytes: u64,
    /// Taken by the ghost tables.
    pub ghost_bytes: u64,
    /// New items that went to the main queue because they came back soon.
    pub ghost_hits: u64,
    /// Weight of the small queues' live items.
    pub small_bytes: u64,
    /// Weight of the main queues' live items.
    pub main_bytes: u64,
    /// Items that moved from small to main.
    pub moved_to_main: u64,
    /// Segments emptied because much of them was dead.
    pub compacted_segments: u64,
    /// How many shards.
    pub shards: u64,
}

/// A shard's counters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub total_items: u64,
    pub evictions: u64,
    pub evicted_unfetched: u64,
    pub expired: u64,
    pub expired_unfetched: u64,
    pub expired_met: u64,
    pub eviction_age: u64,
    pub ghost_hits: u64,
    pub moved_to_main: u64,
    pub compacted_segments: u64,
}

impl Counters {
    pub fn count_evicted(&mut self, item: ItemBytes<'_>, now: Seconds) {
        self.evictions += 1;
        self.evicted_unfetched += u64::from(!item.has(mark::FETCHED));
        self.eviction_age = u64::from(now.saturating_sub(item.accessed_at()));
    }

    pub fn count_expired(&mut self, item: ItemBytes<'_>) {
        self.expired += 1;
        self.expired_unfetched += u64::from(!item.has(mark::FETCHED));
    }
}

impl Statistics {
    pub(crate) fn add(&mut self, shard: &Shard) {
        let counters = &shard.counters;
        self.items += shard.index.items() as u64;
        self.bytes += (shard.small.weight + shard.main.weight) as u64;
        self.total_items += counters.total_items;
        self.evictions += counters.evictions;
        self.evicted_unfetched += counters.evicted_unfetched;
        self.expired += counters.expired;
        self.expired_unfetched += counters.expired_unfetched;
        self.expired_met += counters.expired_met;
        self.eviction_age = self.eviction_age.max(counters.eviction_age);
        self.segment_bytes += shard.segments.cost() as u64;
        self.segments_small += shard.small.segments.len() as u64;
        self.segments_main += shard.main.segments.len() as u64;
        self.large_items += shard.large.items() as u64;
        self.large_bytes += shard.large.weight() as u64;
        self.index_bytes += shard.index.bytes() as u64;
        self.ghost_bytes += shard.ghost.bytes() as u64;
        self.ghost_hits += counters.ghost_hits;
        self.small_bytes += shard.small.weight as u64;
        self.main_bytes += shard.main.weight as u64;
        self.moved_to_main += counters.moved_to_main;
        self.compacted_segments += counters.compacted_segments;
        self.shards += 1;
    }
}

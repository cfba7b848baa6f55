//! What the owner of a store chooses, and the sizes that follow from it.

/// Seconds since the cache began.
pub type Seconds = u32;

/// What the owner of a store chooses.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes that the store may take from the system: segments, large values, index and ghost table together.
    pub memory: usize,
    /// Largest item that will ever be stored, in bytes; fixes the size of what is set aside.
    pub item_size_max: usize,
    /// False: refuse (`NoRoom`) instead of evicting.
    pub evict: bool,
    /// A power of two; `None` chooses by memory.
    pub shards: Option<usize>,
}

const MIB: usize = 1 << 20;
const SHARDS_MAX: usize = 4096;
/// From here on a store has at least `SHARDS_USUAL` shards.
const MEMORY_USUAL: usize = 16 * MIB;
const SHARDS_USUAL: usize = 16;
const SEGMENT_BYTES: std::ops::RangeInclusive<usize> = 4096..=MIB;
const SEGMENTS_A_SHARD: usize = 64;
/// A segment's tail that no item fits is lost, so an item may take at most this part of one.
const ITEM_SHARE: usize = 8;
/// Item lengths are kept in 16 bits.
const SHARED_FROM_MAX: usize = 32 * 1024;

/// Sizes fixed when the store begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub shards: usize,
    /// A segment is `1 << segment_bits` bytes.
    pub segment_bits: u32,
    /// Values from this length on are kept outside the segments.
    pub shared_from: usize,
}

impl Geometry {
    pub fn of(settings: &Settings) -> Self {
        let shards = settings.shards.unwrap_or_else(|| shards_for(settings.memory)).next_power_of_two().min(SHARDS_MAX);
        let wanted = (settings.memory / shards / SEGMENTS_A_SHARD).next_power_of_two();
        let segment_bits = wanted.clamp(*SEGMENT_BYTES.start(), *SEGMENT_BYTES.end()).trailing_zeros();
        let shared_from = ((1 << segment_bits) / ITEM_SHARE).min(SHARED_FROM_MAX);
        Self { shards, segment_bits, shared_from }
    }
}

/// Enough shards that threads seldom meet, and that one holds some 8 MiB while there may be so many: work on a shard as a
/// whole stays short.
fn shards_for(memory: usize) -> usize {
    if memory < MEMORY_USUAL { (memory / MIB).max(1) } else { (memory / (8 * MIB)).max(SHARDS_USUAL) }
}

//! memcached's store: bytes per item and hit ratio first, then speed.
//!
//! ```text
//!   Cache ── key's hash ──> Shard (a lock each)
//!                             index      8-byte slots: tag, place, frequency     (index.rs)
//!                             segments   items appended one behind another       (segment.rs, item.rs)
//!                             queues     small and main: S3-FIFO on segments     (shard.rs, ghost.rs)
//!           budget, shared: segments, large values, indexes and ghosts together stay under Settings::memory
//! ```
//!
//! It speaks outcomes, never wire words, and knows neither sockets nor clocks: `now` is an argument, in seconds since the
//! cache began (0 means "never" where an expiry is meant).

mod contract;
pub use contract::*;

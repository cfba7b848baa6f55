//! memcached's store: bytes per item and hit ratio first, then speed.
//!
//! ```text
//!   Cache ── key's hash ──> Shard (a lock each)
//!                             index      8-byte slots: hash, frequency, place    (index.rs)
//!                             segments   items appended one behind another       (segment.rs, item.rs)
//!                             large      values shared with their readers        (large.rs)
//!                             queues     small and main: S3-FIFO on segments     (queue.rs, ghost.rs, policy.rs, eviction.rs)
//!                             versions   come, go, have a CAS value, expire      (room.rs, store.rs, cas.rs, expiry.rs)
//!           departures, shared: items evicted, for whoever observes them                 (evicted.rs)
//!           budget, shared: segments, large values, indexes and ghosts together stay under Settings::memory
//! ```
//!
//! It speaks outcomes, never wire words, and knows neither sockets nor clocks: `now` is an argument, in seconds since the
//! cache began (0 means "never" where an expiry is meant).
#![deny(unsafe_code)]

mod budget;
mod cache;
mod cas;
mod entry;
mod evicted;
mod eviction;
mod expiry;
mod ghost;
mod index;
mod item;
mod key;
mod lanes;
mod large;
mod policy;
mod prefetch;
mod queue;
mod room;
mod segment;
mod settings;
mod shard;
mod statistics;
mod store;
mod validate;
mod value;
mod walk;

pub use cache::Cache;
pub use entry::{Attributes, Entry, Found};
pub use evicted::Evicted;
pub use key::{KEY_LENGTH_MAX, Key};
pub use room::Room;
pub use settings::{Seconds, Settings};
pub use statistics::Statistics;
pub use value::{Item, NewValue, NoRoom, Value};
pub use walk::Walked;

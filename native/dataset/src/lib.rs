//! Redis mode's store: typed values by key, in numbered databases, in shards behind locks. It knows no protocol, no clients and no
//! log: who changes something says so himself to whoever wants to know (`Attached`).
//!
//! ```text
//!   Dataset ── lock(shards) ──> Locked ── database(number, key) ──> Database of one shard: key -> Item { value, expiry, access }
//!   Value = String | List | Hash | Set | SortedSet | Stream      a type a file; small ones in one allocation
//! ```
//!
//! `Table` is the one hash table of large collections and of databases: bounded steps of growth, and `scan`, whose cursor keeps SCAN's
//! promise while the table changes (HSCAN, SSCAN and ZSCAN use it); `hash` is the hash of its bytes. A collection in one allocation
//! is scanned at once, with cursor 0.
//!
//! `snapshot` meets all items as they were at one moment while they go on changing.
//!
//! `fill` adds many new items at once: a file is loaded by it.
//!
//! Shards are locked in ascending order, never another one while some are held: so nobody waits in a circle.
#![deny(unsafe_code)]

mod database;
mod dataset;
mod due;
mod fill;
mod hash;
mod item;
mod list;
mod prefetch;
mod set;
mod shards;
mod snapshot;
mod sorted_set;
mod stream;
mod table;
mod value;

pub use database::{Changed, Database};
pub use dataset::{Dataset, Locked, Place};
pub use hash::{Hash, Packing};
pub use item::Item;
pub use list::{End, List};
pub use set::{Member, Set, SetBounds};
pub use shards::{SHARDS, Shards};
pub use snapshot::{Step, Taken};
pub use sorted_set::SortedSet;
pub use stream::{
    Consumer, Cut, Element, Entry, Group, Id, Keep, NODE_BYTES, NODE_ENTRIES, Name as ConsumerName, Pending, Stream,
    Trim,
};
pub use table::{Table, hash};
pub use value::{Kind, Typed, Value, View};

/// Milliseconds since 1970.
pub type Millis = u64;

//! Redis's commands over the dataset: what a client may ask, who may ask it, and what follows from it for others.
//!
//! ```text
//!   bytes ── resp::request ──> words ── Worker: find the row in commands/, may this client? ──> queue it (MULTI) or execute
//!   execute: lock the shards of its keys ──> row.run(Call, words) ──> reply
//!            └─ effects to the log, watchers and trackers told, who waits for the keys served, mail to other connections
//! ```
//!
//! It knows no sockets and no threads: mail for other connections leaves through the `Outbox`, and the host delivers it.
#![forbid(unsafe_code)]

mod acl;
mod admission;
mod aof;
mod applier;
mod attached;
mod batch;
mod blocking;
mod call;
mod clients;
pub mod command;
mod commands;
pub mod config;
mod counters;
mod discard;
mod dump;
mod durability;
mod effects;
mod events;
mod eviction;
mod execute;
mod expiry;
mod extended;
mod fault;
pub mod glob;
mod group;
pub mod host;
mod identity;
mod latency;
pub mod load;
mod loading;
mod meter;
mod monitors;
mod names;
mod natural;
mod numbers;
mod outbox;
mod pause;
mod pubsub;
mod random;
mod rates;
mod redaction;
pub mod replication;
mod restraints;
mod saves;
mod scans;
#[cfg(test)]
mod scene;
mod scripts;
mod server;
mod session;
mod slow_log;
mod snapshot;
mod tearing;
mod timeouts;
mod tracking;
mod tuning;
mod upkeep;
mod words;
mod worker;

pub use aof::LoadedLog;
pub use applier::Applier;
pub use call::Call;
pub use clients::{ClientId, Peer};
pub use durability::{Hold, NOT_CONFIRMED, Ticket, Tickets, Watch};
pub use effects::Effects;
pub use fault::{Fault, Outcome};
pub use host::Host;
pub use outbox::{Mail, Outbox, OutputLimits};
pub use saves::Saver;
pub use server::{Server, Settings, VERSION};
pub use session::Session;
pub use snapshot::Snapshot;
pub use upkeep::Sweeper;
pub use worker::{Progress, Worker};

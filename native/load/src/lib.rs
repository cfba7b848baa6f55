//! The load generator. It asks, counts every answer, and takes time; it knows nothing of our servers' insides.
//!
//! ```text
//!   Settings ──> run: N threads, each a Worker (one epoll loop) of a Dialect (text, meta, RESP)
//!                  Source ─ fills Templates: a batch of requests ─> Connection ─> server
//!                  Tally <─ counts, latencies ── Ledger <─ Dialect <─ lines ── Answers <─ bytes of any split
//!                run: all tallies together ──> Report (JSON); meanwhile Progress can be looked at
//! ```
//!
//! Beside it: `trace` (one connection that replays accesses cache-aside) and `floor` (a server with no store).
#![forbid(unsafe_code)]

mod answers;
mod connection;
mod dialect;
mod draws;
mod error;
pub mod floor;
mod keys;
mod ledger;
mod progress;
mod random;
mod report;
mod run;
mod schedule;
mod settings;
mod sizes;
mod source;
mod tally;
mod template;
pub mod trace;
mod values;
mod worker;
mod zipf;

pub use error::Error;
pub use progress::Progress;
pub use report::{Latency, OperationReport, Report};
pub use run::run;
pub use settings::{Command, Popularity, Protocol, Settings, Sizes, Workload};

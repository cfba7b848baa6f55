//! memcached's protocol over the store: text and meta commands, statistics, and everything an operator may ask a node.
//!
//! ```text
//!   bytes ── request (pure parser, shared with the router) ──> Request
//!                                                                 │ row in commands/: shape, route, function
//!   Server (one)   Worker (one a thread)   Session (one a connection) ── serve ──> Output
//! ```
//!
//! It knows no sockets and no threads: what it needs of its host comes through `Output`, `Host` and a `Clock` value.
#![forbid(unsafe_code)]

mod ahead;
pub mod base64;
mod call;
mod clock;
mod cluster_config;
pub mod command;
mod commands;
mod counters;
mod gets;
mod host;
mod observe;
mod output;
mod prefixes;
pub mod request;
mod server;
mod session;
mod watch;
mod worker;

pub use call::Call;
pub use clock::{Clock, FIRST_SECOND};
pub use counters::Totals;
pub use host::{Connection, Connections, Host, Usage};
pub use output::{Output, Progress};
pub use server::{Server, Settings, VERSION};
pub use session::Session;
pub use watch::Watcher;
pub use worker::Worker;

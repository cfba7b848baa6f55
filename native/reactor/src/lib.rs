//! Sockets on N worker threads: who may read, who must write, who has gone.
//!
//! ```text
//!   acceptor thread ──(fewest connections)──> worker 0..N, each one epoll loop
//!                                               │ read into the worker's buffer
//!                                               ▼
//!                          Service::serve(session, input, reply, links)
//!                                               │ reply (and, by token, other connections' replies)
//!                                               ▼
//!                                   one send for all answers of one read
//! ```
//!
//! A service may hold a part of a reply until it says that a watermark has come as far as the part's ticket; what stands behind it on
//! the same connection waits with it (`gates.rs`).
//!
//! The reactor knows no protocol. A connection belongs to one worker for life. The contract stands in `service.rs`.

mod acceptor;
mod address;
mod census;
mod connection;
mod gates;
mod idle;
mod links;
mod listener;
mod reply;
mod server;
mod service;
mod settings;
mod shedding;
mod worker;

pub use address::Address;
pub use census::{Census, Seated, Waker};
pub use gates::Ticket;
pub use links::Links;
pub use reply::Reply;
pub use server::Server;
pub use service::{Opened, Progress, Service, Token, Why};
pub use settings::Settings;

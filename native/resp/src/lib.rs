//! The Redis protocol, both versions: a parser of requests and a writer of replies. It knows no commands, no data and no sockets.
//!
//! ```text
//!   input ── request::parse ──> Done(bytes) with words that borrow │ NeedMore │ Bad(message)
//!   reply <── Writer (version 2 or 3) <── null, integer, bulk, array, map, set, push, double …
//! ```
#![forbid(unsafe_code)]

pub mod inline;
pub mod request;
mod writer;

pub use request::{Beginning, Begun, Limits, Parsed};
pub use writer::{Version, Writer};

//! One log of one server: every change as the bytes of a command, with an offset. The same bytes are what replicas are fed and what
//! the append-only file holds, so the journal's offset is the replication offset.
//!
//! ```text
//!   append(database, unit) ──> Journal ──┬── ring: the last bytes, read(from) ──> replicas
//!                                        └── pending ──> the file's writer
//!   watermarks:  end (appended) >= written (in the file) >= synced (on the disk); who waits for one has a bell
//! ```
//!
//! It knows bytes of commands, not what they mean: no data, no sockets.
#![forbid(unsafe_code)]

pub mod aof;
mod history;
mod hold;
mod journal;
mod ring;
mod watermark;
pub mod words;

pub use history::{Epoch, History, ReplicationId};
pub use hold::Hold;
pub use journal::{Gone, Journal, Want};
pub use watermark::{Bell, Watermark};

//! The append-only file, in Redis 7's layout of several parts: a base, and increments behind it, named by a manifest.
//!
//! ```text
//!   Journal.pending ──> Writer (a thread): a group of units, a mark behind it, one write, one fdatasync ──> the last increment
//!   start:  Directory::open (manifest) ──> base, increments in their order ──> read(file) ──> commands, positions
//!   rewrite: Writer::rotate at the cut ──> a new increment │ a new base is written elsewhere ──> Writer::rebase ──> old files go
//! ```
//!
//! The payload of an increment is bytes of the stream. Lines that begin with `#` are skipped by redis-server; ours say after each
//! group where the stream is and what the checksum of the file is since the last such line (mark.rs).

mod directory;
mod increment;
mod keeper;
mod manifest;
mod mark;
mod read;
mod scan;
mod writer;

pub use directory::{Directory, Names};
pub use manifest::{Entry, Manifest};
pub use mark::{Mark, PREFIX, Position};
pub use read::{Damage, Outcome, Piece, read};
pub use scan::is_command;
pub use writer::{Fsync, Status, Writer};

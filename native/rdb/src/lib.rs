//! Redis's RDB format, both ways, as a stream: a `Writer` whose bytes are taken away as they come, and `read`, which tells a visitor
//! what a file holds, event by event. It knows no store, no socket and no file: whoever has data puts it in, whoever wants it makes it
//! of the events.
//!
//! ```text
//!   Writer:  REDIS0009 ─ aux … ─ database ─ [expiry] [access] key ─ value … ─ end, checksum        (Redis 5 and later load it)
//!   read:    REDIS0001 … REDIS0012, VALKEY080 ─> Event::{Begin, Aux, Database, Key, String | Element | …, EndOfKey, …, End}
//!   payload: one value with its version and checksum, as DUMP gives it and RESTORE takes it
//! ```
//!
//! The reader believes nothing: room is taken for bytes that have come, never for those that are claimed; what can't be held here
//! (a module's data, fields that expire by themselves) is refused by name, and every error says where the input is wrong.
#![forbid(unsafe_code)]

mod crc64;
mod error;
mod event;
mod format;
mod input;
mod lzf;
mod packed;
pub mod payload;
mod reader;
pub mod summary;
mod writer;

pub use crc64::Crc64;
pub use error::{Error, Wrong};
pub use event::{Event, Id, Key, Kind};
pub use format::Type;
pub use reader::read;
pub use writer::{Options, Writer};

/// Milliseconds since 1970.
pub type Millis = u64;

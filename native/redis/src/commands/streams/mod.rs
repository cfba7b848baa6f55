//! Streams: entries with ids, and groups of consumers that share them. A kind of command a file.

pub(super) mod add;
pub(super) mod claim;
pub(super) mod groups;
mod ids;
pub(super) mod info;
pub(super) mod pending;
pub(super) mod range;
pub(super) mod read;
mod reading;
mod shown;

use crate::call::Call;
use crate::command::{FIRST, Keys, flag};
use crate::events::Class;
use crate::fault::Fault;

/// Every command is of it.
const CATEGORY: &[&str] = &["stream"];
const READ: u32 = flag::READONLY;
const READ_FAST: u32 = flag::READONLY | flag::FAST;
const WRITE: u32 = flag::WRITE;
const WRITE_FAST: u32 = flag::WRITE | flag::FAST;
/// A subcommand's one key.
const SECOND: Keys = Keys::Range { first: 2, last: 2, step: 1 };
const ONE_KEY: Keys = FIRST;

/// Neither the key nor the group may be missing.
fn no_group(key: &[u8], group: &[u8], where_: &str) -> Fault {
    Fault::naming(&[b"NOGROUP No such key '", key, b"' or consumer group '", group, b"'", where_.as_bytes()])
}

/// Something changed that those who watch the key are not told of: a group, what is pending. Redis does the same.
fn changed_quietly(call: &mut Call<'_, '_>) {
    call.effects.changes += 1;
}

/// The same, with an event.
fn changed_group(call: &mut Call<'_, '_>, key: &[u8], event: &str) {
    changed_quietly(call);
    call.notify(Class::Stream, event, key);
}

//! Strings: bytes of any kind, and numbers as their digits.

pub(super) mod change;
pub(super) mod get;
pub(super) mod lcs;
pub(super) mod numbers;
mod options;
pub(super) mod set;

use dataset::{Kind, Value};

use crate::call::Call;
use crate::events::Class;
use crate::fault::Fault;

/// A string would become longer than a word may be.
const TOO_LONG: Fault = Fault::of("ERR string exceeds maximum allowed size (proto-max-bulk-len)");

impl Call<'_, '_> {
    /// Changes a string in place, an empty one if there is none; its expiry stays.
    ///
    /// # Errors
    /// `WRONG_TYPE`.
    pub(super) fn change_string<R>(&mut self, key: &[u8], change: impl FnOnce(&mut Vec<u8>) -> R) -> Result<R, Fault> {
        match self.kind(key) {
            Some(Kind::String) => {}
            Some(_) => return Err(Fault::WRONG_TYPE),
            None => self.set_string(key, b""),
        }
        let (database, hash) = self.data.at_mut(self.session.database, key);
        let changed = database.change(hash, key, |value| match value {
            Value::String(bytes) => Some(change(bytes)),
            _ => None,
        });
        changed.flatten().ok_or(Fault::WRONG_TYPE)
    }

    /// Puts a string in place of the one there is, whose expiry stays.
    pub(super) fn rewrite_string(&mut self, key: &[u8], bytes: &[u8]) {
        let place = self.expire_if_due(key);
        let access = self.server.accessed_first(self.wall);
        let database = self.data.part_mut(self.session.database, place);
        if !database.rewrite_string(place.hash, key, bytes, access) {
            self.notify(Class::New, "new", key);
        }
    }

    /// A string may become so long, all sizes together.
    ///
    /// # Errors
    /// When it is longer than a word may be.
    pub(super) fn check_length(&self, offset: u64, length: usize) -> Result<(), Fault> {
        let fits = offset.saturating_add(length as u64) <= self.server.limits().bulk_max as u64;
        if fits { Ok(()) } else { Err(TOO_LONG) }
    }
}

/// Appends zeros until there are so many bytes.
pub(super) fn grow(bytes: &mut Vec<u8>, length: usize) {
    if bytes.is_empty() {
        // Fresh zeros come from the system without being written.
        *bytes = vec![0; length];
    } else if bytes.len() < length {
        bytes.resize(length, 0);
    }
}

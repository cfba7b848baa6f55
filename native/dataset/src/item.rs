//! One key with its value, its expiry and when it was last used, in one allocation unless the value is a collection or long.

mod block;

use std::fmt;

use block::{BYTES_MAX, Block, Stored};

use crate::{Millis, Value, View};

/// An item of a database: as large as a pointer.
pub struct Item(Block);

const _: () = assert!(size_of::<Option<Item>>() == size_of::<usize>());

impl Item {
    /// One with any value.
    #[must_use]
    pub fn new(key: &[u8], value: Value, access: u32) -> Self {
        match value {
            Value::String(bytes) if bytes.len() <= BYTES_MAX => Self::string(key, &bytes, access),
            value => Self(Block::new(key, Stored::Owned(value), access, None)),
        }
    }

    /// One with a string.
    #[must_use]
    pub fn string(key: &[u8], bytes: &[u8], access: u32) -> Self {
        let stored =
            if bytes.len() <= BYTES_MAX { Stored::Bytes(bytes) } else { Stored::Owned(Value::String(bytes.to_vec())) };
        Self(Block::new(key, stored, access, None))
    }

    /// A hint: brings it near.
    #[inline]
    pub(crate) fn bring(&self) {
        self.0.bring();
    }

    /// Its key.
    #[must_use]
    #[inline]
    pub fn key(&self) -> &[u8] {
        self.0.key()
    }

    /// A look at its value.
    #[must_use]
    #[inline]
    pub fn view(&self) -> View<'_> {
        self.0.value().map_or_else(|| View::String(self.0.bytes()), Value::view)
    }

    /// When it expires.
    #[must_use]
    #[inline]
    pub fn expires_at(&self) -> Option<Millis> {
        self.0.expiry().filter(|&at| at != 0)
    }

    /// It counts as absent from this time on.
    #[must_use]
    #[inline]
    pub fn is_expired(&self, now: Millis) -> bool {
        self.expires_at().is_some_and(|at| at <= now)
    }

    /// What eviction goes by: a clock of seconds, or a logarithmic counter and the minute of its last decay.
    #[must_use]
    #[inline]
    pub fn access(&self) -> u32 {
        self.0.access()
    }

    #[inline]
    pub(crate) fn set_access(&mut self, access: u32) {
        self.0.set_access(access);
    }

    /// The same, which expires then.
    #[must_use]
    pub fn expiring(mut self, at: Millis) -> Self {
        self.set_expires_at(Some(at));
        self
    }

    /// Expiry takes room only from the first time on that it is set.
    pub(crate) fn set_expires_at(&mut self, at: Option<Millis>) {
        if self.0.set_expiry(at.unwrap_or(0)) || at.is_none() {
            return;
        }
        let (access, is_marked) = (self.0.access(), self.is_marked());
        let owned = self.0.value_mut().map(|value| std::mem::replace(value, Value::String(Vec::new())));
        let stored = owned.map_or(Stored::Bytes(self.0.bytes()), Stored::Owned);
        self.0 = Block::new(self.0.key(), stored, access, at);
        self.0.set_marked(is_marked);
    }

    /// Such a string would be put in place of the one there is.
    pub(crate) fn has_room(&self, bytes: &[u8]) -> bool {
        self.0.has_room(bytes.len())
    }

    /// A snapshot that is on its way has no more to do with it.
    pub(crate) fn is_marked(&self) -> bool {
        self.0.is_marked()
    }

    pub(crate) fn set_marked(&mut self, is_marked: bool) {
        self.0.set_marked(is_marked);
    }

    /// The same once more.
    #[must_use]
    pub fn copy(&self) -> Self {
        let mut copy = match self.view() {
            View::String(bytes) => Self::string(self.key(), bytes, self.access()),
            view => Self::new(self.key(), view.to_value(), self.access()),
        };
        if let Some(at) = self.expires_at() {
            copy.set_expires_at(Some(at));
        }
        copy
    }

    /// Puts a string in place of the value there is; false when that takes another item.
    pub(crate) fn set_string(&mut self, bytes: &[u8]) -> bool {
        self.0.set_bytes(bytes)
    }

    /// Its value, to be changed: a string is then kept as one that will change again.
    pub(crate) fn value_mut(&mut self) -> &mut Value {
        if self.0.value().is_none() {
            let string = Stored::Owned(Value::String(self.0.bytes().to_vec()));
            let is_marked = self.is_marked();
            self.0 = Block::new(self.0.key(), string, self.0.access(), self.0.expiry());
            self.0.set_marked(is_marked);
        }
        self.0.value_mut().expect("it owns a value now")
    }

    /// Its value, to be changed, unless it is a string.
    pub(crate) fn collection_mut(&mut self) -> Option<&mut Value> {
        self.0.value_mut().filter(|value| !matches!(value, Value::String(_)))
    }

    /// As OBJECT ENCODING says it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        match self.0.value() {
            // A string that has been changed in place.
            Some(Value::String(_)) => "raw",
            _ => self.view().encoding(),
        }
    }

    /// Its value.
    #[must_use]
    pub fn into_value(self) -> Value {
        if self.0.value().is_none() {
            return Value::String(self.0.bytes().to_vec());
        }
        self.0.into_value().expect("it owns a value, as just seen")
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.0.weight() + self.0.value().map_or(0, Value::weight)
    }

    pub(crate) fn validate(&self) {
        if let Some(value) = self.0.value() {
            value.validate();
        }
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Item");
        shown.field("key", &self.key().escape_ascii().to_string()).field("value", &self.view());
        shown.field("expires_at", &self.expires_at()).field("access", &self.access()).finish()
    }
}

#[cfg(test)]
mod tests;

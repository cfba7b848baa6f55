//! One key with its value, its expiry and when it was last used.

use crate::{Millis, Value, View};

/// An item of a database.
#[derive(Debug)]
pub struct Item {
    key: Box<[u8]>,
    value: Value,
    /// 0 = never.
    expires_at: Millis,
    /// What eviction goes by: a clock of seconds, or a logarithmic counter and the minute of its last decay.
    access: u32,
}

impl Item {
    pub(crate) fn new(key: &[u8], value: Value, access: u32) -> Self {
        Self { key: key.into(), value, expires_at: 0, access }
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// A look at its value.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        self.value.view()
    }

    /// When it expires.
    #[must_use]
    pub fn expires_at(&self) -> Option<Millis> {
        (self.expires_at != 0).then_some(self.expires_at)
    }

    /// It counts as absent from this time on.
    #[must_use]
    pub fn is_expired(&self, now: Millis) -> bool {
        self.expires_at != 0 && self.expires_at <= now
    }

    /// What eviction goes by.
    #[must_use]
    pub fn access(&self) -> u32 {
        self.access
    }

    pub(crate) fn set_access(&mut self, access: u32) {
        self.access = access;
    }

    pub(crate) fn set_expires_at(&mut self, at: Option<Millis>) {
        self.expires_at = at.unwrap_or(0);
    }

    pub(crate) fn value_mut(&mut self) -> &mut Value {
        &mut self.value
    }

    /// As OBJECT ENCODING says it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        self.value.view().encoding()
    }

    /// Its value.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.value
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.key.len() + self.value.weight()
    }

    pub(crate) fn validate(&self) {
        self.value.validate();
    }
}

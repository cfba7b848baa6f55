//! Values and items, as they come and go.

use crate::settings::Seconds;
use std::sync::Arc;

/// A value as it is kept: in a segment, or large and shared.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Lies in a segment: to be copied while the shard is locked.
    Inline(&'a [u8]),
    /// May be kept and sent later.
    Shared(&'a Arc<Vec<u8>>),
}

impl<'a> Value<'a> {
    /// Its bytes.
    pub fn as_slice(&self) -> &'a [u8] {
        match self {
            Self::Inline(bytes) => bytes,
            Self::Shared(bytes) => bytes.as_slice(),
        }
    }
}

/// A value to be stored.
#[derive(Clone, Debug)]
pub enum NewValue<'a> {
    /// Copied.
    Copied(&'a [u8]),
    /// Kept as it is (meant for values from `Cache::shared_from()` bytes on; shorter ones are copied).
    Owned(Vec<u8>),
}

impl NewValue<'_> {
    /// Its bytes.
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Copied(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }

    pub(crate) fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Copied(bytes) => bytes.to_vec(),
            Self::Owned(bytes) => bytes,
        }
    }
}

/// Why nothing was stored: full, and nothing may be (`evict: false`) or can be evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

impl std::fmt::Display for NoRoom {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("no room in the store, and nothing to evict")
    }
}

impl std::error::Error for NoRoom {}

/// One item, as read.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// What was stored.
    pub value: Value<'a>,
    /// The client's.
    pub flags: u32,
    /// 0 = never.
    pub expires_at: Seconds,
    /// When it was last read or written.
    pub accessed_at: Seconds,
    /// It was read since it was stored.
    pub fetched: bool,
    /// Marked so by `set_marks` or when stored.
    pub stale: bool,
    /// A client has been told that it may recache this item.
    pub won: bool,
}

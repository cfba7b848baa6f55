//! Bytes that wait to be sent on one connection: copied ones, and large values that are shared, in order.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// An output queue. Small pieces are appended to one buffer; a large value is referred to, never copied.
///
/// ```text
///   bytes   [........A........|....B....]      sent ──> first byte not yet sent, counted over all
///   shared             (at A.len, value)       order on the wire: A, value, B
/// ```
#[derive(Debug, Default)]
pub struct Reply {
    pub(crate) bytes: Vec<u8>,
    pub(crate) shared: VecDeque<Shared>,
    /// Bytes of `bytes` that are sent.
    pub(crate) bytes_sent: usize,
    /// Bytes of the shared values that are still to be sent.
    pub(crate) shared_left: usize,
    pub(crate) limit: usize,
}

/// A piece of a large value, to be sent when `at` bytes of the buffer have gone.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) at: usize,
    pub(crate) value: Arc<Vec<u8>>,
    pub(crate) range: Range<usize>,
}

impl Reply {
    /// An empty reply that counts as full from `limit` unsent bytes on.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Appends a copy.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The buffer itself, to append to; what is there already must stay.
    #[inline]
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Appends a part of a large value without copying it.
    pub fn share(&mut self, value: Arc<Vec<u8>>, range: Range<usize>) {
        self.shared_left += range.len();
        self.shared.push_back(Shared { at: self.bytes.len(), value, range });
    }

    /// Unsent bytes.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.bytes_sent + self.shared_left
    }

    /// Nothing waits.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// So much waits that the service should stop producing (`Progress::Blocked`).
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() >= self.limit
    }
}

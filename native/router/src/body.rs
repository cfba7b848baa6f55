//! Bytes on their way to a client or a node: borrowed from what has just been read, or kept until they can be sent.

use std::ops::Range;
use std::sync::Arc;

use reactor::Reply;

/// Kept bytes from this size on are sent from where they are instead of being copied once more.
pub const SHARE_BYTES_MIN: usize = 16 << 10;

/// Bytes that wait in a slot.
#[derive(Debug)]
pub enum Body {
    /// Known when this was compiled.
    Fixed(&'static [u8]),
    /// A few.
    Bytes(Vec<u8>),
    /// Many.
    Shared(Arc<Vec<u8>>, Range<usize>),
}

impl Body {
    /// Says nothing.
    pub const NOTHING: Self = Self::Fixed(b"");

    /// Keeps what it is given, in the form that suits its size.
    #[must_use]
    pub fn keep(bytes: Vec<u8>) -> Self {
        if bytes.len() < SHARE_BYTES_MIN {
            return Self::Bytes(bytes);
        }
        let whole = 0..bytes.len();
        Self::Shared(Arc::new(bytes), whole)
    }

    /// All of it.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Fixed(bytes) => bytes,
            Self::Bytes(bytes) => bytes,
            Self::Shared(bytes, range) => &bytes[range.clone()],
        }
    }

    /// How much.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Only the first bytes.
    #[must_use]
    pub fn cut(self, length: usize) -> Self {
        match self {
            Self::Fixed(bytes) => Self::Fixed(&bytes[..length.min(bytes.len())]),
            Self::Bytes(mut bytes) => {
                bytes.truncate(length);
                Self::Bytes(bytes)
            }
            Self::Shared(bytes, range) => Self::Shared(bytes, range.start..range.end.min(range.start + length)),
        }
    }

    /// Sends a part of it.
    pub fn write_range(&self, range: Range<usize>, reply: &mut Reply) {
        match self {
            Self::Shared(bytes, whole) if range.len() >= SHARE_BYTES_MIN => {
                reply.share(Arc::clone(bytes), whole.start + range.start..whole.start + range.end);
            }
            _ => reply.put(&self.as_slice()[range]),
        }
    }

    /// Sends all of it.
    pub fn write(&self, reply: &mut Reply) {
        self.write_range(0..self.len(), reply);
    }
}

/// A node's answer.
#[derive(Debug)]
pub enum Answer<'a> {
    /// It came in one piece.
    Borrowed(&'a [u8]),
    /// It was put together.
    Owned(Vec<u8>),
}

impl Answer<'_> {
    /// All of it.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }

    /// Keeps it.
    #[must_use]
    pub fn keep(self) -> Body {
        match self {
            Self::Borrowed(bytes) => Body::Bytes(bytes.to_vec()),
            Self::Owned(bytes) => Body::keep(bytes),
        }
    }

    /// Sends its first `length` bytes.
    #[inline]
    pub fn write(self, length: usize, reply: &mut Reply) {
        match self {
            Self::Borrowed(bytes) => reply.put(&bytes[..length]),
            Self::Owned(bytes) => Body::keep(bytes).write_range(0..length, reply),
        }
    }
}

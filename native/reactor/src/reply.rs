//! Bytes that wait to be sent on one connection: copied ones, and large values that are shared, in order. A part of them may be held
//! until the service releases it, and what stands behind that part with it (`gates.rs`).

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::net::{self, SendAncillaryBuffer, SendFlags};

use crate::gates::{Gates, Place, Ticket, Watermarks};

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
    /// Shared values that have been sent as a whole, ever.
    pieces_sent: usize,
    /// What may not leave yet.
    gates: Gates,
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
        if range.is_empty() {
            return;
        }
        self.shared_left += range.len();
        self.shared.push_back(Shared { at: self.bytes.len(), value, range });
    }

    /// Holds what stands in the buffer from position `from` on, and all that follows on this connection, until `Links::release` has
    /// come as far as the ticket. What is held begins with a byte of the buffer: a value shared at that very place stands before it.
    #[cold]
    pub fn hold(&mut self, from: usize, ticket: Ticket) {
        let bytes = from.clamp(self.bytes_sent, self.bytes.len());
        let pieces = self.shared.partition_point(|shared| shared.at <= bytes);
        self.gates.put(Place { bytes, pieces: self.pieces_sent + pieces }, ticket);
    }

    /// A part of it waits for its release.
    #[inline]
    #[must_use]
    pub fn is_held(&self) -> bool {
        !self.gates.is_empty()
    }

    /// Unsent bytes, held ones among them.
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

    /// Memory that it takes, shared values as if they were its own.
    #[inline]
    pub(crate) fn held(&self) -> usize {
        self.bytes.capacity() + self.shared_left
    }

    #[inline]
    pub(crate) fn is_over_half(&self) -> bool {
        self.len() > self.limit / 2
    }

    /// So much waits that the service should stop producing (`Progress::Blocked`).
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() >= self.limit
    }
}

/// How many pieces one system call is given at most.
const PIECES_MAX: usize = 64;

/// How sending went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// All of it: the reply is empty.
    All,
    /// All that may leave.
    Held,
    /// The kernel takes no more for now.
    Partly,
}

impl Reply {
    /// Sends as much as may leave and as the kernel takes; returns how it went and how many bytes went.
    pub(crate) fn send(&mut self, socket: BorrowedFd<'_>) -> io::Result<(Sent, usize)> {
        let (end, mut total) = (self.gates.first().unwrap_or(self.end()), 0);
        while self.bytes_sent < end.bytes || self.pieces_sent < end.pieces {
            let sent = if self.pieces_sent == end.pieces {
                net::send(socket, &self.bytes[self.bytes_sent..end.bytes], SendFlags::NOSIGNAL)
            } else {
                self.send_pieces(socket, end)
            };
            match sent {
                Ok(count) => {
                    total += count;
                    self.advance(count);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.compact();
                    return Ok((Sent::Partly, total));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if self.is_held() {
            self.compact();
            return Ok((Sent::Held, total));
        }
        self.bytes.clear();
        self.bytes_sent = 0;
        Ok((Sent::All, total))
    }

    fn end(&self) -> Place {
        Place { bytes: self.bytes.len(), pieces: self.pieces_sent + self.shared.len() }
    }

    fn send_pieces(&self, socket: BorrowedFd<'_>, end: Place) -> rustix::io::Result<usize> {
        let mut pieces: Vec<IoSlice<'_>> = Vec::with_capacity(PIECES_MAX);
        let (mut from, open) = (self.bytes_sent, end.pieces - self.pieces_sent);
        for shared in self.shared.iter().take(open.min(PIECES_MAX / 2 - 1)) {
            if shared.at > from {
                pieces.push(IoSlice::new(&self.bytes[from..shared.at]));
                from = shared.at;
            }
            pieces.push(IoSlice::new(&shared.value[shared.range.clone()]));
        }
        if open < PIECES_MAX / 2 {
            pieces.push(IoSlice::new(&self.bytes[from..end.bytes]));
        }
        net::sendmsg(socket, &pieces, &mut SendAncillaryBuffer::default(), SendFlags::NOSIGNAL)
    }

    /// Counts `count` bytes, in the order of the wire, as sent.
    fn advance(&mut self, mut count: usize) {
        while let Some(shared) = self.shared.front_mut() {
            let copied = (shared.at - self.bytes_sent).min(count);
            self.bytes_sent += copied;
            count -= copied;
            if self.bytes_sent < shared.at {
                return;
            }
            let taken = shared.range.len().min(count);
            shared.range.start += taken;
            self.shared_left -= taken;
            count -= taken;
            if !shared.range.is_empty() {
                return;
            }
            self.shared.pop_front();
            self.pieces_sent += 1;
        }
        self.bytes_sent += count;
    }

    /// Gives up the sent front of the buffer once it is the larger part, so that a slow reader's reply stays near its limit.
    fn compact(&mut self) {
        if self.bytes_sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.bytes_sent);
            for shared in &mut self.shared {
                shared.at -= self.bytes_sent;
            }
            self.gates.shift(self.bytes_sent);
            self.bytes_sent = 0;
        }
    }

    /// Lets go what the watermarks have passed; true if there was any.
    pub(crate) fn open_gates(&mut self, marks: &Watermarks) -> bool {
        self.gates.open(marks)
    }

    /// Puts `text` in the place of all that is held.
    pub(crate) fn replace_held(&mut self, text: &[u8]) {
        let Some(place) = self.gates.first() else { return };
        self.bytes.truncate(place.bytes);
        let cut = self.shared.drain(place.pieces - self.pieces_sent..);
        self.shared_left -= cut.map(|shared| shared.range.len()).sum::<usize>();
        self.gates.clear();
        self.put(text);
    }
}

#[cfg(test)]
mod tests;

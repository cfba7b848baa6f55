//! Bytes that wait to be sent on one connection: copied ones, and large values that are shared, in order.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::net::{self, SendAncillaryBuffer, SendFlags};

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
    /// The kernel takes no more for now.
    Partly,
}

impl Reply {
    /// Sends as much as the kernel takes; returns how it went and how many bytes went.
    pub(crate) fn send(&mut self, socket: BorrowedFd<'_>) -> io::Result<(Sent, usize)> {
        let mut total = 0;
        while !self.is_empty() {
            let sent = if self.shared.is_empty() {
                net::send(socket, &self.bytes[self.bytes_sent..], SendFlags::NOSIGNAL)
            } else {
                self.send_pieces(socket)
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
        self.bytes.clear();
        self.bytes_sent = 0;
        Ok((Sent::All, total))
    }

    fn send_pieces(&self, socket: BorrowedFd<'_>) -> rustix::io::Result<usize> {
        let mut pieces: Vec<IoSlice<'_>> = Vec::with_capacity(PIECES_MAX);
        let mut from = self.bytes_sent;
        for shared in self.shared.iter().take(PIECES_MAX / 2 - 1) {
            if shared.at > from {
                pieces.push(IoSlice::new(&self.bytes[from..shared.at]));
                from = shared.at;
            }
            pieces.push(IoSlice::new(&shared.value[shared.range.clone()]));
        }
        if self.shared.len() < PIECES_MAX / 2 {
            pieces.push(IoSlice::new(&self.bytes[from..]));
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
            self.bytes_sent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn pieces_arrive_in_order_through_a_narrow_socket() {
        let (ours, mut theirs) = UnixStream::pair().expect("a socket pair");
        ours.set_nonblocking(true).expect("sets the mode");
        let mut reply = Reply::with_limit(1 << 20);
        let mut expected = Vec::new();
        for round in 0..200_usize {
            let text = format!("<{round}>");
            reply.put(text.as_bytes());
            expected.extend_from_slice(text.as_bytes());
            let value = Arc::new(vec![u8::try_from(round % 251).expect("small"); round * 97]);
            reply.share(value.clone(), 0..value.len());
            expected.extend_from_slice(&value);
        }
        assert_eq!(reply.len(), expected.len());
        let reader = std::thread::spawn(move || {
            let mut got = Vec::new();
            theirs.read_to_end(&mut got).map(|_| got)
        });
        while reply.send(ours.as_fd()).expect("the peer reads").0 == Sent::Partly {
            assert!(!reply.is_empty());
            std::thread::yield_now();
        }
        assert_eq!(reply.len(), 0);
        drop(ours);
        assert!(reader.join().expect("the reader ends").expect("reads") == expected);
    }
}

//! The last bytes of a stream, in a chain of chunks: the newest at the back, the oldest dropped from the front. Nothing is ever moved,
//! so that a long chain, kept for a slow reader, costs who appends no more than a short one.

use std::collections::VecDeque;

/// Bytes of a chunk.
const CHUNK: usize = 64 << 10;

/// A stream's last bytes; memory is taken when the first one comes.
#[derive(Debug)]
pub(crate) struct Ring {
    chunks: VecDeque<Box<[u8]>>,
    /// Offset in the stream of the first chunk's first byte.
    first: u64,
    /// Bytes that it keeps at most, unless somebody still needs more.
    capacity: usize,
    /// Offset in the stream of the first byte that is kept, and behind the last one.
    start: u64,
    end: u64,
    /// A chunk to be used again.
    spare: Option<Box<[u8]>>,
}

impl Ring {
    /// Empty, at this offset of its stream.
    pub(crate) fn new(capacity: usize, at: u64) -> Self {
        Self { chunks: VecDeque::new(), first: at, capacity: capacity.max(1), start: at, end: at, spare: None }
    }

    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Appends; what is neither within the capacity then nor from `needed` on goes.
    #[inline]
    pub(crate) fn put(&mut self, mut bytes: &[u8], needed: u64) {
        loop {
            let at = (self.end - self.first) as usize;
            let Some(chunk) = self.chunks.get_mut(at / CHUNK) else {
                if bytes.is_empty() {
                    break;
                }
                self.chunks.push_back(self.spare.take().unwrap_or_else(|| vec![0; CHUNK].into()));
                continue;
            };
            let room = &mut chunk[at % CHUNK..];
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            self.end += count as u64;
            if bytes.is_empty() {
                break;
            }
        }
        self.trim(needed);
    }

    /// Lets go what is neither within the capacity nor from `needed` on.
    #[inline]
    pub(crate) fn trim(&mut self, needed: u64) {
        self.start = self.start.max(self.end.saturating_sub(self.capacity as u64).min(needed));
        while self.start - self.first >= CHUNK as u64 && !self.chunks.is_empty() {
            self.spare = self.chunks.pop_front();
            self.first += CHUNK as u64;
        }
    }

    /// Copies bytes from this offset on behind those in `into`, at most so many; returns how many, `None` if they are not kept.
    pub(crate) fn read(&self, from: u64, into: &mut Vec<u8>, max: usize) -> Option<usize> {
        if from < self.start || from > self.end {
            return None;
        }
        let count = usize::try_from(self.end - from).unwrap_or(usize::MAX).min(max);
        let (mut at, mut left) = ((from - self.first) as usize, count);
        while left > 0 {
            let chunk = &self.chunks[at / CHUNK][at % CHUNK..];
            let piece = &chunk[..chunk.len().min(left)];
            into.extend_from_slice(piece);
            (at, left) = (at + piece.len(), left - piece.len());
        }
        Some(count)
    }

    /// Keeps more or fewer bytes from now on.
    pub(crate) fn resize(&mut self, capacity: usize, needed: u64) {
        self.capacity = capacity.max(1);
        self.trim(needed);
    }

    /// # Panics
    /// When an invariant is broken.
    pub(crate) fn validate(&self) {
        assert!(self.first <= self.start && self.start <= self.end, "a ring ends behind its start");
        let room = (self.chunks.len() * CHUNK) as u64;
        assert!(self.end - self.first <= room, "what is kept has room");
        assert!(room < self.end - self.first + 2 * CHUNK as u64, "no chunk is kept for nothing");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(ring: &Ring, from: u64, max: usize) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        ring.read(from, &mut bytes, max).map(|count| {
            assert_eq!(count, bytes.len());
            bytes
        })
    }

    proptest! {
        /// Against a vector of everything that was ever put.
        #[test]
        fn keeps_the_last_bytes(
            steps in prop::collection::vec(
                (any::<u8>(), 0..150_000_usize, prop::option::weighted(0.1, 1..300_000_usize), prop::option::weighted(0.3, 0..200_000_u64)),
                1..30,
            ),
            first in 0..1000_u64,
        ) {
            let (mut ring, mut all, mut least) = (Ring::new(16, first), Vec::new(), first);
            for (byte, count, resize, behind) in steps {
                // Somebody needs the last bytes of what there is.
                let needed = behind.map_or(u64::MAX, |behind| ring.end().saturating_sub(behind).max(ring.start()));
                let bytes: Vec<u8> = (0..count).map(|at| byte.wrapping_add((at % 251) as u8)).collect();
                ring.put(&bytes, needed);
                all.extend(bytes);
                if let Some(capacity) = resize {
                    ring.resize(capacity, needed);
                }
                ring.validate();
                prop_assert!(ring.start() >= least, "what is gone does not come back");
                prop_assert!(ring.start() <= needed, "what is needed stays");
                prop_assert!(behind.is_some() || ring.end() - ring.start() <= ring.capacity() as u64);
                least = ring.start();
                prop_assert_eq!(ring.end(), first + all.len() as u64);
                let kept = &all[(ring.start() - first) as usize..];
                prop_assert!(read(&ring, ring.start(), usize::MAX).as_deref() == Some(kept));
                prop_assert!(read(&ring, ring.end() + 1, 1).is_none());
                prop_assert!(ring.start() == 0 || read(&ring, ring.start() - 1, 1).is_none());
                let middle = ring.start().midpoint(ring.end());
                let from = (middle - first) as usize;
                prop_assert!(read(&ring, middle, 3).as_deref() == Some(&all[from..all.len().min(from + 3)]));
            }
        }
    }
}

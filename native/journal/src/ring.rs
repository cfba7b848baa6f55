//! The last bytes of a stream, in a buffer that is written round and round.

/// A buffer of a stream's last bytes; memory is taken when the first one comes.
#[derive(Debug)]
pub(crate) struct Ring {
    bytes: Box<[u8]>,
    /// Bytes that it keeps at most.
    capacity: usize,
    /// Offset in the stream of the first byte that is kept, and behind the last one.
    start: u64,
    end: u64,
}

impl Ring {
    /// Empty, at this offset of its stream.
    pub(crate) fn new(capacity: usize, at: u64) -> Self {
        Self { bytes: Box::default(), capacity: capacity.max(1), start: at, end: at }
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

    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        if self.bytes.len() != self.capacity {
            self.bytes = vec![0; self.capacity].into();
        }
        let skipped = bytes.len().saturating_sub(self.capacity);
        let kept = &bytes[skipped..];
        let at = self.position(self.end + skipped as u64);
        let until_wrap = kept.len().min(self.capacity - at);
        self.bytes[at..at + until_wrap].copy_from_slice(&kept[..until_wrap]);
        self.bytes[..kept.len() - until_wrap].copy_from_slice(&kept[until_wrap..]);
        self.end += bytes.len() as u64;
        self.start = self.start.max(self.end.saturating_sub(self.capacity as u64));
    }

    /// The bytes from this offset on, at most so many, in two pieces; `None` if they are not kept.
    pub(crate) fn get(&self, from: u64, max: usize) -> Option<(&[u8], &[u8])> {
        if from < self.start || from > self.end {
            return None;
        }
        let count = usize::try_from(self.end - from).unwrap_or(usize::MAX).min(max);
        if count == 0 {
            return Some((&[], &[]));
        }
        let at = self.position(from);
        let until_wrap = count.min(self.capacity - at);
        Some((&self.bytes[at..at + until_wrap], &self.bytes[..count - until_wrap]))
    }

    /// Keeps more or fewer bytes from now on: the last of those that it has.
    pub(crate) fn resize(&mut self, capacity: usize) {
        let capacity = capacity.max(1);
        let from = self.start.max(self.end.saturating_sub(capacity as u64));
        let mut other = Self::new(capacity, from);
        if let Some((one, two)) = self.get(from, usize::MAX).filter(|(one, _)| !one.is_empty()) {
            other.put(one);
            other.put(two);
        }
        *self = other;
    }

    fn position(&self, offset: u64) -> usize {
        (offset % self.capacity as u64) as usize
    }

    /// # Panics
    /// When an invariant is broken.
    pub(crate) fn validate(&self) {
        assert!(self.start <= self.end, "a ring ends behind its start");
        assert!(self.end - self.start <= self.capacity as u64, "a ring keeps no more than it has room for");
        assert!(self.start == self.end || self.bytes.len() == self.capacity, "what is kept has room");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a vector of everything that was ever put.
        #[test]
        fn keeps_the_last_bytes(
            steps in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), prop::option::weighted(0.1, 1..50_usize)), 1..60),
            first in 0..1000_u64,
        ) {
            let (mut ring, mut all, mut least) = (Ring::new(16, first), Vec::new(), first);
            for (bytes, resize) in steps {
                ring.put(&bytes);
                all.extend(bytes);
                if let Some(capacity) = resize {
                    ring.resize(capacity);
                }
                ring.validate();
                prop_assert!(ring.start() >= least, "what is gone does not come back");
                least = ring.start();
                prop_assert_eq!(ring.end(), first + all.len() as u64);
                let (one, two) = ring.get(ring.start(), usize::MAX).expect("it is kept");
                prop_assert_eq!([one, two].concat(), &all[(ring.start() - first) as usize..]);
                prop_assert!(ring.get(ring.end() + 1, 1).is_none());
                prop_assert!(ring.start() == 0 || ring.get(ring.start() - 1, 1).is_none());
                let middle = ring.start().midpoint(ring.end());
                let (one, two) = ring.get(middle, 3).expect("it is kept");
                let from = (middle - first) as usize;
                prop_assert_eq!([one, two].concat(), &all[from..all.len().min(from + 3)]);
            }
        }
    }
}

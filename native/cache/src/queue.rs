//! A queue of segments, the oldest first. Items enter at its tail; eviction takes them from its head.

use std::collections::VecDeque;

#[derive(Default)]
pub(crate) struct Queue {
    /// Numbers of segments; the last one is appended to.
    pub segments: VecDeque<usize>,
    /// Bytes of its live items, large values included.
    pub weight: usize,
}

impl Queue {
    pub fn remove(&mut self, number: usize) {
        let position = self.segments.iter().position(|found| *found == number);
        self.segments.remove(position.expect("a segment stands in its queue"));
    }
}

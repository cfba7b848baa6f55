//! When the first item of each segment of a table expires, or a time before that: so that who looks for expired items passes by all
//! the others, at eight bytes a segment.

use crate::Millis;

/// As many times as the table has segments; none before the first expiry.
#[derive(Debug, Default)]
pub(crate) struct Due(Vec<Millis>);

/// The segment of which the `count`-th (from 0) is split off.
fn parent(count: usize) -> usize {
    count - (1 << count.ilog2())
}

impl Due {
    /// An item of this segment expires at this time.
    pub(crate) fn note(&mut self, segments: usize, segment: usize, at: Millis) {
        if self.0.is_empty() {
            self.0 = vec![Millis::MAX; segments];
        }
        self.0[segment] = self.0[segment].min(at);
    }

    /// The table has so many segments now.
    pub(crate) fn resized(&mut self, segments: usize) {
        while !self.0.is_empty() && self.0.len() < segments {
            self.0.push(self.0[parent(self.0.len())]);
        }
        while self.0.len() > segments.max(1) {
            let last = self.0.pop().unwrap_or(Millis::MAX);
            let into = parent(self.0.len());
            self.0[into] = self.0[into].min(last);
        }
    }

    /// The next segment, from this one on, where something may have expired.
    pub(crate) fn next(&self, from: usize, now: Millis) -> Option<usize> {
        let at = self.0.get(from..)?.iter().position(|&at| at <= now)?;
        Some(from + at)
    }

    /// What was found when a segment was looked through.
    pub(crate) fn set(&mut self, segment: usize, at: Millis) {
        self.0[segment] = at;
    }

    /// # Panics
    /// When the times are not as many as the segments.
    pub(crate) fn validate(&self, segments: usize) {
        assert!(self.0.is_empty() || self.0.len() == segments.max(1), "each segment has its time");
    }

    /// Not after this segment's first expiry.
    pub(crate) fn of(&self, segment: usize) -> Millis {
        self.0.get(segment).copied().unwrap_or(Millis::MAX)
    }
}

//! When which part of the stream was written: so that the age of a write that has not been confirmed is known. Precise for what is new,
//! coarse for what is old, and never younger than the truth; of bounded size.
//!
//! ```text
//!   level 0   . . . . . . . .      an entry a millisecond, the last 128 of them
//!   level 1   .   .   .   .   .   .   .   .      one in two milliseconds, the last 128
//!   level n   one in 2^n
//! ```

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::host::Moment;

/// The last level's entries reach back for a month.
const LEVELS: usize = 24;
const ENTRIES_MAX: usize = 128;

/// From an offset on, what was written was written at this moment or later.
type Entry = (u64, Moment);

/// One server's.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    levels: Mutex<[VecDeque<Entry>; LEVELS]>,
    /// The moment of the last entry: nothing is to be noted before the next one.
    noted_at: AtomicU64,
}

impl Diary {
    /// What stands from this offset on has been written now.
    #[inline]
    pub(crate) fn note(&self, start: u64, now: Moment) {
        if now > self.noted_at.load(Relaxed) {
            self.enter(start, now);
        }
    }

    #[cold]
    fn enter(&self, start: u64, now: Moment) {
        let mut levels = self.levels.lock();
        // Another thread may have been quicker with a later offset: its earlier bytes count as older then.
        if levels[0].back().is_some_and(|(last, at)| *last >= start || *at >= now) {
            return;
        }
        self.noted_at.store(now, Relaxed);
        for (level, entries) in levels.iter_mut().enumerate() {
            if entries.back().is_some_and(|(_, at)| now - at < 1 << level) {
                break;
            }
            if entries.len() == ENTRIES_MAX {
                entries.pop_front();
            }
            entries.push_back((start, now));
        }
    }

    /// When the byte at this offset was written, or some time before; `None` before the first entry.
    pub(crate) fn written_at(&self, offset: u64) -> Option<Moment> {
        let levels = self.levels.lock();
        let known = |entries: &&VecDeque<Entry>| entries.front().is_some_and(|(start, _)| *start <= offset);
        let entries = levels.iter().find(known).or(levels.last())?;
        let after = entries.partition_point(|(start, _)| *start <= offset);
        entries.get(after.saturating_sub(1)).map(|(_, at)| *at)
    }

    /// Another stream begins.
    pub(crate) fn clear(&self) {
        let mut levels = self.levels.lock();
        levels.iter_mut().for_each(VecDeque::clear);
        self.noted_at.store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against the whole truth: never younger, and not much older.
        #[test]
        fn an_age_is_never_less_than_it_is(
            steps in vec((1..50_u64, prop_oneof![9 => 0..4_u64, 1 => 0..1000_u64]), 1..5000),
            at in 0.0..1.0_f64,
        ) {
            let (diary, mut truth, mut end, mut now) = (Diary::default(), Vec::new(), 0, 1);
            for (bytes, pause) in steps {
                now += pause;
                diary.note(end, now);
                truth.push((end, now));
                end += bytes;
            }
            let (offset, written_at) = truth[(at * truth.len() as f64) as usize];
            let said = diary.written_at(offset).expect("there is an entry");
            prop_assert!(said <= written_at);
            let age = now - written_at;
            prop_assert!(written_at - said <= age / 32 + 1, "{} for {}, {} ago", said, written_at, age);
        }
    }
}

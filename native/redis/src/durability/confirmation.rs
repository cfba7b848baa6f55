//! What one execution's reply depends on: its own effect, or else the writes of others to the keys that it has looked at.

use dataset::Locked;
use smallvec::SmallVec;

use crate::attached::Attached;
use crate::host::Moment;

/// Keys noted one by one; an execution that changes more notes all of its shards' slots.
const KEYS_MAX: usize = 64;

/// Collected while an execution runs.
#[derive(Debug, Default)]
pub(crate) struct Confirmation {
    /// Reads wait for unconfirmed writes: they are looked up and noted.
    pub(crate) guards_reads: bool,
    /// The reply may leave when the stream is confirmed up to here; 0: at once.
    pub(crate) offset: u64,
    /// Where the stream ended with the last effect of a request, those of others that it served among them; 0: there was none.
    pub(crate) last: u64,
    /// When the batch of requests began to change something: one look at the clock for all of them.
    moment: Option<Moment>,
    /// Hashes of changed keys.
    changed: SmallVec<[u64; 4]>,
}

impl Confirmation {
    /// An execution begins.
    #[inline]
    pub(crate) fn begin(&mut self, guards_reads: bool) {
        (self.guards_reads, self.offset) = (guards_reads, 0);
        self.changed.clear();
    }

    /// A batch of requests begins.
    #[inline]
    pub(crate) fn begin_batch(&mut self) {
        self.moment = None;
    }

    /// The time, as of the first change of the batch.
    #[inline]
    pub(crate) fn moment(&mut self, now: impl FnOnce() -> Moment) -> Moment {
        *self.moment.get_or_insert_with(now)
    }

    /// A key has been looked at whose slot was last written at this offset.
    #[inline]
    pub(crate) fn depends_on(&mut self, offset: u64) {
        self.offset = self.offset.max(offset);
    }

    /// A key of this hash has been changed.
    #[inline]
    pub(crate) fn changed(&mut self, hash: u64) {
        if self.guards_reads && self.changed.len() <= KEYS_MAX {
            self.changed.push(hash);
        }
    }

    /// The execution's effects have been appended, and the stream ends here with them.
    #[inline]
    pub(crate) fn appended(&mut self, data: &mut Locked<'_, Attached>, offset: u64) {
        (self.offset, self.last) = (offset, offset);
        if self.guards_reads {
            self.note(data, offset);
        }
    }

    #[cold]
    fn note(&self, data: &mut Locked<'_, Attached>, offset: u64) {
        if self.changed.is_empty() || self.changed.len() > KEYS_MAX {
            data.parts_mut(0).for_each(|(_, _, attached)| attached.recent.note_all(offset));
        } else {
            self.changed.iter().for_each(|hash| data.attached_to(*hash).recent.note(*hash, offset));
        }
    }
}

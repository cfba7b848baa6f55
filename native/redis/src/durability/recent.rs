//! The offsets of a shard's last writes by their keys' hashes: who reads what has not been confirmed waits for its confirmation. Hangs on
//! the shard, under its lock; keys that share a slot wait for each other's writes, which costs time and nothing else.

/// Slots of a shard.
const SLOTS: usize = 64;

/// One shard's; takes memory with the first write that is noted.
#[derive(Debug, Default)]
pub(crate) struct Recent(Option<Box<[u64; SLOTS]>>);

impl Recent {
    /// A key of this hash was written, and the stream ends here with it.
    pub(crate) fn note(&mut self, hash: u64, offset: u64) {
        self.0.get_or_insert_with(|| Box::new([0; SLOTS]))[slot(hash)] = offset;
    }

    /// Where the stream ended with the last write to a key of this hash, or of one with its slot; 0 without any.
    pub(crate) fn of(&self, hash: u64) -> u64 {
        self.0.as_ref().map_or(0, |slots| slots[slot(hash)])
    }

    /// Every key was written.
    pub(crate) fn note_all(&mut self, offset: u64) {
        self.0 = Some(Box::new([offset; SLOTS]));
    }
}

/// Bits that neither choose the shard (the highest) nor the place in its table (the lowest).
fn slot(hash: u64) -> usize {
    (hash >> 40) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_offset_of_its_last_write() {
        let mut recent = Recent::default();
        let (one, other) = (3 << 40, 4 << 40);
        assert_eq!(recent.of(one), 0);
        recent.note(one, 10);
        recent.note(one | 1, 20);
        assert_eq!((recent.of(one), recent.of(other)), (20, 0));
        recent.note_all(30);
        assert_eq!((recent.of(one), recent.of(other)), (30, 30));
    }
}

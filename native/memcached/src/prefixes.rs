//! Statistics by key prefix (`stats detail`): what stands before the delimiter; the number of prefixes is bounded.

use std::collections::BTreeMap;

use parking_lot::Mutex;

/// Prefixes counted; later ones are not.
const PREFIXES_MAX: usize = 10_000;

/// What is counted of one prefix.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) gets: u64,
    pub(crate) hits: u64,
    pub(crate) sets: u64,
    pub(crate) deletes: u64,
}

/// All prefixes.
#[derive(Debug)]
pub(crate) struct Prefixes {
    delimiter: u8,
    counts: Mutex<BTreeMap<Vec<u8>, Counts>>,
}

impl Prefixes {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self { delimiter, counts: Mutex::default() }
    }

    /// Counts something of a key's prefix; a key without one is not counted.
    pub(crate) fn count(&self, key: &[u8], add: impl FnOnce(&mut Counts)) {
        let Some(end) = key.iter().position(|&byte| byte == self.delimiter) else {
            return;
        };
        let mut counts = self.counts.lock();
        if counts.len() < PREFIXES_MAX || counts.contains_key(&key[..end]) {
            add(counts.entry(key[..end].to_vec()).or_default());
        }
    }

    pub(crate) fn visit(&self, mut visit: impl FnMut(&[u8], &Counts)) {
        self.counts.lock().iter().for_each(|(prefix, counts)| visit(prefix, counts));
    }

    pub(crate) fn clear(&self) {
        self.counts.lock().clear();
    }
}

//! What `config get cluster` answers: how clients of Amazon's ElastiCache find the nodes of a cluster.

use std::sync::Arc;

use parking_lot::RwLock;

/// The most entries, so that clients cannot fill the memory.
const ENTRIES_MAX: usize = 16;
/// The longest entry, in bytes.
pub(crate) const ENTRY_MAX_BYTES: usize = 64 * 1024;

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) flags: u32,
    pub(crate) payload: Arc<Vec<u8>>,
}

/// The entries by name; there are few.
#[derive(Debug, Default)]
pub(crate) struct ClusterConfig {
    entries: RwLock<Vec<Entry>>,
}

impl ClusterConfig {
    pub(crate) fn get(&self, name: &[u8]) -> Option<Entry> {
        self.entries.read().iter().find(|entry| entry.name == name).cloned()
    }

    /// False if there are too many.
    pub(crate) fn set(&self, entry: Entry) -> bool {
        let mut entries = self.entries.write();
        match entries.iter().position(|present| present.name == entry.name) {
            Some(index) => entries[index] = entry,
            None if entries.len() == ENTRIES_MAX => return false,
            None => entries.push(entry),
        }
        true
    }

    pub(crate) fn delete(&self, name: &[u8]) -> bool {
        let mut entries = self.entries.write();
        let before = entries.len();
        entries.retain(|entry| entry.name != name);
        entries.len() < before
    }

    pub(crate) fn count(&self) -> usize {
        self.entries.read().len()
    }
}

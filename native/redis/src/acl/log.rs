//! What has been refused lately, the newest first; the same again within a minute is counted, not repeated.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use dataset::Millis;
use parking_lot::Mutex;

/// For how long the same is counted together.
const TOGETHER_MS: Millis = 60_000;

/// One refusal.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) count: u64,
    /// `command`, `key`, `channel` or `auth`.
    pub(crate) reason: &'static str,
    /// `toplevel`, `multi` or `lua`.
    pub(crate) context: &'static str,
    pub(crate) object: Vec<u8>,
    pub(crate) user: Vec<u8>,
    pub(crate) client: String,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
}

/// The log.
#[derive(Debug, Default)]
pub(crate) struct AclLog {
    entries: Mutex<VecDeque<Entry>>,
    last: AtomicU64,
    pub(crate) counts: [AtomicU64; 4],
}

const REASONS: [&str; 4] = ["auth", "command", "key", "channel"];

impl AclLog {
    pub(crate) fn push(&self, mut entry: Entry, most: i64) {
        if let Some(at) = REASONS.iter().position(|reason| *reason == entry.reason) {
            self.counts[at].fetch_add(1, Relaxed);
        }
        let mut entries = self.entries.lock();
        let same = entries.iter().position(|known| {
            known.reason == entry.reason
                && known.context == entry.context
                && known.object == entry.object
                && known.user == entry.user
                && entry.updated_at.saturating_sub(known.updated_at) <= TOGETHER_MS
        });
        if let Some(known) = same.and_then(|at| entries.remove(at)) {
            entry = Entry { number: known.number, count: known.count + 1, created_at: known.created_at, ..entry };
        } else {
            entry.number = self.last.fetch_add(1, Relaxed);
        }
        entries.push_front(entry);
        entries.truncate(usize::try_from(most).unwrap_or(0));
    }

    pub(crate) fn newest(&self, count: usize) -> Vec<Entry> {
        self.entries.lock().iter().take(count).cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.entries.lock().clear();
    }

    /// How often this was the reason.
    pub(crate) fn count(&self, reason: &str) -> u64 {
        REASONS.iter().position(|known| *known == reason).map_or(0, |at| self.counts[at].load(Relaxed))
    }
}

//! Commands that took long, the newest first; so many as `slowlog-max-len` allows.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::clients::Client;

/// Words of a request that are kept, and bytes of each.
const WORDS_MAX: usize = 32;
const BYTES_MAX: usize = 128;

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) number: i64,
    pub(crate) second: i64,
    pub(crate) microseconds: i64,
    pub(crate) words: Vec<Vec<u8>>,
    pub(crate) address: String,
    pub(crate) name: Vec<u8>,
}

/// The log.
#[derive(Debug, Default)]
pub(crate) struct SlowLog {
    entries: Mutex<(i64, VecDeque<Entry>)>,
}

impl SlowLog {
    pub(crate) fn push(&self, words: &[&[u8]], microseconds: i64, client: &Client, most: i64) {
        let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        let (address, name) = (client.peer.address.clone(), client.names.lock().name.clone());
        let mut entries = self.entries.lock();
        let (next, entries) = &mut *entries;
        entries.push_front(Entry { number: *next, second, microseconds, words: shortened(words), address, name });
        *next += 1;
        entries.truncate(usize::try_from(most).unwrap_or(0));
    }

    pub(crate) fn trim(&self, most: i64) {
        self.entries.lock().1.truncate(usize::try_from(most).unwrap_or(0));
    }

    pub(crate) fn newest(&self, count: usize) -> Vec<Entry> {
        self.entries.lock().1.iter().take(count).cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.lock().1.len()
    }

    pub(crate) fn clear(&self) {
        self.entries.lock().1.clear();
    }
}

/// What is kept of a request, in Redis's own form: what is left out is counted.
fn shortened(words: &[&[u8]]) -> Vec<Vec<u8>> {
    let shown = if words.len() > WORDS_MAX { WORDS_MAX - 1 } else { words.len() };
    let short = |word: &&[u8]| match word.len() {
        0..=BYTES_MAX => word.to_vec(),
        length => [&word[..BYTES_MAX], format!("... ({} more bytes)", length - BYTES_MAX).as_bytes()].concat(),
    };
    let mut kept: Vec<Vec<u8>> = words[..shown].iter().map(short).collect();
    if shown < words.len() {
        kept.push(format!("... ({} more arguments)", words.len() - shown).into_bytes());
    }
    kept
}

//! Scripts that can be run by their SHA-1. One that SCRIPT LOAD brought stays until SCRIPT FLUSH, as clients count on; those that
//! only EVAL brought are as many as `EVALUATED_MAX`, so that a client that writes values into its scripts' text fills no memory
//! (Redis 7.4 does so; 7.2 keeps them all).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::fault::Fault;
use crate::scripts::script::{Script, Sha};

/// Scripts that only EVAL brought; the one not used for longest goes first, roughly.
const EVALUATED_MAX: usize = 500;
/// Scripts that SCRIPT LOAD brought.
const LOADED_MAX: usize = 100_000;

#[derive(Debug)]
struct Entry {
    script: Arc<Script>,
    is_loaded: bool,
    /// Since the queue last came by.
    is_used: AtomicBool,
}

/// The scripts there are.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    entries: HashMap<Sha, Entry>,
    /// Those that only EVAL brought, the oldest first.
    evaluated: VecDeque<Sha>,
    loaded: usize,
    weight: usize,
}

impl Cache {
    pub(crate) fn find(&self, sha: &Sha) -> Option<&Arc<Script>> {
        let entry = self.entries.get(sha)?;
        if !entry.is_used.load(Relaxed) {
            entry.is_used.store(true, Relaxed);
        }
        Some(&entry.script)
    }

    /// Keeps a script that EVAL brought; returns the one that is kept.
    pub(crate) fn keep(&mut self, script: Arc<Script>) -> Arc<Script> {
        if let Some(found) = self.find(&script.sha) {
            return found.clone();
        }
        if self.evaluated.len() >= EVALUATED_MAX {
            self.evict();
        }
        self.evaluated.push_back(script.sha);
        self.insert(script, false)
    }

    /// Keeps a script until everything is flushed.
    ///
    /// # Errors
    /// There are too many.
    pub(crate) fn load(&mut self, script: Arc<Script>) -> Result<(), Fault> {
        match self.entries.get_mut(&script.sha) {
            Some(entry) if entry.is_loaded => return Ok(()),
            _ if self.loaded >= LOADED_MAX => {
                return Err(Fault::of("ERR too many scripts are loaded; SCRIPT FLUSH forgets them all"));
            }
            Some(entry) => {
                entry.is_loaded = true;
                self.evaluated.retain(|sha| *sha != script.sha);
            }
            None => drop(self.insert(script, true)),
        }
        self.loaded += 1;
        Ok(())
    }

    fn insert(&mut self, script: Arc<Script>, is_loaded: bool) -> Arc<Script> {
        self.weight += script.weight();
        let entry = Entry { script: script.clone(), is_loaded, is_used: AtomicBool::new(false) };
        self.entries.insert(script.sha, entry);
        script
    }

    /// The oldest goes, but one used since the queue came by last goes to its end.
    fn evict(&mut self) {
        while let Some(sha) = self.evaluated.pop_front() {
            match self.entries.get(&sha) {
                Some(entry) if entry.is_used.swap(false, Relaxed) => self.evaluated.push_back(sha),
                _ => {
                    self.weight -= self.entries.remove(&sha).map_or(0, |entry| entry.script.weight());
                    return;
                }
            }
        }
    }

    /// How many there are, and the bytes that they take.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripts::script::sha;

    fn script(number: usize) -> Arc<Script> {
        let text = format!("return {number}");
        Script::new(sha(text.as_bytes()), text.as_bytes()).expect("it has no first line of its own")
    }

    #[test]
    fn evaluated_scripts_make_room_for_new_ones_unless_they_are_used() {
        let mut cache = Cache::default();
        let (used, loaded, first) = (script(0), script(1), script(2));
        cache.keep(used.clone());
        cache.keep(first.clone());
        cache.load(loaded.clone()).expect("there is room");
        for number in 3..EVALUATED_MAX + 50 {
            cache.keep(script(number));
            assert!(cache.find(&used.sha).is_some());
        }
        assert!(cache.find(&loaded.sha).is_some());
        assert!(cache.find(&first.sha).is_none());
        let (count, weight) = cache.size();
        assert_eq!(count, EVALUATED_MAX + 1);
        assert_eq!(weight, cache.entries.values().map(|entry| entry.script.weight()).sum());
    }
}

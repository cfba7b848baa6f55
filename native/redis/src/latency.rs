//! Moments in which something took long: the last ones of each kind of event, as the latency monitor shows them.

use std::collections::{BTreeMap, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

/// Moments that are kept of each event.
const SAMPLES_MAX: usize = 160;

/// What is known of one kind of event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    /// Second and milliseconds, the oldest first; one a second.
    pub(crate) samples: VecDeque<(i64, i64)>,
    pub(crate) most: i64,
}

/// All events.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    events: Mutex<BTreeMap<&'static str, Event>>,
}

impl Latency {
    pub(crate) fn record(&self, name: &'static str, milliseconds: i64) {
        let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        let mut events = self.events.lock();
        let event = events.entry(name).or_default();
        event.most = event.most.max(milliseconds);
        match event.samples.back_mut() {
            Some((last, most)) if *last == second => *most = (*most).max(milliseconds),
            _ => {
                if event.samples.len() == SAMPLES_MAX {
                    event.samples.pop_front();
                }
                event.samples.push_back((second, milliseconds));
            }
        }
    }

    pub(crate) fn all(&self) -> Vec<(&'static str, Event)> {
        self.events.lock().iter().map(|(name, event)| (*name, event.clone())).collect()
    }

    pub(crate) fn of(&self, name: &[u8]) -> Option<Event> {
        let events = self.events.lock();
        events.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name)).map(|(_, event)| event.clone())
    }

    /// Forgets the events of these names, all without any; how many there were.
    pub(crate) fn reset(&self, names: &[&[u8]]) -> usize {
        let mut events = self.events.lock();
        let before = events.len();
        events.retain(|known, _| {
            !names.is_empty() && !names.iter().any(|name| known.as_bytes().eq_ignore_ascii_case(name))
        });
        before - events.len()
    }
}

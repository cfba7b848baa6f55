//! A group of consumers: how far it has read, what it was given and has not acknowledged, and whom it was given to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Id;
use crate::Millis;

/// A consumer's name, shared by all that it has pending.
pub type Name = Arc<[u8]>;

/// Consumers that share the entries of a stream.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The last entry it was given.
    pub last_id: Id,
    /// How many entries it has read since the stream began, if that is known.
    pub entries_read: Option<u64>,
    pending: BTreeMap<Id, Pending>,
    consumers: BTreeMap<Name, Consumer>,
}

/// An entry that was given to a consumer and not acknowledged.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Whom it was given to.
    pub consumer: Name,
    /// When, last.
    pub delivered_at: Millis,
    /// How often.
    pub deliveries: u64,
}

/// One consumer of a group.
#[derive(Clone, Debug)]
pub struct Consumer {
    /// When it last asked for something.
    pub seen_at: Millis,
    /// When it was last given something.
    pub active_at: Option<Millis>,
    pending: BTreeSet<Id>,
}

/// Bytes that one pending entry takes in the two trees.
const PENDING: usize = size_of::<(Id, Pending)>() + size_of::<Id>() + 24;
/// Bytes of a consumer beside its name.
const CONSUMER: usize = size_of::<(Name, Consumer)>() + 48;

impl Group {
    /// One that goes on behind this id.
    #[must_use]
    pub fn new(last_id: Id, entries_read: Option<u64>) -> Self {
        Self { last_id, entries_read, ..Self::default() }
    }

    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + self.pending.len() * PENDING + self.consumers.len() * CONSUMER
    }

    /// What is pending, of all consumers.
    #[must_use]
    pub fn pending(&self) -> &BTreeMap<Id, Pending> {
        &self.pending
    }

    /// When and how often an entry was given: to be changed.
    pub fn pending_mut(&mut self, id: Id) -> Option<&mut Pending> {
        self.pending.get_mut(&id)
    }

    /// The consumers, by name.
    #[must_use]
    pub fn consumers(&self) -> &BTreeMap<Name, Consumer> {
        &self.consumers
    }

    /// A consumer.
    #[must_use]
    pub fn consumer(&self, name: &[u8]) -> Option<&Consumer> {
        self.consumers.get(name)
    }

    /// A consumer, to be changed.
    pub fn consumer_mut(&mut self, name: &[u8]) -> Option<&mut Consumer> {
        self.consumers.get_mut(name)
    }

    /// Adds a consumer; false if it is there already.
    pub fn add_consumer(&mut self, name: &[u8], now: Millis) -> bool {
        if self.consumers.contains_key(name) {
            return false;
        }
        self.consumers.insert(name.into(), Consumer { seen_at: now, active_at: None, pending: BTreeSet::new() });
        true
    }

    /// A consumer asks for something; true if it is new.
    pub fn see(&mut self, name: &[u8], now: Millis) -> bool {
        let is_new = self.add_consumer(name, now);
        if let Some(consumer) = self.consumers.get_mut(name) {
            consumer.seen_at = now;
        }
        is_new
    }

    /// Removes a consumer with all that it has pending, and says how much that was.
    pub fn remove_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let consumer = self.consumers.remove(name)?;
        consumer.pending.iter().for_each(|id| _ = self.pending.remove(id));
        Some(consumer.pending.len())
    }

    /// Gives an entry to a consumer that is there, from whomever had it.
    pub fn give(&mut self, id: Id, to: &[u8], delivered_at: Millis, deliveries: u64) {
        let Some((name, _)) = self.consumers.get_key_value(to) else { return };
        let given = Pending { consumer: name.clone(), delivered_at, deliveries };
        if let Some(former) = self.pending.insert(id, given)
            && let Some(consumer) = self.consumers.get_mut(&former.consumer)
        {
            consumer.pending.remove(&id);
        }
        if let Some(consumer) = self.consumers.get_mut(to) {
            consumer.pending.insert(id);
        }
    }

    /// Forgets that an entry is pending; false if it was not.
    pub fn acknowledge(&mut self, id: Id) -> bool {
        let Some(former) = self.pending.remove(&id) else { return false };
        if let Some(consumer) = self.consumers.get_mut(&former.consumer) {
            consumer.pending.remove(&id);
        }
        true
    }

    pub(super) fn validate(&self) {
        let all: usize = self.consumers.values().map(|consumer| consumer.pending.len()).sum();
        assert_eq!(all, self.pending.len(), "what is pending is some consumer's");
        for (id, pending) in &self.pending {
            let consumer = self.consumers.get(&pending.consumer).expect("whoever has something pending is there");
            assert!(consumer.pending.contains(id), "a consumer knows what it has pending");
        }
    }
}

impl Consumer {
    /// What it has pending.
    #[must_use]
    pub fn pending(&self) -> &BTreeSet<Id> {
        &self.pending
    }
}

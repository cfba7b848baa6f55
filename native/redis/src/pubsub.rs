//! Who has subscribed to what, and how a message reaches them. Commands that neither publish nor subscribe never take its lock.
//!
//! ```text
//!   PUBLISH ── read lock ──> channels[name] + every pattern that describes it ──> outbox: one shared message a version
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use parking_lot::RwLock;
use resp::{Version, Writer};

use crate::clients::Client;
use crate::glob;
use crate::outbox::{Mail, Outbox};

/// What may be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// A channel by its name.
    Channel,
    /// Every channel whose name a pattern describes.
    Pattern,
    /// A channel of a shard of a cluster.
    Sharded,
}

/// Subscribers in the order of their numbers.
type Subscribers = BTreeMap<u64, Arc<Client>>;
type Topics = BTreeMap<Box<[u8]>, Subscribers>;

/// All subscriptions of a server.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    topics: RwLock<[Topics; 3]>,
    /// Subscriptions to channels and patterns: without any, nothing is published.
    count: AtomicUsize,
}

/// The subscriptions of one connection.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    names: [BTreeSet<Box<[u8]>>; 3],
}

impl Subscriptions {
    /// How many there are of this kind.
    pub(crate) fn count(&self, topic: Topic) -> usize {
        self.names[topic as usize].len()
    }

    /// How many there are, as the replies to the commands of this kind count them.
    pub(crate) fn told(&self, topic: Topic) -> usize {
        match topic {
            Topic::Sharded => self.count(Topic::Sharded),
            _ => self.count(Topic::Channel) + self.count(Topic::Pattern),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.iter().all(BTreeSet::is_empty)
    }

    /// Their names, those of one kind.
    pub(crate) fn names(&self, topic: Topic) -> impl Iterator<Item = &[u8]> {
        self.names[topic as usize].iter().map(|name| &**name)
    }
}

impl Exchange {
    /// Nobody has subscribed to a channel or a pattern.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Relaxed) == 0
    }

    pub(crate) fn subscribe(&self, own: &mut Subscriptions, topic: Topic, name: &[u8], client: &Arc<Client>) {
        if own.names[topic as usize].insert(name.into()) {
            let mut topics = self.topics.write();
            topics[topic as usize].entry(name.into()).or_default().insert(client.id.number, client.clone());
            self.count.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn unsubscribe(&self, own: &mut Subscriptions, topic: Topic, name: &[u8], client: &Client) {
        if own.names[topic as usize].remove(name) {
            let topics = &mut self.topics.write()[topic as usize];
            if let Some(subscribers) = topics.get_mut(name) {
                subscribers.remove(&client.id.number);
                if subscribers.is_empty() {
                    topics.remove(name);
                }
            }
            self.count.fetch_sub(1, Relaxed);
        }
    }

    /// Ends all subscriptions of a connection.
    pub(crate) fn leave(&self, own: &mut Subscriptions, client: &Client) {
        for topic in [Topic::Channel, Topic::Pattern, Topic::Sharded] {
            let names: Vec<Box<[u8]>> = own.names(topic).map(Box::from).collect();
            names.iter().for_each(|name| self.unsubscribe(own, topic, name, client));
        }
    }

    /// Sends a message to everyone who has subscribed; how many that are.
    pub(crate) fn publish(&self, outbox: &mut Outbox, topic: Topic, channel: &[u8], text: &[u8]) -> usize {
        if self.is_empty() {
            return 0;
        }
        let topics = self.topics.read();
        let mut receivers = 0;
        if let Some(subscribers) = topics[topic as usize].get(channel) {
            let kind: &[u8] = if topic == Topic::Sharded { b"smessage" } else { b"message" };
            receivers += Message::new(&[kind, channel, text]).send(subscribers, outbox);
        }
        if topic == Topic::Channel {
            let describing = topics[Topic::Pattern as usize].iter().filter(|(name, _)| glob::matches(name, channel));
            for (name, subscribers) in describing {
                receivers += Message::new(&[b"pmessage", name, channel, text]).send(subscribers, outbox);
            }
        }
        receivers
    }

    /// Names that somebody has subscribed to and that the pattern describes.
    pub(crate) fn names(&self, topic: Topic, pattern: Option<&[u8]>) -> Vec<Box<[u8]>> {
        let topics = self.topics.read();
        let names = topics[topic as usize].keys();
        names.filter(|name| pattern.is_none_or(|pattern| glob::matches(pattern, name))).cloned().collect()
    }

    /// Subscribers of one name.
    pub(crate) fn subscribers(&self, topic: Topic, name: &[u8]) -> usize {
        self.topics.read()[topic as usize].get(name).map_or(0, BTreeMap::len)
    }

    /// Different names of one kind.
    pub(crate) fn count(&self, topic: Topic) -> usize {
        self.topics.read()[topic as usize].len()
    }
}

/// A message, written at most once in each version.
struct Message<'m> {
    words: &'m [&'m [u8]],
    written: [Option<Arc<[u8]>>; 2],
}

impl<'m> Message<'m> {
    fn new(words: &'m [&'m [u8]]) -> Self {
        Self { words, written: [None, None] }
    }

    fn send(mut self, subscribers: &Subscribers, outbox: &mut Outbox) -> usize {
        for client in subscribers.values() {
            let bytes = self.bytes(client.version());
            outbox.put(client.id, Mail::Push(bytes));
        }
        subscribers.len()
    }

    fn bytes(&mut self, version: Version) -> Arc<[u8]> {
        let words = self.words;
        let write = || {
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes, version);
            writer.push(words.len());
            words.iter().for_each(|word| writer.bulk(word));
            bytes.into()
        };
        self.written[usize::from(version == Version::Three)].get_or_insert_with(write).clone()
    }
}

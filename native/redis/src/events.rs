//! Keyspace events: which classes of them are published, as `notify-keyspace-events` says it in letters, and how.

use std::sync::atomic::Ordering::Relaxed;

use crate::outbox::Outbox;
use crate::pubsub::Topic;
use crate::server::Server;

/// A class of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// `g`: commands of no type: del, expire, rename ….
    Generic,
    /// `$`
    String,
    /// `l`
    List,
    /// `s`
    Set,
    /// `h`
    Hash,
    /// `z`
    SortedSet,
    /// `x`
    Expired,
    /// `e`
    Evicted,
    /// `t`
    Stream,
    /// `d`: of modules, which there are none of.
    Module,
    /// `n`: not in `A`.
    New,
    /// `m`: not in `A`.
    Missed,
}

impl Class {
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Events are published to the key's channel.
const KEYSPACE: u32 = 1 << 16;
/// Events are published to the event's channel.
const KEYEVENT: u32 = 1 << 17;
/// What `A` stands for.
const ALL: u32 = Class::New.bit() - 1;

/// The letters in the order in which Redis writes them.
const LETTERS: [(char, u32); 14] = [
    ('g', Class::Generic.bit()),
    ('$', Class::String.bit()),
    ('l', Class::List.bit()),
    ('s', Class::Set.bit()),
    ('h', Class::Hash.bit()),
    ('z', Class::SortedSet.bit()),
    ('x', Class::Expired.bit()),
    ('e', Class::Evicted.bit()),
    ('t', Class::Stream.bit()),
    ('d', Class::Module.bit()),
    ('n', Class::New.bit()),
    ('K', KEYSPACE),
    ('E', KEYEVENT),
    ('m', Class::Missed.bit()),
];

/// What `notify-keyspace-events` is set to; `None` for a letter that means nothing.
pub(crate) fn parse(text: &str) -> Option<u32> {
    let bit = |letter| LETTERS.iter().find(|(known, _)| *known == letter).map(|(_, bit)| *bit);
    text.chars().try_fold(0, |bits, letter| Some(bits | if letter == 'A' { ALL } else { bit(letter)? }))
}

/// The same as text again.
pub(crate) fn text(bits: u32) -> String {
    let all = bits & ALL == ALL;
    // Redis leaves `n` out as well where it writes `A`.
    let hidden = if all { ALL | Class::New.bit() } else { 0 };
    let shown = LETTERS.iter().filter(|(_, bit)| bits & bit & !hidden != 0);
    all.then_some('A').into_iter().chain(shown.map(|(letter, _)| *letter)).collect()
}

impl Server {
    /// Events of this class are published.
    #[inline]
    pub(crate) fn publishes(&self, class: Class) -> bool {
        self.events.load(Relaxed) & class.bit() != 0
    }

    /// Publishes a keyspace event, if anybody wants events of its class.
    #[inline]
    pub(crate) fn notify(&self, outbox: &mut Outbox, database: usize, class: Class, event: &str, key: &[u8]) {
        if self.publishes(class) && !self.exchange.is_empty() {
            let wanted = self.events.load(Relaxed);
            self.publish_event(wanted, outbox, database, event, key);
        }
    }

    #[cold]
    fn publish_event(&self, wanted: u32, outbox: &mut Outbox, database: usize, event: &str, key: &[u8]) {
        if wanted & KEYSPACE != 0 {
            let channel = [format!("__keyspace@{database}__:").as_bytes(), key].concat();
            self.exchange.publish(outbox, Topic::Channel, &channel, event.as_bytes());
        }
        if wanted & KEYEVENT != 0 {
            let channel = format!("__keyevent@{database}__:{event}");
            self.exchange.publish(outbox, Topic::Channel, channel.as_bytes(), key);
        }
    }

    /// From now on events of these classes are published, as `events::parse` reads them.
    pub(crate) fn set_events(&self, bits: u32) {
        self.events.store(bits, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_and_written_as_redis_does() {
        let rows = [("", ""), ("KEA", "AKE"), ("AKEnm", "AKEm"), ("g$lshzxetd", "A"), ("mnxK", "xnKm"), ("Elg", "glE")];
        for (given, shown) in rows {
            assert_eq!(parse(given).map(text).as_deref(), Some(shown), "{given}");
        }
        assert_eq!(parse("KQ"), None);
    }
}

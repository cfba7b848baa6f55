//! What one connection's command means for other connections: laid down here, delivered by the host when the command is done.

use std::sync::Arc;

use crate::config;
use crate::durability::Tickets;
use crate::{ClientId, Worker};

/// Something for another connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mail {
    /// Append these bytes to its reply: a message it has subscribed to, an invalidation.
    Push(Arc<[u8]>),
    /// The same, for a connection that waited for it: it goes on with its next request.
    Answer(Vec<u8>),
    /// It is to look again whether it may go on (after a pause, a failover).
    GoOn,
    /// Close it.
    Close,
    /// What of its reply waits for confirmation can't be confirmed any more: it is told so and closed. Who waits for nothing stays.
    GiveUp,
    /// A push or an answer that leaves, with all behind it, when these tickets are released.
    Held(Box<Mail>, Tickets),
}

/// How much may wait to be sent to a connection that does not read: then it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    /// At once from so many bytes on.
    pub hard: usize,
    /// From so many on for some time.
    pub soft: usize,
    /// How long that may last.
    pub soft_seconds: u64,
}

impl OutputLimits {
    /// Those of a class (`normal`, `pubsub`, `slave`), as `client-output-buffer-limit` has them: 0 stands for none.
    pub(crate) fn read(text: &str, class: &str) -> Self {
        let mut words = text.split_whitespace().skip_while(|word| *word != class).skip(1).map(str::parse);
        let mut bytes = || words.next().and_then(Result::ok).filter(|bytes| *bytes > 0).unwrap_or(usize::MAX);
        Self { hard: bytes(), soft: bytes(), soft_seconds: bytes() as u64 }
    }

    /// From here on one of them is passed.
    #[inline]
    #[must_use]
    pub fn least(&self) -> usize {
        self.soft.min(self.hard)
    }
}

/// The least that `maxmemory-clients` can be.
const CLIENTS_MEMORY_MIN: usize = 128 << 10;

impl Worker {
    /// Another number after each change of a setting: limits are to be asked for again.
    #[inline]
    #[must_use]
    pub fn settings_version(&self) -> u64 {
        self.server().config.version()
    }

    /// What may wait for a connection of this class (`normal`, `pubsub`) that does not read, at the moment.
    #[must_use]
    pub fn output_limits(&self, class: &str) -> OutputLimits {
        OutputLimits::read(&self.server().config.text(config::OUTPUT_LIMITS), class)
    }

    /// What may be held for all connections together (`maxmemory-clients`), at the moment.
    #[must_use]
    pub fn clients_memory(&self) -> Option<usize> {
        let most = match self.server().config.number(config::MAXMEMORY_CLIENTS) {
            percent @ ..0 => (self.server().config.number(config::MAXMEMORY) / 100).saturating_mul(-percent),
            bytes => bytes,
        };
        // As in Redis: with less, nobody could say that it is too little.
        (most > 0).then(|| usize::try_from(most).unwrap_or(usize::MAX).max(CLIENTS_MEMORY_MIN))
    }

    /// The same for one that is fed with the stream.
    #[must_use]
    pub fn feed_limits(&self) -> OutputLimits {
        let limits = OutputLimits::read(&self.server().config.text(config::OUTPUT_LIMITS), "slave");
        // A limit below what the journal keeps in any case would drop who lacks nothing.
        OutputLimits { hard: limits.hard.max(self.server().journal.backlog()), ..limits }
    }
}

/// Mail to be delivered, in order.
#[derive(Debug, Default)]
pub struct Outbox {
    mail: Vec<(ClientId, Mail)>,
}

impl Outbox {
    /// Lays down one piece.
    pub fn put(&mut self, to: ClientId, mail: Mail) {
        self.mail.push((to, mail));
    }

    /// Takes what is for this connection.
    pub(crate) fn take_for(&mut self, client: ClientId) -> Vec<Mail> {
        self.mail.extract_if(.., |(to, _)| *to == client).map(|(_, mail)| mail).collect()
    }

    /// Pieces laid down so far.
    pub(crate) fn len(&self) -> usize {
        self.mail.len()
    }

    /// Takes back these pieces.
    pub(crate) fn retract(&mut self, pieces: std::ops::Range<usize>) {
        self.mail.drain(pieces);
    }

    /// Messages laid down since there were so many leave when these tickets are released.
    pub(crate) fn hold(&mut self, since: usize, tickets: &Tickets) {
        for (_, mail) in &mut self.mail[since..] {
            if let Mail::Push(_) = mail {
                let push = Box::new(std::mem::replace(mail, Mail::GoOn));
                *mail = Mail::Held(push, tickets.clone());
            }
        }
    }

    /// Takes everything.
    pub fn take(&mut self) -> Vec<(ClientId, Mail)> {
        std::mem::take(&mut self.mail)
    }

    /// True without mail.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mail.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_subscribers() {
        let limits = OutputLimits::read("normal 1 2 3 slave 4 5 6 pubsub 7 0 8", "pubsub");
        assert_eq!(limits, OutputLimits { hard: 7, soft: usize::MAX, soft_seconds: 8 });
    }
}

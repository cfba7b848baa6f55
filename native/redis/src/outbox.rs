//! What one connection's command means for other connections: laid down here, delivered by the host when the command is done.

use std::sync::Arc;

use crate::ClientId;

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

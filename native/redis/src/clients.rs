//! Connections by name: how one reaches another.

/// Names a connection of the whole server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId {
    /// As `CLIENT ID` says it; never used again.
    pub number: u64,
    /// The worker that serves it.
    pub worker: usize,
    /// What the host calls it.
    pub token: u64,
}

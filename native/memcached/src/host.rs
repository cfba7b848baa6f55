//! What the protocol asks of the process that it runs in.

/// What a memcached server says about itself and only its host knows.
pub trait Host: Send + Sync {
    /// Counts of connections and of their bytes.
    fn connections(&self) -> Connections;
    /// Visits every open connection and listener (`stats conns`).
    fn each_connection(&self, visit: &mut dyn FnMut(&Connection<'_>));
    /// Processor time and memory so far.
    fn usage(&self) -> Usage;
    /// Worker threads.
    fn threads(&self) -> usize;
    /// Settings that only the host knows, as `stats settings` names them (`tcpport`, `inter`, `num_threads` …).
    fn settings(&self) -> Vec<(&'static str, String)>;
    /// A client asks the process to end; with `graceful`, after what is begun.
    fn shutdown(&self, graceful: bool);
    /// A client sets how much is logged.
    fn set_verbosity(&self, level: u32);
}

/// Counts of connections.
#[derive(Clone, Copy, Debug, Default)]
pub struct Connections {
    /// The most allowed.
    pub max: u64,
    /// Open now.
    pub current: u64,
    /// Ever opened.
    pub total: u64,
    /// Turned away.
    pub rejected: u64,
    /// Times that accepting paused for want of room.
    pub accepting_paused: u64,
    /// New ones are accepted.
    pub is_accepting: bool,
    /// Closed for being idle.
    pub idle_kicks: u64,
    /// Turns given up for others.
    pub yields: u64,
    /// Bytes held for clients: replies that they have not taken, requests that are not complete.
    pub held_bytes: u64,
    /// Closed because too much was held for all of them.
    pub shed: u64,
    /// Received.
    pub bytes_read: u64,
    /// Sent.
    pub bytes_written: u64,
}

/// One connection, or a listener.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'a> {
    /// Its number: what `stats conns` and `watch` name it by.
    pub number: u64,
    /// The peer, or where it listens, with its protocol: `tcp:127.0.0.1:5000`, `unix:/tmp/socket`.
    pub address: &'a str,
    /// Our end of it, if that is something else.
    pub local: Option<&'a str>,
    /// `conn_listening`, `conn_read` ….
    pub state: &'a str,
    /// Since its last command.
    pub idle_seconds: u64,
}

/// Processor time and memory of the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// In its own code, in microseconds.
    pub user_us: u64,
    /// In the kernel, in microseconds.
    pub system_us: u64,
}

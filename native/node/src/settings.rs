//! What a memcached node is told when it starts.

use std::time::Duration;

/// Settings of one node.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `host:port` each; port 0 takes a free one.
    pub listen: Vec<String>,
    /// Path of a unix socket to listen on as well.
    pub unix_socket: Option<String>,
    /// Permission bits of the unix socket's file.
    pub unix_mask: u32,
    /// Worker threads.
    pub threads: usize,
    /// Bytes the store may take.
    pub memory: usize,
    /// Largest item in bytes, header and key included.
    pub item_size_max: usize,
    /// Client connections at a time.
    pub connections_max: usize,
    /// Bytes held for all clients together: replies not yet taken, requests not yet complete. None: no bound.
    pub clients_memory: Option<usize>,
    /// Connections that may wait to be accepted.
    pub backlog: i32,
    /// Requests of one connection served before the others have their turn.
    pub requests_per_turn: usize,
    /// False: refuse to store instead of evicting (`-M`).
    pub evict: bool,
    /// Connections idle for longer are closed.
    pub idle_timeout: Option<Duration>,
    /// False: `flush_all` is refused (`-F`).
    pub allow_flush: bool,
    /// False: dumps of keys are refused (`-X`).
    pub allow_dump: bool,
    /// False: `watch` is refused (`-W`).
    pub allow_watch: bool,
    /// True: a client may end the node with `shutdown` (`-A`).
    pub allow_shutdown: bool,
    /// `stats detail` is on from the start.
    pub detail: bool,
    /// The number of `-v`.
    pub verbosity: u32,
    /// What `version` answers.
    pub version: String,
}

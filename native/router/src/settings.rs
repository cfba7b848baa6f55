//! The router's settings: every bound it keeps that is no pool's.

use std::time::Duration;

/// Where it listens, how many threads, how much it holds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `host:port`, several allowed.
    pub listen: Vec<String>,
    /// A unix socket's path.
    pub unix_socket: Option<String>,
    /// Its mode.
    pub unix_mask: u32,
    /// Worker threads.
    pub threads: usize,
    /// Clients served at a time.
    pub connections_max: usize,
    /// Bytes held for all clients together: replies not yet taken, requests not yet complete. None: no bound.
    pub clients_memory: Option<usize>,
    /// Connections that may wait in the kernel to be accepted.
    pub backlog: i32,
    /// Largest value that is passed on.
    pub item_size_max: usize,
    /// Clients idle for longer are closed.
    pub idle_timeout: Option<Duration>,
    /// What `version` answers.
    pub version: String,
    /// Requests that may wait for one connection to a node.
    pub outstanding_max: usize,
    /// Bytes that may wait to be sent on one connection to a node.
    pub queued_bytes_max: usize,
    /// Longest line of a client that is no line of keys.
    pub line_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec!["127.0.0.1:11211".to_owned()],
            unix_socket: None,
            unix_mask: 0o700,
            threads: 4,
            connections_max: 10_000,
            clients_memory: Some(512 << 20),
            backlog: 1024,
            item_size_max: 1 << 20,
            idle_timeout: None,
            version: memcached::VERSION.to_owned(),
            outstanding_max: 1 << 16,
            queued_bytes_max: 256 << 20,
            line_max: 2048,
        }
    }
}

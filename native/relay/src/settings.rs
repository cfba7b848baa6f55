//! The relay's settings: every bound it keeps.

use std::time::Duration;

/// Where it listens, how many it serves, how long anybody waits.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `host:port`.
    pub listen: String,
    /// Worker threads.
    pub threads: usize,
    /// Clients served at a time.
    pub connections_max: usize,
    /// Connections that may wait in the kernel to be accepted.
    pub backlog: i32,
    /// Bytes that may wait for a side that reads slowly, before the other side is read from no more.
    pub buffer_max: usize,
    /// How long a new client waits for a target that can be reached; then it is closed.
    pub wait: Duration,
    /// How long one attempt to reach a target may take.
    pub connect_timeout: Duration,
    /// How long what was received from a side that has gone may wait for the other to take it.
    pub linger: Duration,
    /// What a client too many is told.
    pub full: &'static [u8],
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            threads: 2,
            connections_max: 10_000,
            backlog: 1024,
            buffer_max: 1 << 20,
            wait: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(1),
            linger: Duration::from_secs(2),
            full: b"-ERR max number of clients reached\r\n",
        }
    }
}

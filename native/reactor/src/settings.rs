//! The reactor's settings: every bound it keeps.

use std::time::Duration;

/// How many threads, connections and bytes.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the threads in process listings.
    pub name: &'static str,
    /// Worker threads.
    pub threads: usize,
    /// Connections served at a time; one more is told `full` and closed.
    pub connections_max: usize,
    /// Connections that may wait in the kernel to be accepted, a listener.
    pub backlog: i32,
    /// Unsent bytes from which on a reply counts as full.
    pub output_limit: usize,
    /// Bytes held for all clients together (replies not yet taken, requests not yet complete) from which on some are closed: first who
    /// has taken nothing for longest, among them who holds most. None: no such bound.
    pub clients_memory: Option<usize>,
    /// Size of a worker's read buffer: bytes taken from one connection a turn.
    pub read_buffer: usize,
    /// Connections idle for longer are closed.
    pub idle_timeout: Option<Duration>,
    /// How often `Service::tick` is called.
    pub tick: Duration,
    /// What a connection too many is told.
    pub full: &'static [u8],
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "worker",
            threads: 4,
            connections_max: 1024,
            backlog: 1024,
            output_limit: 1 << 20,
            clients_memory: None,
            read_buffer: 64 << 10,
            idle_timeout: None,
            tick: Duration::from_millis(100),
            full: b"ERROR Too many open connections\r\n",
        }
    }
}

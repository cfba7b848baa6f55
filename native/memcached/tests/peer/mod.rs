//! A client in memory: what it sends reaches a server in pieces of any size, as a reactor would hand them over, and what the server
//! answers is collected, at times with little room.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::ops::Range;
use std::sync::Arc;

use cache::Cache;
use memcached::{
    Clock, Connection, Connections, FIRST_SECOND, Host, Output, Progress, Server, Session, Settings, Usage, Worker,
};

/// Where the test's time begins, in unix seconds.
pub const UNIX_START: u64 = 1_700_000_000;

/// A process that is none.
pub struct NoHost;

impl Host for NoHost {
    fn connections(&self) -> Connections {
        Connections { max: 1024, current: 1, total: 3, is_accepting: true, ..Connections::default() }
    }

    fn each_connection(&self, visit: &mut dyn FnMut(&Connection<'_>)) {
        let address = "tcp:127.0.0.1:5000";
        visit(&Connection { number: 7, address, local: None, state: "conn_read", idle_seconds: 1 });
    }

    fn usage(&self) -> Usage {
        Usage { user_us: 1_500_000, system_us: 25 }
    }

    fn threads(&self) -> usize {
        4
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("tcpport", "11211".to_owned())]
    }

    fn shutdown(&self, _: bool) {}

    fn set_verbosity(&self, _: u32) {}
}

/// A server over a small store.
pub fn server(settings: Settings) -> Arc<Server> {
    let Settings { memory_bytes: memory, item_size_max, evict, .. } = settings;
    let cache = Cache::new(&cache::Settings { memory, item_size_max, evict, shards: None });
    Server::new(Arc::new(cache), settings, Arc::new(NoHost))
}

/// One connection.
pub struct Peer {
    worker: Worker,
    session: Session,
    /// Sent, and not yet taken by the server.
    waiting: Vec<u8>,
    /// Answered, and not yet looked at.
    pub answered: Vec<u8>,
    /// The server has closed the connection.
    pub closed: bool,
    /// The seconds that the server's clock shows.
    pub now: u32,
    /// Unsent bytes with which a reply counts as full.
    room: usize,
}

impl Peer {
    pub fn new(server: &Arc<Server>) -> Self {
        let (worker, session) = (server.worker(), Session::new(1));
        let (waiting, answered) = (Vec::new(), Vec::new());
        Self { worker, session, waiting, answered, closed: false, now: FIRST_SECOND, room: usize::MAX }
    }

    /// Reads only so many bytes at a time.
    pub fn with_room(self, room: usize) -> Self {
        Self { room, ..self }
    }

    /// Sends in one piece, and lets the server work until it has done what it can.
    pub fn send(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        while !self.closed {
            let mut reply = Reply { bytes: Vec::new(), room: self.room };
            let clock = Clock { now: self.now, unix_start: UNIX_START };
            let progress = self.worker.serve(&mut self.session, &self.waiting, &mut reply, clock);
            self.answered.append(&mut reply.bytes);
            match progress {
                Progress::Consumed(count) => {
                    self.waiting.drain(..count);
                    return;
                }
                Progress::Yield(count) | Progress::Blocked(count) => drop(self.waiting.drain(..count)),
                Progress::Close => self.closed = true,
            }
        }
    }

    /// The server that it is connected to.
    pub fn server(&self) -> Arc<Server> {
        self.worker.server().clone()
    }

    /// What the server would write to it without being asked.
    pub fn events(&self) -> Vec<u8> {
        let mut events = Vec::new();
        self.worker.server().tell_evictions(Clock { now: self.now, unix_start: UNIX_START });
        self.session.watcher().expect("it watches").drain(&mut events);
        events
    }

    /// The connection is gone.
    pub fn leave(self) {
        if let Some(watcher) = self.session.watcher() {
            self.server().stop_watching(watcher);
        }
    }

    /// Sends in pieces of `size` bytes.
    pub fn send_in_pieces(&mut self, bytes: &[u8], size: usize) {
        bytes.chunks(size).for_each(|piece| self.send(piece));
    }

    /// Sends, and takes what was answered.
    pub fn ask(&mut self, text: &str) -> String {
        self.send(text.as_bytes());
        String::from_utf8_lossy(&std::mem::take(&mut self.answered)).into_owned()
    }
}

struct Reply {
    bytes: Vec<u8>,
    room: usize,
}

impl Output for Reply {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    fn share(&mut self, value: Arc<Vec<u8>>, range: Range<usize>) {
        self.bytes.extend_from_slice(&value[range]);
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= self.room
    }
}

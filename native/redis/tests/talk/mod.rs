//! A server and connections to it without sockets: bytes in, bytes out, mail delivered at once.
#![allow(dead_code, reason = "each test uses its part of it")]

use std::collections::BTreeMap;
use std::sync::Arc;

use redis::{Mail, Progress, Server, Session, Worker};

/// When it all happens, in milliseconds since 1970.
pub const NOW: u64 = 1_700_000_000_000;

/// A server with one worker.
pub struct Talk {
    worker: Worker,
    connections: BTreeMap<u64, Connection>,
    pub now: u64,
}

#[derive(Default)]
struct Connection {
    session: Option<Session>,
    /// Sent and not yet served.
    input: Vec<u8>,
    /// Answered and not yet read.
    output: Vec<u8>,
}

impl Talk {
    /// To this server.
    pub fn to(server: Arc<Server>) -> Self {
        Self { worker: Worker::new(server, 0), connections: BTreeMap::new(), now: NOW }
    }

    /// Sends bytes on a connection, which is opened when it is named first.
    pub fn send(&mut self, number: u64, bytes: &[u8]) {
        let connection = self.connections.entry(number).or_default();
        connection.session.get_or_insert_with(|| self.worker.open(number));
        connection.input.extend_from_slice(bytes);
        self.serve(number);
    }

    fn serve(&mut self, number: u64) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        let Some(session) = &mut connection.session else { return };
        loop {
            let input = std::mem::take(&mut connection.input);
            let progress = self.worker.serve(session, &input, &mut connection.output, usize::MAX, self.now);
            let (done, again) = match progress {
                Progress::Consumed(done) | Progress::Blocked(done) => (done, false),
                Progress::Yield(done) => (done, true),
                Progress::Close => (input.len(), false),
            };
            connection.input = input[done..].to_vec();
            if !again {
                break;
            }
        }
        self.deliver();
    }

    fn deliver(&mut self) {
        for (to, mail) in self.worker.outbox().take() {
            let connection = self.connections.entry(to.token).or_default();
            match mail {
                Mail::Push(bytes) => connection.output.extend_from_slice(&bytes),
                Mail::Answer(bytes) => {
                    connection.output.extend(bytes);
                    self.serve(to.token);
                }
                _ => self.serve(to.token),
            }
        }
    }

    /// Lets time pass: deadlines come.
    pub fn pass(&mut self, milliseconds: u64) {
        self.now += milliseconds;
        self.worker.tick(self.now);
        self.deliver();
    }

    /// Takes what has been answered on a connection.
    pub fn answers(&mut self, number: u64) -> Vec<u8> {
        self.connections.get_mut(&number).map(|connection| std::mem::take(&mut connection.output)).unwrap_or_default()
    }

    /// One request, and what is answered at once.
    pub fn ask(&mut self, number: u64, words: &[&[u8]]) -> Vec<u8> {
        self.send(number, &request(words));
        self.answers(number)
    }
}

/// Words as a request.
pub fn request(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n", word.len()).bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

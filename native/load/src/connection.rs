//! One connection to a server: a batch on its way out, its answers on their way in.

use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::Error;
use crate::answers::Answers;
use crate::source::Source;
use crate::tally::Tally;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    out: Vec<u8>,
    sent: usize,
    answers: Answers,
    /// From when on the latency of the batch under way counts.
    since: Instant,
    /// The schedule's turn that is to be sent next (open loop only).
    pub(crate) turn: u64,
    pub(crate) is_open: bool,
}

impl Connection {
    pub(crate) fn open(server: &str, turn: u64) -> Result<Self, Error> {
        let stream = connect(server).map_err(|source| Error::Connect { server: server.to_owned(), source })?;
        Ok(Self {
            stream,
            out: Vec::new(),
            sent: 0,
            answers: Answers::default(),
            since: Instant::now(),
            turn,
            is_open: true,
        })
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Nothing is under way.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.answers.is_complete()
    }

    /// Sends the next batch; nothing if the source is empty.
    pub(crate) fn begin(&mut self, source: &mut Source, since: Instant, tally: &mut Tally) {
        self.out.clear();
        self.sent = 0;
        source.write_batch(&mut self.out, &mut self.answers);
        self.since = since;
        self.flush(tally);
    }

    /// Sends what the socket takes.
    pub(crate) fn flush(&mut self, tally: &mut Tally) {
        while self.is_open && self.sent < self.out.len() {
            match send(&self.stream, &self.out[self.sent..], SendFlags::NOSIGNAL) {
                Ok(sent) => {
                    self.sent += sent;
                    tally.counts.bytes_sent += sent as u64;
                }
                Err(Errno::AGAIN) => return,
                Err(Errno::INTR) => {}
                Err(_) => self.lose(tally),
            }
        }
    }

    /// Reads and counts all that is there, through a buffer that is the worker's.
    pub(crate) fn receive(&mut self, buffer: &mut [u8], source: &Source, tally: &mut Tally) {
        while self.is_open {
            let received = match recv(&self.stream, &mut *buffer, RecvFlags::empty()) {
                Ok((0, _)) => return self.lose(tally),
                Ok((received, _)) => received,
                Err(Errno::AGAIN) => return,
                Err(Errno::INTR) => continue,
                Err(_) => return self.lose(tally),
            };
            tally.counts.bytes_received += received as u64;
            let before = tally.counts.requests;
            self.answers.feed(&buffer[..received], source.truth(), &mut tally.counts);
            tally.record(before, self.since.elapsed().as_nanos() as u64);
            if self.answers.is_broken() {
                return self.lose(tally);
            }
            // The socket was emptied: what comes later wakes us again.
            if received < buffer.len() {
                return;
            }
        }
    }

    /// Requests that will never be answered now.
    pub(crate) fn unanswered(&self) -> u64 {
        self.answers.waiting() as u64
    }

    #[cold]
    fn lose(&mut self, tally: &mut Tally) {
        self.is_open = false;
        tally.counts.connections_lost += 1;
        tally.counts.unanswered += self.unanswered();
        self.answers = Answers::default();
    }
}

/// A connected socket that does not wait to fill packets.
pub(crate) fn dial(server: &str) -> io::Result<TcpStream> {
    use std::net::ToSocketAddrs;
    let address = server.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    let stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn connect(server: &str) -> io::Result<TcpStream> {
    let stream = dial(server)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

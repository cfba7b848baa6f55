//! One connection to a server: a batch on its way out, its answers on their way in.

use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::set_tcp_congestion;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::Error;
use crate::answers::Answers;
use crate::dialect::Dialect;
use crate::source::Source;
use crate::tally::Tally;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Connection<D> {
    stream: TcpStream,
    /// What the socket did not take.
    unsent: Vec<u8>,
    answers: Answers<D>,
    /// From when on the latency of the batch under way counts.
    since: Instant,
    /// The schedule's turn that is to be sent next (open loop only).
    pub(crate) turn: u64,
    pub(crate) is_open: bool,
}

impl<D: Dialect> Connection<D> {
    pub(crate) fn open(server: &str, turn: u64) -> Result<Self, Error> {
        let stream = connect(server).map_err(|source| Error::Connect { server: server.to_owned(), source })?;
        let answers = Answers::default();
        Ok(Self { stream, unsent: Vec::new(), answers, since: Instant::now(), turn, is_open: true })
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
        let batch = source.write_batch(&mut self.answers.asked);
        self.since = since;
        // A batch is sent from where all are written, which stays in the nearest cache; only what is left is kept.
        let sent = self.send(batch, tally);
        if self.is_open {
            self.unsent.extend_from_slice(&batch[sent..]);
        }
    }

    /// Sends what was left over, as far as the socket takes it.
    #[inline]
    pub(crate) fn flush(&mut self, tally: &mut Tally) {
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            let sent = self.send(&unsent, tally);
            self.unsent = unsent;
            self.unsent.drain(..sent);
        }
    }

    fn send(&mut self, bytes: &[u8], tally: &mut Tally) -> usize {
        let mut total = 0;
        while self.is_open && total < bytes.len() {
            match send(&self.stream, &bytes[total..], SendFlags::NOSIGNAL) {
                Ok(sent) => total += sent,
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(_) => self.lose(tally),
            }
        }
        tally.counts.bytes_sent += total as u64;
        total
    }

    /// Reads and counts all that is there, through a buffer that is the worker's; when it had come. `is_last`: the server
    /// has closed its side, and nothing will say so again.
    pub(crate) fn receive(
        &mut self,
        is_last: bool,
        buffer: &mut [u8],
        source: &Source,
        tally: &mut Tally,
    ) -> Option<Instant> {
        let mut now = None;
        while self.is_open {
            let received = match recv(&self.stream, &mut *buffer, RecvFlags::empty()) {
                Ok((received, _)) if received > 0 => received,
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => continue,
                _ => {
                    self.lose(tally);
                    break;
                }
            };
            let came = Instant::now();
            now = Some(came);
            tally.counts.bytes_received += received as u64;
            self.answers.feed(&buffer[..received], source.keys(), source.truth(), &mut tally.counts);
            tally.record((came - self.since).as_nanos() as u64);
            if self.answers.is_broken() {
                self.lose(tally);
            }
            // The socket was emptied: what comes later wakes us again.
            if received < buffer.len() && !is_last {
                break;
            }
        }
        now
    }

    /// Requests that will never be answered now.
    pub(crate) fn unanswered(&self) -> u64 {
        self.answers.asked.len() as u64
    }

    #[cold]
    fn lose(&mut self, tally: &mut Tally) {
        self.is_open = false;
        tally.counts.connections_lost += 1;
        tally.counts.unanswered += self.unanswered();
        self.answers = Answers::default();
        self.unsent.clear();
    }
}

/// A connected socket that does not wait to fill packets.
pub(crate) fn dial(server: &str) -> io::Result<TcpStream> {
    use std::net::ToSocketAddrs;
    // A name may have several addresses of which one is served: `localhost` is ::1 first on many machines.
    let mut tried = Err(io::ErrorKind::NotFound.into());
    for address in server.to_socket_addrs()? {
        tried = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT);
        if tried.is_ok() {
            break;
        }
    }
    let stream = tried?;
    stream.set_nodelay(true)?;
    if stream.peer_addr()?.ip().is_loopback() {
        // Within a machine nothing is congested. Where the system's way is bbr, its pacing and its books cost a batch of 16
        // gets a tenth of the generator's time; a system that does not allow another keeps its own.
        let _ = set_tcp_congestion(&stream, "reno");
    }
    Ok(stream)
}

fn connect(server: &str) -> io::Result<TcpStream> {
    let stream = dial(server)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

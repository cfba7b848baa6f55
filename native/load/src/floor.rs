//! A server that answers like memcached with no store and the least work: what the kernel alone costs.
//!
//! Every get finds a value of one fixed size, every set is stored nowhere. One thread, one epoll loop, one receive and one
//! send for all that arrived. It trusts its client: lines it does not know are answered with `ERROR`.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use memchr::memchr;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::Error;

const BUFFER_BYTES: usize = 256 * 1024;
const LISTENER: u64 = u64::MAX;
const VALUE: &[u8] = b"VALUE ";

/// Serves until the process ends.
///
/// # Errors
/// Of the system calls that set it up.
pub fn serve(listener: &TcpListener, value_bytes: usize) -> Result<(), Error> {
    listener.set_nonblocking(true).map_err(Error::io("listen"))?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|e| Error::io("epoll_create")(e.into()))?;
    watch(&epoll, listener, LISTENER, EventFlags::IN)?;
    let mut floor = Floor {
        epoll,
        connections: Vec::new(),
        buffer: vec![0; BUFFER_BYTES],
        out: Vec::new(),
        value: format!(" 0 {value_bytes}\r\n{}\r\nVALUE ", "x".repeat(value_bytes)).into_bytes(),
    };
    let mut events = Vec::with_capacity(256);
    loop {
        events.clear();
        match epoll::wait(&floor.epoll, rustix::buffer::spare_capacity(&mut events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Error::io("epoll_wait")(error.into())),
        }
        for event in &events {
            match event.data.u64() {
                LISTENER => floor.accept(listener)?,
                number => floor.answer(number as usize),
            }
        }
    }
}

fn watch(epoll: &OwnedFd, socket: impl rustix::fd::AsFd, number: u64, flags: EventFlags) -> Result<(), Error> {
    epoll::add(epoll, socket, EventData::new_u64(number), flags).map_err(|e| Error::io("epoll_ctl")(e.into()))
}

struct Floor {
    epoll: OwnedFd,
    /// Never shrinks: an ended connection leaves `None`.
    connections: Vec<Option<Connection>>,
    buffer: Vec<u8>,
    out: Vec<u8>,
    /// What follows the key in a VALUE answer, and the beginning of the next one: a copy less a key.
    value: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// An unfinished line.
    line: Vec<u8>,
    /// Bytes of a set's value still to come.
    skip: usize,
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener) -> Result<(), Error> {
        while let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true)).map_err(Error::io("accept"))?;
            watch(&self.epoll, &stream, self.connections.len() as u64, EventFlags::IN | EventFlags::ET)?;
            self.connections.push(Some(Connection { stream, line: Vec::new(), skip: 0 }));
        }
        Ok(())
    }

    fn answer(&mut self, number: usize) {
        while let Some(connection) = self.connections[number].as_mut() {
            match recv(&connection.stream, &mut *self.buffer, RecvFlags::empty()) {
                Ok((received, _)) if received > 0 => {
                    connection.serve(&self.buffer[..received], &self.value, &mut self.out);
                    send_all(&connection.stream, &self.out);
                    self.out.clear();
                    if received < self.buffer.len() {
                        return;
                    }
                }
                Err(Errno::AGAIN) => return,
                _ => self.connections[number] = None,
            }
        }
    }
}

impl Connection {
    fn serve(&mut self, mut input: &[u8], value: &[u8], out: &mut Vec<u8>) {
        loop {
            let skipped = self.skip.min(input.len());
            input = &input[skipped..];
            self.skip -= skipped;
            let Some(end) = memchr(b'\n', input) else {
                self.line.extend_from_slice(input);
                return;
            };
            if self.line.is_empty() {
                self.skip = request(&input[..end], value, out);
            } else {
                self.line.extend_from_slice(&input[..end]);
                self.skip = request(&self.line, value, out);
                self.line.clear();
            }
            input = &input[end + 1..];
        }
    }
}

/// Answers one line; how many bytes of a value follow it.
#[inline]
fn request(line: &[u8], value: &[u8], out: &mut Vec<u8>) -> usize {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if let Some(keys) = line.strip_prefix(b"get ") {
        let mut rest = keys;
        out.extend_from_slice(VALUE);
        while !rest.is_empty() {
            let end = memchr(b' ', rest).unwrap_or(rest.len());
            out.extend_from_slice(&rest[..end]);
            out.extend_from_slice(value);
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        out.truncate(out.len() - VALUE.len());
        out.extend_from_slice(b"END\r\n");
    } else if line.starts_with(b"set ") {
        out.extend_from_slice(b"STORED\r\n");
        let digits = line.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
        return digits.iter().fold(2, |sum, digit| (sum - 2) * 10 + usize::from(digit.wrapping_sub(b'0')) + 2);
    } else {
        out.extend_from_slice(b"ERROR\r\n");
    }
    0
}

/// A socket that is full is waited for: the floor serves clients that read.
fn send_all(stream: &TcpStream, mut out: &[u8]) {
    while !out.is_empty() {
        match send(stream, out, SendFlags::NOSIGNAL) {
            Ok(sent) => out = &out[sent..],
            Err(Errno::AGAIN) => std::thread::sleep(Duration::from_micros(10)),
            Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    use crate::{Progress, Report, Settings, Sizes, Workload};

    #[test]
    fn lines_are_answered() {
        let mut out = Vec::new();
        assert_eq!(request(b"get a bc\r", b" 0 1\r\nx\r\nVALUE ", &mut out), 0);
        assert_eq!(out, b"VALUE a 0 1\r\nx\r\nVALUE bc 0 1\r\nx\r\nEND\r\n");
        assert_eq!(request(b"set a 0 0 120\r", b"", &mut out), 122);
    }

    fn run(settings: &Settings) -> Result<Report, Error> {
        crate::run(settings, &Progress::default())
    }

    #[test]
    fn the_generator_and_the_floor_agree_on_every_count() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = listener.local_addr().expect("bound").to_string();
        thread::spawn(move || serve(&listener, 100));
        let mix = Settings {
            servers: vec![server],
            threads: 2,
            connections: 7,
            pipeline: 5,
            keys_per_get: 3,
            set_share: 0.25,
            requests: 10_001,
            value_bytes: Sizes::Fixed { bytes: 100 },
            seconds: 30.0,
            ..Settings::default()
        };
        let report = run(&mix).expect("the floor is there");
        let (gets, sets) = (report.operations["get"].requests, report.operations["set"].requests);
        assert_eq!((report.requests, gets + sets, report.keys, report.hits), (10_001, 10_001, gets * 3, gets * 3));
        assert_eq!((report.errors, report.stray, report.unanswered, report.connections_lost), (0, 0, 0, 0));

        let paced = || {
            let open = run(&Settings { rate: 20_000.0, requests: 2_000, ..mix.clone() }).expect("still there");
            assert_eq!(open.requests, 2_000);
            open.seconds
        };
        // A busy machine may hold up any run, and none may be early.
        let took: Vec<f64> = (0..5).map(|_| paced()).take_while(|seconds| !(0.09..0.5).contains(seconds)).collect();
        assert!(
            took.len() < 5 && took.iter().all(|seconds| *seconds > 0.09),
            "2000 requests, 20000 a second: {took:?}"
        );

        let fill = run(&Settings { workload: Workload::Fill, keys: 5_000, ..mix.clone() }).expect("still there");
        assert_eq!((fill.requests, fill.hits), (5_000, 0));

        let checked = run(&Settings { verify: true, ..mix }).expect("still there");
        assert_eq!(checked.wrong, checked.hits, "the floor's values are not the generator's");
    }

    #[test]
    fn a_run_shows_its_progress_and_ends_when_told() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = listener.local_addr().expect("bound").to_string();
        thread::spawn(move || serve(&listener, 100));
        let settings =
            Settings { servers: vec![server], seconds: 60.0, warm_up_seconds: 0.05, threads: 2, ..Settings::default() };
        let progress = Progress::default();
        let report = thread::scope(|scope| {
            let running = scope.spawn(|| crate::run(&settings, &progress).expect("the floor is there"));
            while progress.counters()[0] < 20_000 {
                thread::yield_now();
            }
            progress.stop();
            running.join().expect("a run does not panic")
        });
        let [requests, faults, keys, hits] = progress.counters();
        assert!(report.seconds < 50.0 && report.requests <= requests, "{report:?}");
        assert_eq!((faults, keys, hits), (0, requests, requests));
    }
}

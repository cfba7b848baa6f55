//! The reactor under a service that knows lines: every split, slow readers, half-closed peers, limits, drains.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use reactor::{Address, Census, Links, Opened, Progress, Reply, Server, Service, Settings, Token, Why};

/// Answers each line with the line; `big N` with N shared bytes, `bye` closes, `later` answers at the end of the turn.
struct Lines {
    later: Vec<Token>,
    value: Arc<Vec<u8>>,
}

impl Service for Lines {
    type Session = ();

    fn open(&mut self, _: Opened, _: &mut Links) {}

    fn serve(&mut self, token: Token, (): &mut (), input: &[u8], reply: &mut Reply, _: &mut Links) -> Progress {
        let mut done = 0;
        while let Some(end) = input[done..].iter().position(|&byte| byte == b'\n') {
            if reply.is_full() {
                return Progress::Blocked(done);
            }
            let line = &input[done..done + end];
            done += end + 1;
            match line {
                b"bye" => return Progress::Close,
                b"later" => self.later.push(token),
                _ if line.starts_with(b"big ") => {
                    let size: usize = std::str::from_utf8(&line[4..]).unwrap().parse().unwrap();
                    reply.share(self.value.clone(), 0..size);
                }
                _ => {
                    reply.put(line);
                    reply.put(b"\n");
                }
            }
        }
        Progress::Consumed(done)
    }

    fn close(&mut self, _: Token, _: Option<()>, _: Why, _: &mut Links) {}

    fn turn(&mut self, links: &mut Links) {
        for token in self.later.drain(..) {
            if let Some(reply) = links.reply(token) {
                reply.put(b"now\n");
            }
        }
    }
}

fn start(settings: Settings) -> (Server, Census, std::net::SocketAddr) {
    let mut server = Server::bind(settings, &[Address::resolve("127.0.0.1:0").unwrap()], 0o700).unwrap();
    let value = Arc::new((0..4 << 20).map(|index: usize| (index % 251) as u8).collect::<Vec<u8>>());
    server.start(|_| Lines { later: Vec::new(), value: value.clone() }).unwrap();
    let Address::Tcp(address) = server.addresses()[0].clone() else { panic!("a TCP listener") };
    let census = server.census();
    (server, census, address)
}

fn client(address: std::net::SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn expect(stream: &mut TcpStream, text: &[u8]) {
    let mut got = vec![0; text.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(text));
}

fn until(condition: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(std::time::Instant::now() < deadline, "the condition did not come about");
        std::thread::yield_now();
    }
}

#[test]
fn lines_arrive_in_any_split() {
    let (_server, _, address) = start(Settings { threads: 2, ..Settings::default() });
    let mut stream = client(address);
    for byte in b"alpha\nbeta\ngamma\n" {
        stream.write_all(&[*byte]).unwrap();
    }
    expect(&mut stream, b"alpha\nbeta\ngamma\n");
    stream.write_all(b"later\nx\n").unwrap();
    expect(&mut stream, b"x\nnow\n");
}

#[test]
fn a_slow_reader_is_bounded_and_gets_everything() {
    let settings = Settings { threads: 1, output_limit: 64 << 10, ..Settings::default() };
    let (_server, census, address) = start(settings);
    let mut slow = client(address);
    let mut sender = slow.try_clone().unwrap();
    let rounds = 300;
    let writer = std::thread::spawn(move || {
        for _ in 0..rounds {
            sender.write_all(b"big 100000\nmark\n").unwrap();
        }
    });
    // The other one is served while the first does not read.
    let mut other = client(address);
    other.write_all(b"hello\n").unwrap();
    expect(&mut other, b"hello\n");
    assert!(census.traffic().1 < 30_000_000, "more was sent than the kernel can hold");
    let value: Vec<u8> = (0..100_000_usize).map(|index| (index % 251) as u8).collect();
    for _ in 0..rounds {
        let mut got = vec![0; value.len()];
        slow.read_exact(&mut got).unwrap();
        assert!(got == value);
        expect(&mut slow, b"mark\n");
    }
    writer.join().unwrap();
}

#[test]
fn a_half_closed_peer_gets_its_answers() {
    let (_server, census, address) = start(Settings { threads: 1, ..Settings::default() });
    let mut stream = client(address);
    stream.write_all(b"one\nbig 3000000\nlater\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    assert_eq!(got.len(), 4 + 3_000_000 + 4);
    until(|| census.connections() == 0);
}

#[test]
fn close_sends_the_reply_first() {
    let (_server, census, address) = start(Settings::default());
    let mut stream = client(address);
    stream.write_all(b"last\nbye\nnever\n").unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    assert_eq!(got, b"last\n");
    until(|| census.connections() == 0);
}

#[test]
fn one_connection_too_many_is_told() {
    let (_server, census, address) = start(Settings { connections_max: 2, threads: 2, ..Settings::default() });
    let mut first = client(address);
    first.write_all(b"a\n").unwrap();
    expect(&mut first, b"a\n");
    let second = client(address);
    until(|| census.connections() == 2);
    let mut third = client(address);
    let mut got = String::new();
    third.read_to_string(&mut got).unwrap();
    assert_eq!(got, "ERROR Too many open connections\r\n");
    assert_eq!(census.rejected(), 1);
    drop(second);
    until(|| census.connections() == 1);
    let mut fourth = client(address);
    fourth.write_all(b"b\n").unwrap();
    expect(&mut fourth, b"b\n");
}

#[test]
fn two_connections_go_to_two_workers() {
    let (_server, census, address) = start(Settings { threads: 2, ..Settings::default() });
    let _pair = [client(address), client(address)];
    until(|| census.connections() == 2 && census.seated().len() == 2);
    assert!(census.seated().iter().all(|seated| seated.peer.starts_with("127.0.0.1:")));
}

#[test]
fn idle_connections_are_closed() {
    let settings =
        Settings { idle_timeout: Some(Duration::from_secs(1)), tick: Duration::from_millis(20), ..Settings::default() };
    let (_server, census, address) = start(settings);
    let mut stream = client(address);
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    assert_eq!(census.idle_closed(), 1);
}

#[test]
fn stopping_serves_what_has_arrived_and_closes() {
    let (mut server, census, address) = start(Settings { threads: 2, ..Settings::default() });
    let mut streams: Vec<TcpStream> = (0..20).map(|_| client(address)).collect();
    until(|| census.connections() == 20 && census.seated().len() == 20);
    for stream in &mut streams {
        stream.write_all(b"last words\n").unwrap();
    }
    server.stop(Duration::from_secs(5));
    for stream in &mut streams {
        let mut got = Vec::new();
        stream.read_to_end(&mut got).unwrap();
        assert_eq!(got, b"last words\n");
    }
    assert!(TcpStream::connect(address).is_err());
    assert_eq!(census.failure(), None);
}

#[test]
fn a_unix_socket_serves_and_its_file_goes() {
    let path = std::env::temp_dir().join(format!("reactor-{}.sock", std::process::id()));
    let mut server = Server::bind(Settings::default(), &[Address::Unix(path.clone())], 0o600).unwrap();
    server.start(|_| Lines { later: Vec::new(), value: Arc::default() }).unwrap();
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    stream.write_all(b"here\n").unwrap();
    let mut got = [0; 5];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"here\n");
    server.stop(Duration::from_secs(5));
    assert!(!path.exists());
}

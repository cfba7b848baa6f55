//! Nodes that do what a test says, a router before them, and a client that knows what it asked.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use router::{Router, Settings};

/// How long a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a node does with one line: answer it, or end the connection.
pub type Manner = fn(&str, &mut TcpStream) -> bool;

/// A node that serves each connection on a thread of its own, for as long as the test runs.
pub struct Peer {
    pub address: SocketAddr,
}

impl Peer {
    pub fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || converse(stream, manner));
            }
        });
        Self { address }
    }

    /// An address where nobody listens.
    pub fn absent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Self { address: listener.local_addr().expect("bound") }
    }
}

fn converse(stream: TcpStream, manner: Manner) {
    let mut writer = stream.try_clone().expect("a second handle");
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line.starts_with("set ") {
            let mut body = vec![0; line.split(' ').nth(4).and_then(|word| word.trim().parse().ok()).unwrap_or(0) + 2];
            if lines.read_exact(&mut body).is_err() {
                return;
            }
        }
        if !manner(line.trim_end(), &mut writer) {
            return;
        }
    }
}

/// Answers like a memcached that holds every key but those that begin with `miss`; a key's value is the key.
pub fn honest(line: &str, stream: &mut TcpStream) -> bool {
    let mut words = line.split(' ');
    let answer = match words.next() {
        Some("get" | "gets") => {
            let hits = words.filter(|key| !key.starts_with("miss"));
            let values: String = hits.map(|key| format!("VALUE {key} 0 {}\r\n{key}\r\n", key.len())).collect();
            values + "END\r\n"
        }
        Some("mg") => words.next().map(|key| format!("VA {}\r\n{key}\r\n", key.len())).unwrap_or_default(),
        Some("mn") => "MN\r\n".to_owned(),
        Some("set") => "STORED\r\n".to_owned(),
        Some("delete") => "DELETED\r\n".to_owned(),
        Some("flush_all") => "OK\r\n".to_owned(),
        _ => "ERROR\r\n".to_owned(),
    };
    stream.write_all(answer.as_bytes()).is_ok()
}

/// A router over these nodes, keys dealt out by their hash; `more` are further settings of the pool.
pub fn route(peers: &[&Peer], more: &str) -> Router {
    let router = Router::new(settings(), &topology(peers, more)).expect("a right topology");
    router.start().expect("threads");
    router
}

pub fn settings() -> Settings {
    Settings { listen: vec!["127.0.0.1:0".to_owned()], threads: 1, ..Settings::default() }
}

pub fn topology(peers: &[&Peer], more: &str) -> String {
    let nodes: Vec<String> = (peers.iter().enumerate())
        .map(|(place, peer)| format!(r#"{{"name": "n{place}", "address": "{}"}}"#, peer.address))
        .collect();
    let places: Vec<String> = (0..peers.len()).map(|place| place.to_string()).collect();
    let places = places.join(",");
    format!(
        r#"{{"version": 1, "nodes": [{}], "pools": [{{"name": "main", "nodes": [{places}],
            "placement": {{"kind": "modula", "hash": "fnv1a_64", "slots": [{places}]}}{more}}}]}}"#,
        nodes.join(",")
    )
}

/// The first key of a series that belongs to a node.
pub fn key_of(node: usize, nodes: usize, prefix: &str) -> String {
    let hash = router::hash::by_name("fnv1a_64").expect("known");
    let is_its = |key: &String| hash(key.as_bytes()) % nodes as u64 == node as u64;
    (0..1000).map(|number| format!("{prefix}{number}")).find(is_its).expect("one in a thousand")
}

/// A client of the router.
pub struct Client {
    pub stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(router: &Router) -> Self {
        Self::at(&router.addresses()[0])
    }

    pub fn at(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("somebody listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket option");
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        Self { stream, reader }
    }

    pub fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("the router reads");
    }

    /// Everything up to the answer to an `mn` sent behind it.
    pub fn ask(&mut self, text: &str) -> String {
        self.send(&format!("{text}mn\r\n"));
        self.rest()
    }

    /// Everything up to the next `MN`.
    pub fn rest(&mut self) -> String {
        let mut answer = String::new();
        while !answer.ends_with("MN\r\n") {
            let count = self.reader.read_line(&mut answer).expect("an answer in time");
            assert!(count > 0, "the connection ended behind {answer:?}");
        }
        answer.truncate(answer.len() - 4);
        answer
    }

    /// True once the router has hung up; everything before that is read and dropped.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        self.reader.read_to_end(&mut rest).is_ok()
    }
}

/// Waits for something that comes about by itself.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        thread::yield_now();
    }
}

/// What a get of one key must answer.
pub fn value(key: &str) -> String {
    format!("VALUE {key} 0 {}\r\n{key}\r\nEND\r\n", key.len())
}

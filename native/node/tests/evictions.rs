//! A node over loopback: whoever watches evictions is told of them while others fill the store.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use node::{Node, Settings, VERSION};

const PATIENCE: Duration = Duration::from_secs(30);

fn settings() -> Settings {
    Settings {
        listen: vec!["127.0.0.1:0".to_owned()],
        unix_socket: None,
        unix_mask: 0o700,
        threads: 2,
        memory: 1 << 20,
        item_size_max: 1 << 20,
        connections_max: 64,
        clients_memory: None,
        backlog: 64,
        requests_per_turn: 20,
        evict: true,
        idle_timeout: None,
        allow_flush: true,
        allow_dump: true,
        allow_watch: true,
        allow_shutdown: false,
        detail: false,
        verbosity: 0,
        version: VERSION.to_owned(),
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(node: &Node) -> Self {
        let stream = TcpStream::connect(&node.addresses()[0]).expect("the node listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout may be set");
        Self(BufReader::new(stream))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).expect("the node reads");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("the node answers");
        line
    }
}

#[test]
fn a_watcher_is_told_of_every_item_that_others_drive_out() {
    let mut node = Node::bind(settings()).expect("a free port");
    node.start().expect("threads");
    let (mut watcher, mut client) = (Client::connect(&node), Client::connect(&node));
    watcher.send(b"watch evictions\r\n");
    assert_eq!(watcher.line(), "OK\r\n");
    let value = "x".repeat(1000);
    for number in 0..2000 {
        client.send(format!("set key:{number} 0 0 1000\r\n{value}\r\n").as_bytes());
        assert_eq!(client.line(), "STORED\r\n");
    }
    let stats = node.stats("");
    let (_, evictions) = stats.iter().find(|(name, _)| name == "evictions").expect("it is counted");
    let evictions: usize = evictions.parse().expect("a count");
    assert!(evictions > 500, "{evictions} evicted");
    for number in 1..=evictions {
        let line = watcher.line();
        assert!(line.contains(&format!(" gid={number} type=eviction key=key%3A")), "{line}");
        assert!(line.contains(" fetch=no ttl=-1 la=") && line.ends_with(" clsid=1 size=1000\n"), "{line}");
    }
    node.stop(Duration::ZERO);
}

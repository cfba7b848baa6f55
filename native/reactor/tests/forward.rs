//! Connections that the service itself begins: they stand, fail, and answer half-closed clients.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use reactor::{Address, Links, Opened, Progress, Reply, Server, Service, Settings, Token, Why};

/// Passes a client's bytes on to one upstream connection a client, and its answers back.
struct Forward {
    to: Address,
    pairs: Vec<(Token, Token)>,
}

impl Forward {
    fn other(&self, token: Token) -> Option<Token> {
        let pair = self.pairs.iter().find(|pair| pair.0 == token || pair.1 == token)?;
        Some(if pair.0 == token { pair.1 } else { pair.0 })
    }
}

/// Bytes that a client is still owed.
struct Owed(usize);

impl Service for Forward {
    type Session = Owed;

    fn open(&mut self, opened: Opened, links: &mut Links) -> Owed {
        if opened.listener.is_some() {
            let upstream = links.connect(&self.to).unwrap();
            self.pairs.push((opened.token, upstream));
        }
        Owed(0)
    }

    fn serve(&mut self, token: Token, owed: &mut Owed, input: &[u8], _: &mut Reply, links: &mut Links) -> Progress {
        let is_client = self.pairs.iter().any(|pair| pair.0 == token);
        let other = self.other(token).unwrap();
        links.reply(other).unwrap().put(input);
        if is_client {
            owed.0 += input.len();
        } else if input.contains(&b'.') {
            links.finish(other);
        }
        Progress::Consumed(input.len())
    }

    fn is_idle(&self, owed: &Owed) -> bool {
        owed.0 == 0
    }

    fn close(&mut self, token: Token, _: Option<Owed>, why: Why, links: &mut Links) {
        if let Some(other) = self.other(token) {
            self.pairs.retain(|pair| pair.0 != token && pair.1 != token);
            if let (Why::Unreachable(kind), Some(reply)) = (why, links.reply(other)) {
                reply.put(format!("unreachable: {kind:?}\n").as_bytes());
            }
            links.finish(other);
        }
    }
}

fn start(to: std::net::SocketAddr) -> (Server, TcpStream) {
    let mut server =
        Server::bind(Settings { threads: 1, ..Settings::default() }, &[Address::resolve("127.0.0.1:0").unwrap()], 0)
            .unwrap();
    server.start(|_| Forward { to: Address::Tcp(to), pairs: Vec::new() }).unwrap();
    let Address::Tcp(address) = server.addresses()[0].clone() else { panic!("a TCP listener") };
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    (server, stream)
}

#[test]
fn a_half_closed_client_gets_the_answer_that_is_under_way() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let (_server, mut client) = start(upstream.local_addr().unwrap());
    client.write_all(b"question").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let (mut peer, _) = upstream.accept().unwrap();
    let mut got = [0; 8];
    peer.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"question");
    peer.write_all(b"answer.").unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "answer.");
}

#[test]
fn a_connection_that_cannot_be_established_is_told() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_server, mut client) = start(address);
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "unreachable: ConnectionRefused\n");
}

//! Nodes that fail in every way: the client hears of it, and never hears another's answer.

mod support;

use std::io::Write;
use std::net::TcpStream;

use support::{Client, Manner, Peer, honest, key_of, route, until, value};

/// Says nothing at all.
fn silent(_line: &str, _stream: &mut TcpStream) -> bool {
    true
}

fn hangs_up(_line: &str, _stream: &mut TcpStream) -> bool {
    false
}

fn hangs_up_within_a_value(line: &str, stream: &mut TcpStream) -> bool {
    let _ = stream.write_all(format!("VALUE {} 0 100\r\nabc", &line[4..]).as_bytes());
    false
}

fn babbles(_line: &str, stream: &mut TcpStream) -> bool {
    stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").is_ok()
}

/// Answers for another key.
fn confuses_keys(_line: &str, stream: &mut TcpStream) -> bool {
    stream.write_all(value("another").as_bytes()).is_ok()
}

/// Says everything twice.
fn stutters(line: &str, stream: &mut TcpStream) -> bool {
    honest(line, stream) && honest(line, stream)
}

fn wrong_word(_line: &str, stream: &mut TcpStream) -> bool {
    stream.write_all(b"STORED\r\n").is_ok()
}

const FAULTS: &[(&str, Manner, &str)] = &[
    ("silent", silent, "SERVER_ERROR node n1: timed out\r\n"),
    ("hangs up", hangs_up, "SERVER_ERROR node n1: connection closed\r\n"),
    ("half a value", hangs_up_within_a_value, "SERVER_ERROR node n1: connection closed\r\n"),
    ("babbles", babbles, "SERVER_ERROR node n1: unexpected answer\r\n"),
    ("another key", confuses_keys, "SERVER_ERROR node n1: unexpected answer\r\n"),
    ("wrong word", wrong_word, "SERVER_ERROR node n1: unexpected answer\r\n"),
];

const QUICK: &str = r#", "request_timeout_ms": 60, "failure_limit": 3"#;

#[test]
fn each_fault_is_told_and_then_the_node_is_down() {
    for (name, manner, said) in FAULTS {
        let (good, bad) = (Peer::start(honest), Peer::start(*manner));
        let router = route(&[&good, &bad], QUICK);
        let mut client = Client::connect(&router);
        let (here, there) = (key_of(0, 2, "k"), key_of(1, 2, "k"));
        for _ in 0..3 {
            let answer = client.ask(&format!("get {here}\r\nget {there}\r\nget {here}\r\n"));
            assert_eq!(answer, format!("{0}{said}{0}", value(&here)), "{name}");
        }
        let answer = client.ask(&format!("get {there}\r\nget {here} {there}\r\nget {here}\r\n"));
        let down = "SERVER_ERROR node n1 is down\r\n";
        assert_eq!(answer, format!("{down}{down}{}", value(&here)), "{name}");
        assert!(router.nodes().contains(r#""state":"down""#), "{name}");
        assert!(router.set_node_state("n1", true) && !router.set_node_state("n9", true));
        assert_eq!(client.ask(&format!("get {there}\r\n")), *said, "{name}: asked again once it is said to be up");
    }
}

#[test]
fn nobody_gets_anothers_answer() {
    let peers = [Peer::start(stutters), Peer::start(hangs_up), Peer::start(honest), Peer::start(confuses_keys)];
    let router = route(&[&peers[0], &peers[1], &peers[2], &peers[3]], r#", "failure_limit": 1000000"#);
    let mut clients: Vec<Client> = (0..8).map(|_| Client::connect(&router)).collect();
    for round in 0..30 {
        for (number, client) in clients.iter_mut().enumerate() {
            for index in 0..10 {
                client.send(&format!("get k{number}-{round}-{index}\r\n"));
            }
            client.send("mn\r\n");
        }
        for (number, client) in clients.iter_mut().enumerate() {
            let answer = client.rest();
            let mut rest = answer.as_str();
            for index in 0..10 {
                let value = value(&format!("k{number}-{round}-{index}"));
                let error = rest.starts_with("SERVER_ERROR node ").then(|| rest.find('\n')).flatten();
                rest = match (rest.strip_prefix(&value), error) {
                    (Some(rest), _) => rest,
                    (None, Some(end)) => &rest[end + 1..],
                    (None, None) => panic!("client {number}, request {index}: {rest}"),
                };
            }
            assert_eq!(rest, "");
        }
    }
}

#[test]
fn a_long_line_of_keys_fails_once_and_the_conversation_goes_on() {
    let (good, bad) = (Peer::start(honest), Peer::start(hangs_up));
    let router = route(&[&good, &bad], "");
    let mut client = Client::connect(&router);
    let here = key_of(0, 2, "k");
    let line = |last: &str| format!("get {}{last}\r\n", format!("{here} ").repeat(1000));
    let answer = client.ask(&format!("{}get {here}\r\n", line(&key_of(1, 2, "k"))));
    let said = format!("SERVER_ERROR node n1: connection closed\r\n{}", value(&here));
    assert!(answer.ends_with(&said) && answer.matches("SERVER_ERROR").count() == 1, "{answer}");
    let answer = client.ask(&line(&here));
    assert_eq!(answer.matches("VALUE").count(), 1001);
    assert!(answer.ends_with("END\r\n") && answer.matches("END").count() == 1);
}

#[test]
fn a_down_nodes_keys_miss_where_that_is_the_policy() {
    let (good, bad) = (Peer::start(honest), Peer::absent());
    let router = route(&[&good, &bad], r#", "failure_limit": 1, "down": "miss""#);
    let mut client = Client::connect(&router);
    let (here, there) = (key_of(0, 2, "k"), key_of(1, 2, "k"));
    assert_eq!(client.ask(&format!("get {there}\r\n")), "END\r\n", "a miss also for the request that found it down");
    let answer = client.ask(&format!(
        "get {there}\r\nget {here} {there}\r\nmg {there} v k Oz\r\nmg {there} v q\r\nset {there} 0 0 1\r\nx\r\n"
    ));
    let down = "SERVER_ERROR node n1 is down\r\n";
    assert_eq!(answer, format!("END\r\n{}EN k{there} Oz\r\n{down}", value(&here)));
}

#[test]
fn going_down_is_announced() {
    let absent = Peer::absent();
    let router = route(&[&absent], r#", "failure_limit": 2"#);
    let mut counter = [0; 8];
    assert!(rustix::io::read(router.changes_fd(), &mut counter).is_err(), "nothing has happened yet");
    let mut client = Client::connect(&router);
    client.ask("get a\r\n");
    client.ask("get a\r\n");
    until("the announcement", || rustix::io::read(router.changes_fd(), &mut counter).is_ok());
}

#[test]
fn a_client_that_leaves_takes_nothing_with_it() {
    let peer = Peer::start(honest);
    let router = route(&[&peer], "");
    let mut stays = Client::connect(&router);
    for round in 0..50 {
        let mut leaves = Client::connect(&router);
        leaves.send(&"get gone\r\n".repeat(50));
        leaves.send("set half 0 0 1000\r\nabc");
        drop(leaves);
        let key = format!("k{round}");
        assert_eq!(stays.ask(&format!("get {key}\r\n")), value(&key));
    }
    until("their requests are done", || router.nodes().contains(r#""outstanding":0"#));
}

#[test]
fn a_client_that_never_reads_is_paused_and_disturbs_nobody() {
    let peer = Peer::start(honest);
    let router = route(&[&peer], "");
    let mut deaf = Client::connect(&router);
    deaf.stream.set_write_timeout(Some(std::time::Duration::from_millis(300))).expect("a socket option");
    let line = format!("get {}\r\n", vec!["k".repeat(200); 50].join(" "));
    let mut sent = 0;
    while deaf.stream.write_all(line.as_bytes()).is_ok() {
        sent += line.len();
        assert!(sent < 64 << 20, "the router takes requests for ever");
    }
    let mut client = Client::connect(&router);
    assert_eq!(client.ask("get a\r\n"), value("a"));
}

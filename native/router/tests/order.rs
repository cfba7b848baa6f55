//! Answers leave in the order of the requests, whichever node is faster, and many keys are one answer.

mod support;

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use support::{Client, Peer, honest, key_of, route, topology, value};

/// Honest, after a while.
fn slow(line: &str, stream: &mut TcpStream) -> bool {
    thread::sleep(Duration::from_millis(2));
    honest(line, stream)
}

#[test]
fn a_fast_node_waits_for_a_slow_one() {
    let (fast, lazy) = (Peer::start(honest), Peer::start(slow));
    let router = route(&[&fast, &lazy], "");
    let mut client = Client::connect(&router);
    let keys: Vec<String> = (0..40).map(|number| format!("key{number}")).collect();
    let requests: String = keys.iter().map(|key| format!("get {key}\r\n")).collect();
    assert_eq!(client.ask(&requests), keys.iter().map(|key| value(key)).collect::<String>());
}

#[test]
fn many_keys_are_one_answer_in_the_order_of_the_keys() {
    let (fast, lazy) = (Peer::start(honest), Peer::start(slow));
    let router = route(&[&fast, &lazy], "");
    let mut client = Client::connect(&router);
    let keys = ["a", "b", "miss1", "c", "a", "d", "miss2", "e", "f"];
    let values = |keys: &[&str]| -> String {
        let hits = keys.iter().filter(|key| !key.starts_with("miss"));
        hits.map(|key| format!("VALUE {key} 0 1\r\n{key}\r\n")).collect::<String>() + "END\r\n"
    };
    assert_eq!(client.ask(&format!("get {}\r\n", keys.join(" "))), values(&keys));
    let mixed = client.ask("get x\r\nget a b c d\r\nmg e v\r\nget y\r\n");
    assert_eq!(mixed, format!("{}{}VA 1\r\ne\r\n{}", value("x"), values(&["a", "b", "c", "d"]), value("y")));
}

#[test]
fn a_line_of_keys_without_end_is_answered_once() {
    let (one, two) = (Peer::start(honest), Peer::start(honest));
    let router = route(&[&one, &two], "");
    let mut client = Client::connect(&router);
    let keys: Vec<String> = (0..10_000).map(|number| format!("key{number:06}")).collect();
    let answer = client.ask(&format!("get {}\r\n", keys.join(" ")));
    assert!(answer.ends_with("END\r\n") && answer.matches("END\r\n").count() == 1);
    let found: Vec<&str> = answer.lines().filter(|line| line.starts_with("key")).collect();
    assert_eq!(found, keys);
}

#[test]
fn what_is_not_to_be_answered_is_not() {
    let peer = Peer::start(honest);
    let router = route(&[&peer], "");
    let mut client = Client::connect(&router);
    let answer =
        client.ask("set a 0 0 1 noreply\r\nx\r\ndelete a noreply\r\nmg b v q\r\nflush_all noreply\r\nget c\r\n");
    assert_eq!(answer, format!("VA 1\r\nb\r\n{}", value("c")));
}

#[test]
fn quit_ends_the_connection_behind_what_was_asked() {
    let peer = Peer::start(slow);
    let router = route(&[&peer], "");
    let mut client = Client::connect(&router);
    client.send("get a\r\nmn\r\nquit\r\nget b\r\n");
    assert_eq!(client.rest(), value("a"));
    assert!(client.is_closed());
}

#[test]
fn a_new_topology_takes_over_without_a_lost_request() {
    let (one, two) = (Peer::start(slow), Peer::start(honest));
    let router = route(&[&one], "");
    let mut client = Client::connect(&router);
    for round in 0..20 {
        client.send("get a\r\nget b\r\n");
        let peers: &[&Peer] = if round % 2 == 0 { &[&two, &one] } else { &[&one] };
        router.install(&topology(peers, "")).expect("a right topology");
        assert_eq!(client.ask("get c\r\n"), ["a", "b", "c"].map(value).concat());
    }
    assert!(router.install("{}").is_err());
    assert_eq!(client.ask("get d\r\n"), value("d"));
}

#[test]
fn stopping_lets_what_is_begun_end() {
    let peer = Peer::start(slow);
    let router = route(&[&peer], "");
    let mut client = Client::connect(&router);
    assert_eq!(client.ask("get a\r\n"), value("a"));
    client.send(&"get b\r\n".repeat(20));
    client.send("mn\r\n");
    thread::scope(|scope| {
        support::until("the router has the requests", || {
            router.stats("proxy").iter().any(|(name, count)| name == "requests" && count == "23")
        });
        scope.spawn(|| router.stop(support::PATIENCE));
        assert_eq!(client.rest(), value("b").repeat(20));
        assert!(client.is_closed());
    });
}

#[test]
fn keys_of_a_node_stay_with_it() {
    let (one, two) = (Peer::start(honest), Peer::absent());
    let router = route(&[&one, &two], "");
    let mut client = Client::connect(&router);
    let (here, there) = (key_of(0, 2, "k"), key_of(1, 2, "k"));
    assert_eq!(client.ask(&format!("get {here}\r\n")), value(&here));
    assert_eq!(client.ask(&format!("get {there}\r\n")), "SERVER_ERROR node n1: connection refused\r\n");
}

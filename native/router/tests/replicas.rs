//! A pool that keeps each value on two nodes of different zones behaves as one server, and goes on when a node is gone.

mod support;

use std::time::Duration;

use node::Node;
use router::Router;
use support::{Client, settings};

struct Cluster {
    nodes: Vec<Node>,
    router: Router,
}

fn node() -> Node {
    let settings = node::Settings {
        listen: vec!["127.0.0.1:0".to_owned()],
        threads: 1,
        memory: 16 << 20,
        unix_socket: None,
        unix_mask: 0o700,
        item_size_max: 1 << 20,
        connections_max: 100,
        clients_memory: None,
        backlog: 100,
        requests_per_turn: 20,
        evict: true,
        idle_timeout: None,
        allow_flush: true,
        allow_dump: true,
        allow_watch: true,
        allow_shutdown: false,
        detail: false,
        verbosity: 0,
        version: String::new(),
    };
    let mut node = Node::bind(settings).expect("a free port");
    node.start().expect("threads");
    node
}

/// Zones a, a and b; the router stands in b, and most keys' first choice is the first node.
fn cluster() -> Cluster {
    let nodes: Vec<Node> = (0..3).map(|_| node()).collect();
    let rows: Vec<String> = (nodes.iter().zip(["a", "a", "b"]).enumerate())
        .map(|(place, (node, zone))| {
            format!(r#"{{"name": "n{place}", "address": "{}", "zone": "{zone}"}}"#, node.addresses()[0])
        })
        .collect();
    let topology = format!(
        r#"{{"version": 1, "nodes": [{}], "pools": [{{"name": "main", "nodes": [0, 1, 2], "replicas": 2, "zone": "b",
            "failure_limit": 1, "placement": {{"kind": "modula", "hash": "md5", "slots": [0, 0, 0, 0, 1, 2]}}}}]}}"#,
        rows.join(",")
    );
    let router = Router::new(settings(), &topology).expect("a right topology");
    router.start().expect("threads");
    Cluster { nodes, router }
}

impl Cluster {
    fn held(&self, node: usize, key: &str) -> String {
        let mut client = Client::at(&self.nodes[node].addresses()[0]);
        client.ask(&format!("get {key}\r\n"))
    }
}

/// A key whose values are on the first and the last node.
fn key(prefix: &str) -> String {
    let hash = router::hash::by_name("md5").expect("known");
    let is_first = |key: &String| hash(key.as_bytes()) % 6 < 4;
    (0..100).map(|number| format!("{prefix}{number}")).find(is_first).expect("one in a hundred")
}

#[test]
fn a_value_is_on_two_nodes_of_two_zones() {
    let cluster = cluster();
    let (mut client, key) = (Client::connect(&cluster.router), key("k"));
    assert_eq!(
        client.ask(&format!("set {key} 7 0 2\r\nhi\r\nget {key}\r\n")),
        format!("STORED\r\nVALUE {key} 7 2\r\nhi\r\nEND\r\n")
    );
    let held: Vec<bool> = (0..3).map(|node| cluster.held(node, &key).contains("hi")).collect();
    assert_eq!(held, [true, false, true]);
    client.ask(&format!("delete {key}\r\n"));
    assert!((0..3).all(|node| cluster.held(node, &key) == "END\r\n"));
}

#[test]
fn what_depends_on_the_value_is_decided_once() {
    let cluster = cluster();
    let (mut client, key) = (Client::connect(&cluster.router), key("n"));
    let answer = client.ask(&format!(
        "set {key} 0 0 1\r\n5\r\nincr {key} 2\r\nget {key}\r\nincr {key} 1 noreply\r\nadd {key} 0 0 1\r\nx\r\n\
         mg {key} v\r\nappend {key} 0 0 1\r\n!\r\nget {key} {key}\r\nma {key}0 N0 J1 v\r\nmg {key}0 v\r\n"
    ));
    let expected = format!(
        "STORED\r\n7\r\nVALUE {key} 0 1\r\n7\r\nEND\r\nNOT_STORED\r\nVA 1\r\n8\r\nSTORED\r\n\
         VALUE {key} 0 2\r\n8!\r\nVALUE {key} 0 2\r\n8!\r\nEND\r\nVA 1\r\n1\r\nVA 1\r\n1\r\n"
    );
    assert_eq!(answer, expected);
}

#[test]
fn a_read_goes_on_to_the_node_that_has_it() {
    let mut cluster = cluster();
    let (mut client, key) = (Client::connect(&cluster.router), key("r"));
    client.ask(&format!("set {key} 0 0 2\r\nhi\r\n"));
    let value = format!("VALUE {key} 0 2\r\nhi\r\nEND\r\n");
    Client::at(&cluster.nodes[2].addresses()[0]).ask(&format!("delete {key}\r\n"));
    let many = format!("get {key} absent {key}\r\n");
    let twice = format!("VALUE {key} 0 2\r\nhi\r\n{value}");
    assert_eq!(client.ask(&format!("get {key}\r\nmg {key} v\r\n")), format!("{value}VA 2\r\nhi\r\n"));
    assert_eq!(client.ask(&many), twice);
    cluster.nodes[2].stop(Duration::ZERO);
    assert_eq!(client.ask(&format!("get {key}\r\n")), value);
    assert_eq!(client.ask(&many), twice);
    assert_eq!(
        client.ask(&format!("set {key} 0 0 2\r\nho\r\nget {key}\r\n")),
        format!("STORED\r\n{}", value.replace("hi", "ho"))
    );
    cluster.nodes[0].stop(Duration::ZERO);
    assert!(client.ask(&format!("get {key}\r\n")).starts_with("SERVER_ERROR node n"));
}

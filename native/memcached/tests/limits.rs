//! Inputs and outputs of any size in any split: lists of keys without end, large bodies, readers that are slow.

mod peer;

use memcached::Settings;
use peer::{Peer, server};

fn settings() -> Settings {
    Settings { memory_bytes: 32 << 20, item_size_max: 8 << 20, ..Settings::default() }
}

/// Keys `k0 k1 …`, of which every third is there.
fn keys(client: &mut Peer, count: usize) -> (String, String) {
    let (mut line, mut expected) = (String::from("get"), String::new());
    for number in 0..count {
        line += &format!(" k{number}");
        if number % 3 == 0 {
            assert_eq!(client.ask(&format!("set k{number} 0 0 5\r\nvalue\r\n")), "STORED\r\n");
            expected += &format!("VALUE k{number} 0 5\r\nvalue\r\n");
        }
    }
    (line + "\r\n", expected + "END\r\n")
}

#[test]
fn a_list_of_keys_of_any_length_in_any_split() {
    for (size, room) in [(usize::MAX, usize::MAX), (1000, usize::MAX), (3, usize::MAX), (usize::MAX, 100), (17, 1)] {
        let mut client = Peer::new(&server(settings())).with_room(room);
        let (line, expected) = keys(&mut client, 5000);
        client.send_in_pieces(line.as_bytes(), size);
        assert!(client.answered == expected.as_bytes(), "pieces of {size}, room for {room}");
        client.answered.clear();
        assert_eq!(client.ask("mn\r\n"), "MN\r\n");
    }
}

#[test]
fn an_endless_key_ends_the_connection() {
    let mut client = Peer::new(&server(settings()));
    let line = format!("get {}{}", "a ".repeat(20_000), "x".repeat(20_000));
    client.send_in_pieces(line.as_bytes(), 4096);
    assert!(client.closed);
}

#[test]
fn large_bodies_in_any_split() {
    let value: String = (0..3_000_000).map(|index| char::from(b'a' + (index % 23) as u8)).collect();
    let request = format!("set big 5 0 {}\r\n{value}\r\nget big\r\n", value.len());
    let expected = format!("STORED\r\nVALUE big 5 {}\r\n{value}\r\nEND\r\n", value.len());
    for size in [usize::MAX, 65_536, 999_983] {
        let mut client = Peer::new(&server(settings()));
        client.send_in_pieces(request.as_bytes(), size);
        assert!(client.answered == expected.as_bytes(), "pieces of {size}");
    }
}

#[test]
fn a_large_body_that_does_not_end_where_it_should() {
    let mut client = Peer::new(&server(settings()));
    client.ask("set big 0 0 1\r\n1\r\n");
    client.send_in_pieces(format!("set big 0 0 2000000\r\n{}", "x".repeat(2_000_010)).as_bytes(), 65_536);
    assert_eq!(client.ask("\r\nget big\r\n"), "CLIENT_ERROR bad data chunk\r\nERROR\r\nVALUE big 0 1\r\n1\r\nEND\r\n");
}

#[test]
fn a_refused_body_is_swallowed_in_any_split() {
    for size in [usize::MAX, 65_536, 999] {
        let mut client = Peer::new(&server(settings()));
        client.ask("set big 0 0 1\r\n1\r\n");
        let request = format!("ms big 9000000 q\r\n{}\r\nmg big v\r\n", "\r\nget a ".repeat(1_125_000));
        client.send_in_pieces(request.as_bytes(), size);
        assert_eq!(client.ask(""), "SERVER_ERROR object too large for cache\r\nEN\r\n", "pieces of {size}");
    }
}

#[test]
fn a_listing_of_all_items_to_a_slow_reader() {
    let mut client = Peer::new(&server(settings())).with_room(10);
    for number in 0..2000 {
        client.ask(&format!("set k{number} 0 0 5\r\nvalue\r\n"));
    }
    let listing = client.ask("lru_crawler mgdump all\r\nmn\r\n");
    let mut lines: Vec<&str> = listing.lines().collect();
    assert_eq!((lines.remove(0), lines.pop(), lines.pop()), ("OK", Some("MN"), Some("EN")));
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 2000);
    assert_eq!(lines[0], "mg k0");
}

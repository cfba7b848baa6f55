//! Expiry, flushing and time left, with a clock that the test moves.

mod peer;

use memcached::Settings;
use peer::{Peer, UNIX_START, server};

fn client() -> Peer {
    Peer::new(&server(Settings { memory_bytes: 8 << 20, ..Settings::default() }))
}

#[test]
fn an_item_lives_until_its_second_comes() {
    let mut client = client();
    assert_eq!(client.ask("set a 0 10 1\r\n1\r\n"), "STORED\r\n");
    client.now += 9;
    assert_eq!(client.ask("get a\r\nmg a t\r\n"), "VALUE a 0 1\r\n1\r\nEND\r\nHD t1\r\n");
    client.now += 1;
    assert_eq!(client.ask("get a\r\nmg a t\r\n"), "END\r\nEN\r\n");
}

#[test]
fn long_expiries_are_points_in_time() {
    let mut client = client();
    let at = UNIX_START + 500;
    assert_eq!(client.ask(&format!("set a 0 {at} 1\r\n1\r\nmg a t\r\n")), "STORED\r\nHD t498\r\n");
    assert_eq!(client.ask("set b 0 2592000 1\r\n1\r\nmg b t\r\n"), "STORED\r\nHD t2592000\r\n");
    assert_eq!(client.ask("set c 0 2592001 1\r\n1\r\nget c\r\n"), "STORED\r\nEND\r\n");
}

#[test]
fn touching_moves_the_end() {
    let mut client = client();
    client.ask("set a 0 10 1\r\n1\r\n");
    assert_eq!(client.ask("touch a 100\r\n"), "TOUCHED\r\n");
    client.now += 50;
    assert_eq!(client.ask("gat 200 a\r\nmg a t\r\n"), "VALUE a 0 1\r\n1\r\nEND\r\nHD t200\r\n");
    client.now += 199;
    assert_eq!(client.ask("mg a t T0\r\nmg a t\r\n"), "HD t1\r\nHD t-1\r\n");
}

#[test]
fn counting_and_appending_keep_the_end() {
    let mut client = client();
    client.ask("set a 7 10 1\r\n1\r\nset b 7 10 1\r\n1\r\n");
    assert_eq!(client.ask("incr a 1\r\nappend b 9 99 1\r\n2\r\n"), "2\r\nSTORED\r\n");
    assert_eq!(client.ask("mg a t f\r\nmg b t f\r\n"), "HD t10 f7\r\nHD t10 f7\r\n");
}

#[test]
fn a_delayed_flush_takes_what_was_stored_before_it() {
    let mut client = client();
    client.ask("set a 0 0 1\r\n1\r\n");
    assert_eq!(client.ask("flush_all 10\r\n"), "OK\r\n");
    client.now += 5;
    client.ask("set b 0 0 1\r\n1\r\n");
    assert_eq!(client.ask("get a\r\n"), "VALUE a 0 1\r\n1\r\nEND\r\n");
    client.now += 5;
    assert_eq!(client.ask("get a b\r\n"), "END\r\n");
    assert_eq!(client.ask("set c 0 0 1\r\n1\r\nget c\r\n"), "STORED\r\nVALUE c 0 1\r\n1\r\nEND\r\n");
}

#[test]
fn the_time_since_the_last_access_is_told() {
    let mut client = client();
    client.ask("set a 0 0 1\r\n1\r\n");
    client.now += 30;
    assert_eq!(client.ask("mg a h l\r\n"), "HD h0 l30\r\n");
    client.now += 5;
    assert_eq!(client.ask("mg a h l\r\n"), "HD h1 l5\r\n");
    assert!(client.ask("me a\r\n").starts_with("ME a exp=-1 la=0 cas="));
}

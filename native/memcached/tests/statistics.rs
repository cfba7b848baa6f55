//! What a server tells about itself: counts of every command, groups of statistics, events for those who watch.

mod peer;

use std::collections::HashMap;
use std::sync::Arc;

use memcached::{Clock, FIRST_SECOND, Server, Settings};
use peer::{Peer, UNIX_START, server};

const CLOCK: Clock = Clock { now: FIRST_SECOND, unix_start: UNIX_START };

fn client() -> (Arc<Server>, Peer) {
    let server = server(Settings { memory_bytes: 8 << 20, ..Settings::default() });
    let client = Peer::new(&server);
    (server, client)
}

fn stats(server: &Server, group: &str) -> HashMap<String, String> {
    server.stats(group, CLOCK).expect("a group of that name").into_iter().collect()
}

#[test]
fn every_command_is_counted() {
    let (server, mut client) = client();
    client.ask("set a 0 0 1\r\n1\r\nadd a 0 0 1\r\n1\r\nget a b c\r\nmg a v\r\nmg zz\r\n");
    client.ask("incr a 1\r\nincr zz 1\r\ndecr a 1\r\ndecr zz 1\r\ntouch a 0\r\ntouch zz 0\r\n");
    client.ask("ms a 1 E9\r\n1\r\ncas a 0 0 1 9\r\n2\r\ncas a 0 0 1 9\r\n3\r\ncas zz 0 0 1 9\r\n3\r\n");
    client.ask("delete zz\r\ndelete a\r\nflush_all\r\nset a 0 0 1048576\r\n");
    let stats = stats(&server, "");
    let counts = [
        ("cmd_get", 5),
        ("get_hits", 2),
        ("get_misses", 3),
        ("cmd_set", 6),
        ("cmd_meta", 3),
        ("incr_hits", 1),
        ("incr_misses", 1),
        ("decr_hits", 1),
        ("decr_misses", 1),
        ("touch_hits", 1),
        ("touch_misses", 1),
        ("cas_hits", 1),
        ("cas_badval", 1),
        ("cas_misses", 1),
        ("delete_hits", 1),
        ("delete_misses", 1),
        ("cmd_flush", 1),
        ("store_too_large", 1),
        ("curr_items", 0),
    ];
    for (name, count) in counts {
        assert_eq!(stats[name], count.to_string(), "{name}");
    }
}

#[test]
fn a_reset_begins_the_counts_anew() {
    let (server, mut client) = client();
    client.ask("set a 0 0 1\r\n1\r\nget a\r\n");
    assert_eq!(client.ask("stats reset\r\n"), "RESET\r\n");
    client.ask("get a\r\n");
    let stats = stats(&server, "");
    assert_eq!((stats["get_hits"].as_str(), stats["cmd_set"].as_str()), ("1", "0"));
    assert_eq!(stats["curr_items"], "1");
}

#[test]
fn every_group_is_a_list_that_ends() {
    let (_, mut client) = client();
    client.ask("set a 0 0 1\r\n1\r\n");
    for group in ["", " settings", " items", " slabs", " sizes", " conns", " proxy", " extstore"] {
        let list = client.ask(&format!("stats{group}\r\n"));
        let rows = list.strip_suffix("END\r\n").expect("a list ends with END");
        assert!(rows.lines().all(|row| row.starts_with("STAT ") && row.split(' ').count() >= 3), "{list}");
    }
    assert_eq!(client.ask("stats sizes\r\n"), "STAT 64 1\r\nEND\r\n");
    assert_eq!(client.ask("stats cachedump 1 10\r\n"), "ITEM a [1 b; 0 s]\r\nEND\r\n");
    assert!(client.ask("stats conns\r\n").contains("STAT 7:addr tcp:127.0.0.1:5000\r\n"));
}

#[test]
fn watchers_receive_what_they_asked_for() {
    let (_, mut client) = client();
    let server = client.server();
    let mut watcher = Peer::new(&server);
    assert_eq!(watcher.ask("watch mutations deletions\r\nget a\r\n"), "OK\r\n");
    client.ask("get a\r\nset a:b 0 0 3\r\nabc\r\nadd a:b 0 0 1\r\nx\r\ndelete a:b\r\n");
    let events = String::from_utf8(watcher.events()).expect("events are text");
    let kinds: Vec<&str> = events.lines().filter_map(|line| line.split_once("type=")).map(|(_, rest)| rest).collect();
    assert_eq!(
        kinds,
        [
            "item_store key=a%3Ab status=stored cmd=set ttl=0 clsid=1 cfd=1 size=3",
            "item_store key=a%3Ab status=not_stored cmd=add ttl=0 clsid=1 cfd=1 size=1",
            "deleted key=a%3Ab cmd=delete clsid=1 size=3",
        ]
    );
}

#[test]
fn what_a_watcher_does_not_read_is_dropped_and_counted() {
    let (server, mut client) = client();
    let mut watcher = Peer::new(&server);
    watcher.ask("watch fetchers\r\n");
    for _ in 0..5000 {
        client.ask("get a\r\n");
    }
    let events = watcher.events();
    assert!(events.len() <= 256 * 1024);
    let skipped: u64 = stats(&server, "")["log_watcher_skipped"].parse().expect("a count");
    assert_eq!(skipped + events.iter().filter(|&&byte| byte == b'\n').count() as u64, 5000);
    client.ask("get a\r\n");
    assert!(String::from_utf8_lossy(&watcher.events()).starts_with(&format!("[skipped: {skipped}]\n")));
}

#[test]
fn a_server_without_watchers_produces_no_events() {
    let (server, mut client) = client();
    let mut watcher = Peer::new(&server);
    watcher.ask("watch fetchers\r\n");
    client.ask("get a\r\n");
    watcher.leave();
    client.ask("get a\r\nget a\r\n");
    assert_eq!(stats(&server, "")["log_watchers"], "0");
    assert_eq!(stats(&server, "")["log_watcher_sent"], "1");
}

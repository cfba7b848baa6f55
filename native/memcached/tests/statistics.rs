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

#[test]
fn watchers_of_evictions_learn_what_left() {
    let server = server(Settings { memory_bytes: 1 << 20, ..Settings::default() });
    let (mut client, mut watcher, mut other) = (Peer::new(&server), Peer::new(&server), Peer::new(&server));
    watcher.ask("watch evictions\r\n");
    other.ask("watch deletions\r\n");
    client.ask(&format!("set first:%key 0 500 10000\r\n{0}\r\nget first:%key\r\n", "x".repeat(10_000)));
    client.now += 30;
    let mut number = 0;
    while stats(&server, "")["evictions"] == "0" {
        client.ask(&format!("set filling:{number} 0 0 10000\r\n{}\r\n", "x".repeat(10_000)));
        number += 1;
    }
    let events = String::from_utf8(watcher.events()).expect("events are text");
    assert_eq!(events.lines().count().to_string(), stats(&server, "")["evictions"]);
    let at = UNIX_START + 32;
    let first = "type=eviction key=first%3A%25key fetch=yes ttl=470 la=30 clsid=1 size=10000";
    assert_eq!(events.lines().next(), Some(format!("ts={at}.0 gid=1 {first}").as_str()));
    assert!(other.events().is_empty());
    watcher.leave();
    client.ask(&format!("set large 0 0 900000\r\n{}\r\n", "x".repeat(900_000)));
    watcher = Peer::new(&server);
    watcher.ask("watch evictions\r\n");
    assert!(watcher.events().is_empty(), "while nobody watches, nothing is kept");
}

#[test]
fn evictions_that_the_store_could_not_keep_for_watchers_are_counted_as_skipped() {
    let server = server(Settings { memory_bytes: 1 << 20, ..Settings::default() });
    let (mut client, mut watcher) = (Peer::new(&server), Peer::new(&server));
    watcher.ask("watch evictions\r\n");
    for number in 0..60_000 {
        client.ask(&format!("set key:{number} 0 0 10 noreply\r\n0123456789\r\n"));
    }
    let told = watcher.events().iter().filter(|&&byte| byte == b'\n').count() as u64;
    let stats = stats(&server, "");
    let count = |name: &str| stats[name].parse::<u64>().expect("a count");
    assert_eq!((told, count("log_watcher_skipped")), (count("log_watcher_sent"), count("evictions") - told));
    assert!(told > 1000);
}

#[test]
fn look_ups_that_came_too_late_are_counted() {
    let (server, mut client) = client();
    client.ask("set a 0 10 1\r\n1\r\nset b 0 10 1\r\n1\r\nset c 0 10 1\r\n1\r\nset d 0 0 1\r\n1\r\n");
    client.now += 10;
    client.ask("get a\r\nget a\r\nmg b v\r\ndelete c\r\nget d\r\n");
    assert_eq!(stats(&server, "")["get_expired"], "3");
}

#[test]
fn a_listing_shows_cas_values_that_can_be_compared_with() {
    let (_, mut client) = client();
    let cas_of = |listing: &str| {
        let (_, rest) = listing.split_once(" cas=").expect("a CAS value");
        rest.split(' ').next().expect("it ends").to_owned()
    };
    client.ask("set a 0 0 1\r\n1\r\n");
    let cas = cas_of(&client.ask("lru_crawler metadump all\r\n"));
    assert_eq!(client.ask("gets a\r\n"), format!("VALUE a 0 1 {cas}\r\n1\r\nEND\r\n"));
    client.ask("set b 0 0 1\r\n1\r\ndelete a\r\n");
    let cas = cas_of(&client.ask("lru_crawler metadump all\r\n"));
    assert_eq!(client.ask("set b 0 0 1\r\n2\r\n"), "STORED\r\n");
    assert_eq!(client.ask(&format!("md b C{cas}\r\n")), "EX\r\n");
    let cas = cas_of(&client.ask("lru_crawler metadump all\r\n"));
    assert_eq!(client.ask(&format!("md b C{cas}\r\n")), "HD\r\n");
}

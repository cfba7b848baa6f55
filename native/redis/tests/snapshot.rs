//! A snapshot taken while commands change the data is the data of its moment, loaded elsewhere; and what the journal holds behind that
//! moment makes the data of the end of it. So a file and the log behind it are never more and never less than everything.

mod kept;
mod talk;

use std::sync::Arc;

use kept::Kept;
use proptest::prelude::*;
use redis::load::Expired;
use redis::{Server, Settings};
use talk::{NOW, Talk};

/// What changes data: `k` stands for a key, `e` for an element, `n` for a number.
const COMMANDS: [&str; 33] = [
    "SET k e",
    "SET k n PX n",
    "APPEND k e",
    "INCR k",
    "SETRANGE k 3 e",
    "RPUSH k e e e",
    "LPUSH k e",
    "LPOP k",
    "LTRIM k 1 -2",
    "SADD k e n e",
    "SADD k n",
    "SREM k e",
    "SPOP k",
    "HSET k e e n e",
    "HDEL k e",
    "HINCRBY k e n",
    "ZADD k n e 0.5 n",
    "ZREM k e",
    "ZINCRBY k 1.25 e",
    "XADD k * e e n n",
    "XADD k * e n",
    "XTRIM k MAXLEN 3",
    "XGROUP CREATE k e 0 MKSTREAM",
    "XREADGROUP GROUP a b COUNT 2 STREAMS k >",
    "XACK k a 0-1",
    "DEL k",
    "PEXPIRE k n",
    "PERSIST k",
    "RENAME k k",
    "COPY k k DB 1",
    "SWAPDB 0 1",
    "SELECT 1",
    "SELECT 0",
];

fn word(kind: &'static str) -> BoxedStrategy<Vec<u8>> {
    match kind {
        "k" => (0..30u8).prop_map(|number| format!("key:{number}").into_bytes()).boxed(),
        "e" => prop_oneof![
            8 => prop::sample::select(&["a", "b", "1", "", "-7"][..]).prop_map(|word| word.as_bytes().to_vec()),
            1 => (60..70usize).prop_map(|size| vec![b'x'; size]),
            1 => (4090..4100usize).prop_map(|size| vec![b'y'; size]),
        ]
        .boxed(),
        "n" => (1..100_000i64).prop_map(|number| number.to_string().into_bytes()).boxed(),
        _ => Just(kind.as_bytes().to_vec()).boxed(),
    }
}

fn command() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let one = prop::sample::select(&COMMANDS[..]).prop_flat_map(|text| text.split(' ').map(word).collect::<Vec<_>>());
    prop_oneof![60 => one, 1 => Just(vec![b"FLUSHALL".to_vec()]), 1 => Just(vec![b"FLUSHDB".to_vec()])]
}

fn server() -> Arc<Server> {
    let config = vec![("enable-debug-command".to_owned(), "yes".to_owned())];
    Arc::new(Server::new(Settings { config, ..Settings::default() }).configured().expect("the directive is right"))
}

fn ask(talk: &mut Talk, words: &[Vec<u8>]) -> Vec<u8> {
    talk.ask(1, &words.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn digest(talk: &mut Talk) -> String {
    let digest = talk.ask(2, &[b"DEBUG", b"DIGEST"]);
    assert!(digest.starts_with(b"+"), "{}", digest.escape_ascii());
    String::from_utf8_lossy(&digest).into_owned()
}

/// What DEBUG DIGEST does not see of streams.
fn details(talk: &mut Talk) -> String {
    let mut all = String::new();
    for number in 0..30u8 {
        let key = format!("key:{number}");
        let answer = talk.ask(2, &[b"XINFO", b"STREAM", key.as_bytes(), b"FULL", b"COUNT", b"0"]);
        all.push_str(&answer.escape_ascii().to_string());
    }
    all
}

fn loaded(file: &[u8]) -> (Arc<Server>, u64) {
    let server = server();
    let loaded = server.load(file, NOW, Expired::Kept).expect("what was written can be read");
    server.validate();
    (server, loaded.offset.expect("the file says where in the stream it is"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_and_the_log_behind_it_are_everything(
        before in prop::collection::vec(command(), 0..200),
        during in prop::collection::vec((command(), 0..4usize), 0..150),
    ) {
        let here = server();
        let mut talk = Talk::to(here.clone());
        for words in &before {
            ask(&mut talk, words);
        }
        let (cut, details_at_cut) = (digest(&mut talk), details(&mut talk));
        let mut kept = Kept::of(&here);
        let mut snapshot = here.snapshot(NOW).in_pieces(1);
        let (mut file, mut is_more) = (Vec::new(), true);
        for (words, pieces) in &during {
            ask(&mut talk, words);
            here.validate();
            for _ in 0..*pieces {
                is_more = is_more && snapshot.next(&mut file);
            }
        }
        while is_more {
            is_more = snapshot.next(&mut file);
        }
        prop_assert_eq!(snapshot.keys(), snapshot.keys_total());
        drop(snapshot);
        here.validate();
        let (copy, offset) = loaded(&file);
        prop_assert_eq!(offset, 0, "nothing was told before the cut");
        let mut copy = Talk::to(copy);
        prop_assert_eq!(digest(&mut copy), cut);
        prop_assert_eq!(details(&mut copy), details_at_cut);
        for effect in kept.take() {
            copy.ask(1, &[b"SELECT", effect.database.to_string().as_bytes()]);
            let answer = copy.ask(1, &effect.words());
            prop_assert!(!answer.starts_with(b"-"), "{:?}: {}", effect, answer.escape_ascii());
        }
        prop_assert_eq!(digest(&mut copy), digest(&mut talk));
    }
}

#[test]
fn one_that_is_dropped_leaves_nothing_behind_and_lets_the_next_one_begin() {
    let server = server();
    let mut talk = Talk::to(server.clone());
    for number in 0..1000 {
        talk.ask(1, &[b"SET", format!("key:{number}").as_bytes(), b"value"]);
    }
    let mut snapshot = server.snapshot(NOW);
    snapshot.next(&mut Vec::new());
    for number in 0..1000 {
        talk.ask(1, &[b"APPEND", format!("key:{number}").as_bytes(), b"!"]);
    }
    drop(snapshot);
    server.validate();
    let mut snapshot = server.snapshot(NOW);
    let mut file = Vec::new();
    while snapshot.next(&mut file) {}
    let mut copy = Talk::to(loaded(&file).0);
    assert_eq!(copy.ask(1, &[b"GET", b"key:7"]), b"$6\r\nvalue!\r\n");
    assert_eq!(digest(&mut copy), digest(&mut talk));
}

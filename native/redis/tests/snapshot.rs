//! A snapshot taken while commands change the data is the data of its moment, loaded elsewhere; and what the journal holds behind that
//! moment makes the data of the end of it. So a file and the log behind it are never more and never less than everything.

mod kept;
mod talk;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

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
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, failure_persistence: None, ..ProptestConfig::default() })]

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

/// Threads move amounts between accounts, in transactions over all shards; each snapshot has the same sum, and so is of one moment.
#[test]
fn a_snapshot_is_of_one_moment_while_threads_write() {
    const ACCOUNTS: u64 = 200;
    let server = server();
    let mut talk = Talk::to(server.clone());
    for account in 0..ACCOUNTS {
        talk.ask(1, &[b"SET", format!("account:{account}").as_bytes(), b"1000"]);
        talk.ask(1, &[b"RPUSH", format!("list:{account}").as_bytes(), b"0"]);
    }
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 1..=3u64 {
            let (server, is_over) = (server.clone(), &is_over);
            scope.spawn(move || {
                let (mut talk, mut state) = (Talk::to(server), thread);
                while !is_over.load(Relaxed) {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let (from, to) = ((state >> 33) % ACCOUNTS, (state >> 13) % ACCOUNTS);
                    let lines = format!(
                        "MULTI\r\nDECRBY account:{from} 7\r\nINCRBY account:{to} 7\r\nRPUSH list:{from} {state}\r\nLTRIM list:{from} \
                         -3 -1\r\nEXEC\r\n"
                    );
                    talk.send(thread, lines.as_bytes());
                    talk.answers(thread);
                }
            });
        }
        for round in 0..10 {
            let mut snapshot = server.snapshot(NOW).in_pieces(1 + 100 * round);
            let mut file = Vec::new();
            while snapshot.next(&mut file) {
                std::thread::yield_now();
            }
            drop(snapshot);
            let mut copy = Talk::to(loaded(&file).0);
            let sum: i64 = (0..ACCOUNTS)
                .map(|account| number(&copy.ask(1, &[b"GET", format!("account:{account}").as_bytes()])))
                .sum();
            assert_eq!(sum, 1000 * ACCOUNTS as i64, "nothing is lost or made between two shards");
        }
        is_over.store(true, Relaxed);
    });
    server.validate();
}

/// The number in a bulk string.
fn number(answer: &[u8]) -> i64 {
    let text = std::str::from_utf8(answer).expect("a number is text");
    text.lines().nth(1).expect("there is an account").parse().expect("it holds a number")
}

//! What commands on lists and sets say they did, done again on another server, makes the same of it.

mod kept;
mod talk;

use std::sync::Arc;

use kept::Kept;
use proptest::prelude::*;
use redis::{Server, Settings};
use talk::Talk;

/// Connections that ask; one that waits asks for nothing else meanwhile.
const CONNECTIONS: u64 = 4;
const KEYS: [&str; 7] = ["l1", "l2", "l3", "s1", "s2", "s3", "other"];

/// Each with what stands for its arguments: `l` and `s` for keys, `e` for elements, `n` for numbers, the rest for itself.
const COMMANDS: [&str; 48] = [
    "RPUSH l e",
    "RPUSH l e e e e",
    "LPUSH l e e",
    "LPUSHX l e",
    "RPUSHX l e",
    "LPOP l",
    "RPOP l n",
    "LSET l n e",
    "LINSERT l BEFORE e e",
    "LINSERT l AFTER e e",
    "LREM l n e",
    "LTRIM l n n",
    "LMOVE l l LEFT RIGHT",
    "LMOVE l l RIGHT LEFT",
    "RPOPLPUSH l l",
    "LMPOP 2 l l LEFT COUNT n",
    "LMPOP 1 l RIGHT",
    "BLPOP l l 0",
    "BLPOP l 0.5",
    "BRPOP l l 0",
    "BLMOVE l l LEFT RIGHT 0",
    "BLMOVE l l RIGHT LEFT 0.5",
    "BRPOPLPUSH l l 0",
    "BLMPOP 0 2 l l LEFT COUNT n",
    "BLMPOP 0.5 1 l RIGHT",
    "SADD s e e e",
    "SADD s e e e e e e",
    "SADD s n n n",
    "SREM s e e",
    "SMOVE s s e",
    "SPOP s",
    "SPOP s n",
    "SPOP s 100",
    "SINTERSTORE s s s",
    "SUNIONSTORE s s s",
    "SDIFFSTORE s s s",
    "SRANDMEMBER s n",
    "SET other e",
    "DEL other",
    "RPUSH other e",
    "SADD other e",
    "LMOVE l other LEFT LEFT",
    "BLMOVE l other LEFT LEFT 0",
    "SUNIONSTORE other s",
    "DEL l",
    "DEL s",
    "RENAME l l",
    "PEXPIRE l 700",
];

fn word(kind: &'static str) -> BoxedStrategy<Vec<u8>> {
    let of = |words: &'static [&'static str]| prop::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
    match kind {
        "l" => of(&["l1", "l2", "l3"]).boxed(),
        "s" => of(&["s1", "s2", "s3"]).boxed(),
        "n" => (-3..6i64).prop_map(|number| number.to_string().into_bytes()).boxed(),
        "e" => prop_oneof![
            6 => of(&["a", "b", "c", "d", "1", "2", "300", ""]),
            1 => (60..70usize).prop_map(|size| vec![b'x'; size]),
            1 => (3000..9000usize).prop_map(|size| vec![b'y'; size]),
        ]
        .boxed(),
        _ => Just(kind.as_bytes().to_vec()).boxed(),
    }
}

fn command() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::sample::select(&COMMANDS[..]).prop_flat_map(|text| text.split(' ').map(word).collect::<Vec<_>>())
}

/// A connection, its request and the time that passes before it. Some are one transaction.
fn step() -> impl Strategy<Value = (u64, Vec<Vec<Vec<u8>>>, u64)> {
    let requests = prop_oneof![5 => prop::collection::vec(command(), 1), 1 => prop::collection::vec(command(), 2..5)];
    (1..=CONNECTIONS, requests, prop_oneof![9 => Just(0u64), 1 => Just(300)])
}

fn send(talk: &mut Talk, who: u64, words: &[Vec<u8>]) {
    talk.send(who, &talk::request(&words.iter().map(Vec::as_slice).collect::<Vec<_>>()));
}

/// What each key holds.
fn contents(talk: &mut Talk) -> Vec<(String, Vec<u8>)> {
    let mut contents = Vec::new();
    for key in KEYS {
        for ask in ["TYPE", "LRANGE", "SMEMBERS", "GET", "PEXPIRETIME"] {
            let words: Vec<&[u8]> = match ask {
                "LRANGE" => vec![b"LRANGE", key.as_bytes(), b"0", b"-1"],
                _ => vec![ask.as_bytes(), key.as_bytes()],
            };
            let mut answer = talk.ask(100, &words);
            if ask == "SMEMBERS" {
                let mut lines: Vec<&[u8]> = answer.split(|&byte| byte == b'\n').collect();
                lines.sort_unstable();
                answer = lines.concat();
            }
            contents.push((format!("{ask} {key}"), answer));
        }
    }
    contents
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn effects_make_the_same_elsewhere(steps in prop::collection::vec(step(), 1..80)) {
        let server = Arc::new(Server::new(Settings::default()));
        let mut kept = Kept::of(&server);
        let mut talk = Talk::to(server);
        let mut copy = Talk::to(Arc::new(Server::new(Settings::default())));
        for (who, requests, milliseconds) in steps {
            talk.pass(milliseconds);
            let is_transaction = requests.len() > 1;
            if is_transaction {
                talk.send(who, b"MULTI\r\n");
            }
            requests.iter().for_each(|words| send(&mut talk, who, words));
            if is_transaction {
                talk.send(who, b"EXEC\r\n");
            }
            for effect in &kept.take() {
                send(&mut copy, 1, &effect.words);
                let answer = copy.answers(1);
                prop_assert!(!answer.starts_with(b"-"), "{:?}: {}", effect, answer.escape_ascii());
            }
        }
        // The copy's clock stands still, so nothing there expires but by an effect.
        let asked: Vec<_> = contents(&mut talk);
        for effect in kept.take() {
            send(&mut copy, 1, &effect.words);
        }
        prop_assert_eq!(asked, contents(&mut copy));
    }
}

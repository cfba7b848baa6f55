//! What commands on strings, bitmaps, HyperLogLogs and hashes say they did, done again on another server, makes the same data of it.

mod kept;
mod talk;

use std::sync::Arc;

use kept::Kept;
use proptest::prelude::*;
use redis::{Server, Settings};
use talk::Talk;

/// Each with what stands for its arguments: `s`, `p`, `h` and `k` for keys (of strings, HyperLogLogs, hashes, any), `e` for elements, `n`
/// for numbers, `f` for fractions, `b` for bits, `m` for milliseconds, `t` for times; the rest for itself.
const COMMANDS: [&str; 57] = [
    "SET s e",
    "SET s n",
    "SET s e NX EX n",
    "SET s e XX GET PX m",
    "SET s e KEEPTTL",
    "SET s f GET KEEPTTL NX",
    "SET s e PXAT t",
    "SETNX s e",
    "SETEX s n e",
    "PSETEX s m e",
    "GETSET s e",
    "GETDEL s",
    "GETEX s PX m",
    "GETEX s PXAT t",
    "GETEX s PERSIST",
    "GETEX s",
    "MSET s e s n s e",
    "MSETNX s e s e",
    "APPEND s e",
    "SETRANGE s b e",
    "INCR s",
    "DECR s",
    "INCRBY s n",
    "DECRBY s n",
    "INCRBYFLOAT s f",
    "SETBIT s b 1",
    "SETBIT s b 0",
    "BITOP AND s s s",
    "BITOP XOR s s s",
    "BITOP NOT s s",
    "BITFIELD s SET u7 b n INCRBY i9 b n",
    "BITFIELD s OVERFLOW FAIL INCRBY u2 b n",
    "BITFIELD s OVERFLOW SAT INCRBY i5 b n SET u8 #1 n",
    "BITFIELD s GET u8 b",
    "PFADD p e e e",
    "PFADD p",
    "PFCOUNT p",
    "PFCOUNT p p",
    "PFMERGE p p p",
    "HSET h e e",
    "HSET h e n e e e f",
    "HMSET h n e e e",
    "HSETNX h e e",
    "HDEL h e e",
    "HDEL h e e e e e e",
    "HINCRBY h e n",
    "HINCRBYFLOAT h e f",
    "HGETALL h",
    "HRANDFIELD h n",
    "HINCRBY k e n",
    "APPEND k e",
    "PFADD k e",
    "SETBIT k b 1",
    "HSET k e e",
    "SET k e",
    "DEL k",
    "PEXPIRE k m",
];

fn word(kind: &'static str) -> BoxedStrategy<Vec<u8>> {
    let of = |words: &'static [&'static str]| prop::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
    match kind {
        "s" => of(&["s1", "s2", "s3"]).boxed(),
        "p" => of(&["p1", "p2", "p3"]).boxed(),
        "h" => of(&["h1", "h2"]).boxed(),
        "k" => of(&["s1", "p1", "h1"]).boxed(),
        "n" => prop_oneof![8 => -3..300_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)]
            .prop_map(|number| number.to_string().into_bytes())
            .boxed(),
        "f" => of(&["0.1", "-2.5", "1e17", "3", "0x1p-3", "1e-5", "inf", "x"]).boxed(),
        "b" => (0..90_u64).prop_map(|bit| bit.to_string().into_bytes()).boxed(),
        "m" => (1..2000_u64).prop_map(|time| time.to_string().into_bytes()).boxed(),
        "t" => (talk::NOW - 500..talk::NOW + 3000).prop_map(|time| time.to_string().into_bytes()).boxed(),
        "e" => prop_oneof![
            8 => of(&["a", "b", "c", "d", "1", "2", "300", ""]),
            1 => (60..70_usize).prop_map(|size| vec![b'x'; size]),
            1 => (4090..4100_usize).prop_map(|size| vec![b'y'; size]),
        ]
        .boxed(),
        _ => Just(kind.as_bytes().to_vec()).boxed(),
    }
}

fn command() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::sample::select(&COMMANDS[..]).prop_flat_map(|text| text.split(' ').map(word).collect::<Vec<_>>())
}

fn server() -> Arc<Server> {
    let config = vec![("enable-debug-command".to_owned(), "yes".to_owned())];
    let settings = Settings { config, ..Settings::default() };
    Arc::new(Server::new(settings).configured().expect("the directive is right"))
}

fn ask(talk: &mut Talk, words: &[Vec<u8>]) -> Vec<u8> {
    talk.ask(1, &words.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn effects_make_the_same_elsewhere(
        steps in prop::collection::vec((command(), prop_oneof![9 => Just(0_u64), 1 => Just(300)]), 1..100),
    ) {
        let here = server();
        let mut kept = Kept::of(&here);
        let mut talk = Talk::to(here.clone());
        // The copy's clock stands still, so nothing there expires but by an effect.
        let mut copy = Talk::to(server());
        for (words, milliseconds) in steps {
            talk.pass(milliseconds);
            ask(&mut talk, &words);
            here.validate();
            // What is gone here by its time alone is gone there as well once it is asked for.
            ["s1", "s2", "s3", "p1", "p2", "p3", "h1", "h2"].iter().for_each(|key| _ = talk.ask(1, &[b"TYPE", key.as_bytes()]));
            for effect in kept.take() {
                let answer = ask(&mut copy, &effect.words);
                prop_assert!(!answer.starts_with(b"-"), "{:?}: {}", effect, answer.escape_ascii());
            }
            let (one, other) = (talk.ask(1, &[b"DEBUG", b"DIGEST"]), copy.ask(1, &[b"DEBUG", b"DIGEST"]));
            prop_assert!(one.starts_with(b"+"), "{}", one.escape_ascii());
            prop_assert_eq!(one, other, "after {:?}", words.iter().map(|word| word.escape_ascii().to_string()).collect::<Vec<_>>());
        }
    }
}

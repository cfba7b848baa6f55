//! What commands on sorted sets and streams say they did, done again on another server, makes the same of it.

mod kept;
mod talk;

use std::sync::Arc;

use kept::Kept;
use proptest::prelude::*;
use redis::{Server, Settings};
use talk::Talk;

/// Connections that ask; one that waits asks for nothing else meanwhile.
const CONNECTIONS: u64 = 4;

/// Each with what stands for its arguments (see `word`), the rest for itself.
const COMMANDS: &[&str] = &[
    "ZADD z f m f m f m",
    "ZADD z f m",
    "ZADD z XX GT CH f m f m",
    "ZADD z NX INCR f m",
    "ZINCRBY z f m",
    "ZREM z m m",
    "ZPOPMIN z n",
    "ZPOPMAX z",
    "ZMPOP 2 z z MIN COUNT 2",
    "BZPOPMIN z z 0",
    "BZPOPMAX z 0.5",
    "BZMPOP 0 2 z z MAX COUNT 2",
    "ZREMRANGEBYRANK z n n",
    "ZREMRANGEBYSCORE z f f",
    "ZREMRANGEBYLEX z [m +",
    "ZRANGESTORE z z n n",
    "ZUNIONSTORE z 2 z z WEIGHTS f 2 AGGREGATE MAX",
    "ZINTERSTORE z 2 z z",
    "ZDIFFSTORE z 2 z z",
    "XADD s * m f",
    "XADD s * m m m m",
    "XADD s i m m",
    "XADD s 1700000000000-* m m",
    "XADD s MAXLEN n * m m",
    "XADD s MAXLEN ~ n LIMIT 100 * m m",
    "XADD s MINID ~ i * m m",
    "XTRIM s MAXLEN ~ 5",
    "XTRIM s MAXLEN 3",
    "XTRIM s MINID i",
    "XDEL s i i",
    "XSETID s i",
    "XGROUP CREATE s g 0 MKSTREAM",
    "XGROUP CREATE s g $",
    "XGROUP SETID s g i",
    "XGROUP SETID s g 0 ENTRIESREAD n",
    "XGROUP DESTROY s g",
    "XGROUP CREATECONSUMER s g c",
    "XGROUP DELCONSUMER s g c",
    "XREADGROUP GROUP g c COUNT 2 STREAMS s >",
    "XREADGROUP GROUP g c STREAMS s s > >",
    "XREADGROUP GROUP g c NOACK COUNT 1 STREAMS s >",
    "XREADGROUP GROUP g c BLOCK 0 STREAMS s >",
    "XREADGROUP GROUP g c BLOCK 500 NOACK STREAMS s s > >",
    "XREADGROUP GROUP g c STREAMS s 0",
    "XREAD BLOCK 0 STREAMS s $",
    "XACK s g i i",
    "XCLAIM s g c 0 i i FORCE",
    "XCLAIM s g c 0 i JUSTID LASTID i",
    "XCLAIM s g c 100 i i RETRYCOUNT 4 IDLE 50",
    "XAUTOCLAIM s g c 0 0 COUNT 2",
    "XAUTOCLAIM s g c 200 i JUSTID",
    "DEL z",
    "DEL s",
    "PEXPIRE z 700",
];

fn word(kind: &'static str) -> BoxedStrategy<Vec<u8>> {
    let of = |words: &'static [&'static str]| prop::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
    match kind {
        "z" => of(&["z1", "z2", "z3"]).boxed(),
        "s" => of(&["s1", "s2"]).boxed(),
        "g" => of(&["g1", "g2"]).boxed(),
        "c" => of(&["anna", "bert", "carl"]).boxed(),
        "m" => of(&["a", "b", "c", "d", "e", "17", ""]).boxed(),
        "f" => of(&["0", "1", "-1", "2.5", "0.1", "1e10", "inf", "3", "7"]).boxed(),
        "n" => (0..6i64).prop_map(|number| number.to_string().into_bytes()).boxed(),
        "i" => (0..4u64, 0..4u64)
            .prop_map(|(ms, seq)| format!("{}-{seq}", if ms == 3 { ms } else { talk::NOW + 100 * ms }).into_bytes())
            .boxed(),
        _ => Just(kind.as_bytes().to_vec()).boxed(),
    }
}

fn command() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::sample::select(COMMANDS).prop_flat_map(|text| text.split(' ').map(word).collect::<Vec<_>>())
}

/// A connection, its request and the time that passes before it. Some are one transaction.
fn step() -> impl Strategy<Value = (u64, Vec<Vec<Vec<u8>>>, u64)> {
    let requests = prop_oneof![5 => prop::collection::vec(command(), 1), 1 => prop::collection::vec(command(), 2..5)];
    (1..=CONNECTIONS, requests, prop_oneof![6 => Just(0u64), 4 => Just(100)])
}

fn send(talk: &mut Talk, who: u64, words: &[Vec<u8>]) {
    talk.send(who, &talk::request(&words.iter().map(Vec::as_slice).collect::<Vec<_>>()));
}

/// What each key holds. When a consumer was seen last is nobody's effect.
fn contents(talk: &mut Talk) -> Vec<String> {
    let mut lines: Vec<String> = ["z1", "z2", "z3"].iter().map(|key| format!("ZRANGE {key} 0 -1 WITHSCORES")).collect();
    for key in ["s1", "s2"] {
        lines.extend([format!("XRANGE {key} - +"), format!("XINFO STREAM {key}"), format!("XINFO GROUPS {key}")]);
        for group in ["g1", "g2"] {
            lines.extend([format!("XPENDING {key} {group}"), format!("XPENDING {key} {group} - + 1000")]);
        }
    }
    let ask = |line: String| {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let answer = talk.ask(100, &words);
        format!("{line}: {}", answer.escape_ascii())
    };
    lines.into_iter().map(ask).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn effects_make_the_same_elsewhere(steps in prop::collection::vec(step(), 1..120)) {
        let server = Arc::new(Server::new(Settings::default()));
        let mut kept = Kept::of(&server);
        let mut talk = Talk::to(server);
        let mut copy = Talk::to(Arc::new(Server::new(Settings::default())));
        let mut take = || kept.take();
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
            copy.now = talk.now;
            for effect in take() {
                send(&mut copy, 1, &effect.words);
                let answer = copy.answers(1);
                prop_assert!(!answer.starts_with(b"-"), "{:?}: {}", effect, answer.escape_ascii());
            }
        }
        let asked = contents(&mut talk);
        take().iter().for_each(|effect| send(&mut copy, 1, &effect.words));
        for (one, other) in asked.iter().zip(contents(&mut copy)) {
            prop_assert_eq!(one, &other);
        }
    }
}

//! Random commands of all types over a few keys in several databases, while time passes: everything stays valid, and the effects make the
//! same data elsewhere.

mod kept;
mod talk;

use std::sync::Arc;

use kept::Kept;
use redis::{Applier, Server, Settings, Sweeper};
use talk::Talk;

/// `k`: a key, `d`: a database, `n`: a small number, `e`: an element, `m`: milliseconds; the rest stands for itself.
const COMMANDS: &[&str] = &[
    "SET k e",
    "SET k e PX m",
    "SET k e KEEPTTL",
    "SETRANGE k 7 e",
    "APPEND k e",
    "INCRBY k n",
    "GETDEL k",
    "GETEX k PX m",
    "MSET k e k e",
    "LPUSH k e e",
    "RPUSH k e",
    "RPOP k",
    "LTRIM k 0 n",
    "SADD k e e e",
    "SREM k e",
    "SPOP k",
    "HSET k e e e n",
    "HDEL k e",
    "HINCRBYFLOAT k e 0.1",
    "ZADD k n e n e",
    "ZPOPMIN k",
    "ZREM k e",
    "XADD k * e e",
    "XTRIM k MAXLEN n",
    "XGROUP CREATE k g 0 MKSTREAM",
    "XREADGROUP GROUP g e COUNT 2 STREAMS k >",
    "XAUTOCLAIM k g e 0 0 COUNT 2",
    "SETBIT k 1000 1",
    "BITOP OR k k k",
    "PFADD k e e",
    "PFMERGE k k",
    "LMOVE k k LEFT RIGHT",
    "SUNIONSTORE k k k",
    "SINTERSTORE k k k",
    "ZUNIONSTORE k 2 k k",
    "ZRANGESTORE k k 0 n",
    "GEOADD k n n e",
    "DEL k",
    "UNLINK k k",
    "EXPIRE k n",
    "PEXPIRE k m",
    "PEXPIRE k m GT",
    "PERSIST k",
    "RENAME k k",
    "RENAMENX k k",
    "COPY k k",
    "COPY k k DB d REPLACE",
    "MOVE k d",
    "SWAPDB d d",
    "SORT k ALPHA STORE k",
    "SORT k BY nothing GET # GET k STORE k",
    "SELECT d",
    "TYPE k",
    "TTL k",
    "TOUCH k k k",
    "OBJECT ENCODING k",
    "SCAN n COUNT 5",
    "RANDOMKEY",
    "KEYS *1*",
];

/// Chosen by a number that goes its own way; the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn word(&mut self, kind: &str, keys: u64) -> Vec<u8> {
        match kind {
            "k" => format!("key:{}", self.below(keys)).into_bytes(),
            "d" => self.below(3).to_string().into_bytes(),
            "n" => (self.below(12) as i64 - 2).to_string().into_bytes(),
            "m" => self.below(3000).to_string().into_bytes(),
            "e" => match self.below(40) {
                0 => vec![b'x'; 5000],
                1 => vec![b'y'; 70],
                other => format!("e{}", other % 20).into_bytes(),
            },
            _ => kind.as_bytes().to_vec(),
        }
    }

    fn request(&mut self, keys: u64) -> Vec<u8> {
        let template =
            if self.below(3000) == 0 { "FLUSHDB" } else { COMMANDS[self.below(COMMANDS.len() as u64) as usize] };
        let words: Vec<Vec<u8>> = template.split(' ').map(|kind| self.word(kind, keys)).collect();
        talk::request(&words.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}

#[test]
fn a_million_commands_leave_everything_valid() {
    let server = Arc::new(Server::new(Settings::default()));
    let mut talk = Talk::to(server.clone());
    let mut sweeper = Sweeper::new(server.clone());
    let mut chance = Chance(1);
    for number in 0..1_000_000_u64 {
        // Some phases with few keys that change their types all the time, some with many.
        let keys = if number / 100_000 % 2 == 0 { 30 } else { 20_000 };
        talk.send(1, &chance.request(keys));
        assert!(!talk.answers(1).is_empty());
        if number.is_multiple_of(10) {
            talk.pass(1);
        }
        if number.is_multiple_of(1000) {
            sweeper.sweep(talk.now);
        }
        if number.is_multiple_of(20_000) {
            server.validate();
        }
    }
    server.validate();
}

/// All data, as its digest.
fn digest(talk: &mut Talk) -> Vec<u8> {
    talk.ask(9, &[b"DEBUG", b"DIGEST"])
}

fn server() -> Arc<Server> {
    let config = vec![("enable-debug-command".to_owned(), "yes".to_owned())];
    let settings = Settings { config, ..Settings::default() };
    Arc::new(Server::new(settings).configured().expect("the directive is right"))
}

#[test]
fn effects_make_the_same_elsewhere() {
    let (server, copy) = (server(), server());
    let mut kept = Kept::of(&server);
    let mut talk = Talk::to(server.clone());
    let mut sweeper = Sweeper::new(server);
    // Time passes there as well, but nothing expires by it.
    let (mut applier, mut copy) = (Applier::new(copy.clone()), Talk::to(copy));
    let mut chance = Chance(2);
    for number in 0..60_000 {
        talk.send(1, &chance.request(30));
        talk.answers(1);
        talk.pass(number % 3);
        if number % 500 != 0 {
            continue;
        }
        sweeper.sweep(talk.now);
        for effect in kept.take() {
            applier.select(effect.database);
            let applied = applier.apply(&effect.words(), b"", talk.now);
            assert!(applied.is_ok(), "{effect:?}: {applied:?}");
        }
        let (here, there) = (digest(&mut talk), digest(&mut copy));
        assert!(here.starts_with(b"+"), "{}", here.escape_ascii());
        assert_eq!(here, there, "after {number} commands");
    }
}

/// The words of an answer that is an array of a cursor and keys.
fn step_of(answer: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let lines: Vec<&[u8]> =
        answer.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    (lines[2].to_vec(), lines[4..].chunks(2).filter_map(|pair| Some(pair.get(1)?.to_vec())).collect())
}

#[test]
fn a_scan_meets_what_stays_while_the_rest_comes_and_goes() {
    let mut talk = Talk::to(Arc::new(Server::new(Settings::default())));
    for number in 0..500 {
        talk.ask(1, &[b"SET", format!("stays:{number}").as_bytes(), b""]);
    }
    let (mut cursor, mut met, mut steps) = (b"0".to_vec(), std::collections::BTreeSet::new(), 0);
    loop {
        let (next, keys) = step_of(&talk.ask(1, &[b"SCAN", &cursor, b"COUNT", b"20"]));
        assert!(keys.len() < 40, "a step stays near its count");
        met.extend(keys);
        for number in 0..300 {
            let key = format!("goes:{}", steps * 300 + number);
            let command: &[u8] = if steps < 40 { b"SET" } else { b"DEL" };
            let words = [command, key.as_bytes(), b""];
            talk.ask(1, if steps < 40 { &words } else { &words[..2] });
        }
        steps += 1;
        cursor = next;
        if cursor == b"0" {
            break;
        }
    }
    assert!((0..500).all(|number| met.contains(format!("stays:{number}").as_bytes())));
}

#[test]
fn what_expires_goes_without_being_met_and_says_so() {
    let server = Arc::new(Server::new(Settings::default()));
    let mut kept = Kept::of(&server);
    let mut talk = Talk::to(server.clone());
    let mut sweeper = Sweeper::new(server);
    talk.ask(2, &[b"CONFIG", b"SET", b"notify-keyspace-events", b"Ex"]);
    talk.ask(2, &[b"SUBSCRIBE", b"__keyevent@0__:expired"]);
    for number in 0..1000 {
        talk.ask(1, &[b"SET", format!("{number}").as_bytes(), b"", b"PX", if number < 900 { b"50" } else { b"5000" }]);
    }
    talk.ask(1, &[b"WATCH", b"7"]);
    talk.pass(100);
    kept.take();
    let mut messages = 0;
    // A sweep is bounded in time: it may take several.
    for _ in 0..100 {
        messages += sweeper.sweep(talk.now).take().len();
    }
    assert_eq!(messages, 900);
    assert_eq!(talk.ask(3, &[b"DBSIZE"]), b":100\r\n");
    assert_eq!(kept.take().iter().filter(|effect| effect.words[0] == b"DEL").count(), 900);
    talk.ask(1, &[b"MULTI"]);
    assert_eq!(talk.ask(1, &[b"EXEC"]), b"*-1\r\n");
}

//! Counters of accesses, and who goes first.

use std::sync::Arc;

use super::*;
use crate::{Settings, Worker};

fn server(directives: &[(&str, &str)]) -> Arc<Server> {
    let config = directives.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let settings = Settings { config, ..Settings::default() };
    Arc::new(Server::start(settings, Arc::new(crate::host::NoHost)).expect("the directives are right"))
}

fn ask(worker: &mut Worker, session: &mut Session, line: &str, now: Millis) -> String {
    let mut out = Vec::new();
    worker.serve(session, format!("{line}\r\n").as_bytes(), &mut out, usize::MAX, now);
    String::from_utf8_lossy(&out).into_owned()
}

const MINUTE: Millis = 60_000;
const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

#[test]
fn a_counter_grows_slowly_and_fades() {
    // One of 150 stays below: it is chance that counts.
    random::seed(SEED);
    let server = server(&[("maxmemory-policy", "allkeys-lfu")]);
    let mut access = server.accessed_first(MINUTE);
    assert_eq!(server.frequency(access, MINUTE), Some(COUNTER_FIRST));
    assert_eq!(server.idle_seconds(access, MINUTE), None);
    (0..1000).for_each(|_| access = server.accessed(access, MINUTE));
    let after_thousand = server.frequency(access, MINUTE).expect("accesses are counted");
    assert!((15..40).contains(&after_thousand), "{after_thousand}");
    assert_eq!(server.frequency(access, MINUTE * 11), Some(after_thousand - 10));
    assert_eq!(server.frequency(access, MINUTE * 1000), Some(0));
}

/// Fills a bounded server with keys of which some are special; returns how many of `kept` are still there.
fn survivors(policy: &str, prepare: impl Fn(usize) -> Option<String>, kept: impl Fn(usize) -> bool) -> (usize, usize) {
    random::seed(SEED);
    let server = server(&[("maxmemory", "400kb"), ("maxmemory-policy", policy)]);
    let mut worker = Worker::new(server.clone(), 0);
    let mut session = worker.open(1);
    let value = "v".repeat(100);
    for number in 0..4000 {
        let now = number as Millis * 100 + MINUTE;
        assert_eq!(ask(&mut worker, &mut session, &format!("SET key:{number} {value}"), now), "+OK\r\n");
        if let Some(line) = prepare(number) {
            ask(&mut worker, &mut session, &line, now);
        }
    }
    // The last command had half a millisecond to make room: on a busy machine the next ones go on with it.
    let is_bounded = (0..100).any(|_| {
        ask(&mut worker, &mut session, "EXISTS nothing", 4000 * 100 + MINUTE);
        server.used_memory() <= 400 << 10
    });
    assert!(is_bounded, "{} bytes", server.used_memory());
    assert!(server.upkeep.evicted_keys.load(Ordering::Relaxed) > 1000);
    server.dataset.lock(Shards::ALL).validate();
    let is_there = |number: &usize| {
        ask(&mut worker, &mut session, &format!("EXISTS key:{number}"), 4000 * 100 + MINUTE) == ":1\r\n"
    };
    let there: Vec<usize> = (0..4000).filter(is_there).collect();
    (there.iter().filter(|&&number| kept(number)).count(), there.len())
}

#[test]
fn lately_used_keys_stay() {
    // The first hundred are read all the time.
    let (kept, _) = survivors("allkeys-lru", |number| Some(format!("GET key:{}", number % 100)), |number| number < 100);
    assert!(kept > 95, "{kept}");
}

#[test]
fn often_used_keys_stay() {
    let often = |number: usize| (number >= 100).then(|| format!("MGET{}", " key:7".repeat(20)));
    let (kept, _) = survivors("allkeys-lfu", often, |number| number == 7);
    assert_eq!(kept, 1);
}

#[test]
fn only_keys_with_an_expiry_go() {
    for policy in ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"] {
        let expire = |number: usize| {
            (!number.is_multiple_of(4) || number > 2000).then(|| format!("EXPIRE key:{number} {}", 100_000 - number))
        };
        let (kept, _) = survivors(policy, expire, |number| number.is_multiple_of(4) && number <= 2000);
        assert_eq!(kept, 501, "{policy}");
    }
}

#[test]
fn without_eviction_greedy_commands_are_refused() {
    let server = server(&[("maxmemory", "100kb")]);
    let mut worker = Worker::new(server, 0);
    let mut session = worker.open(1);
    let mut ask = |line: &str| ask(&mut worker, &mut session, line, MINUTE);
    assert_eq!(ask(&format!("SET big {}", "x".repeat(110 << 10))), "+OK\r\n");
    const REFUSED: &str = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    assert_eq!(ask("SET a b"), REFUSED);
    assert_eq!(ask("GET a"), "$-1\r\n");
    assert_eq!(ask("MULTI"), "+OK\r\n");
    assert_eq!(ask("GET a"), REFUSED);
    assert!(ask("EXEC").starts_with("-EXECABORT"));
    assert_eq!(ask("DEL big"), ":1\r\n");
    assert_eq!(ask("SET a b"), "+OK\r\n");
}

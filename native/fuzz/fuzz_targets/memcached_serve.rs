//! A whole server on anything, in two different cuts: the same answers, and the store's invariants hold afterwards. The first byte says
//! where to cut.
#![no_main]

use std::ops::Range;
use std::sync::Arc;

use cache::Cache;
use libfuzzer_sys::fuzz_target;
use memcached::{
    Clock, Connection, Connections, FIRST_SECOND, Host, Output, Progress, Server, Session, Settings, Usage,
};

struct NoHost;

impl Host for NoHost {
    fn connections(&self) -> Connections {
        Connections::default()
    }
    fn each_connection(&self, _: &mut dyn FnMut(&Connection<'_>)) {}
    fn usage(&self) -> Usage {
        Usage::default()
    }
    fn threads(&self) -> usize {
        1
    }
    fn settings(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    fn shutdown(&self, _: bool) {}
    fn set_verbosity(&self, _: u32) {}
}

/// A reply with little room, so that it often counts as full.
struct Reply(Vec<u8>);

impl Output for Reply {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
    fn share(&mut self, value: Arc<Vec<u8>>, range: Range<usize>) {
        self.0.extend_from_slice(&value[range]);
    }
    fn is_full(&self) -> bool {
        self.0.len() > 100
    }
}

/// The length of all answers, and whether the connection was closed.
fn hold(pieces: &[&[u8]]) -> (usize, bool) {
    let cache = Cache::new(&cache::Settings { memory: 4 << 20, item_size_max: 64 << 10, evict: true, shards: Some(2) });
    let cache = Arc::new(cache);
    let settings = Settings { item_size_max: 64 << 10, ..Settings::default() };
    let mut worker = Server::new(cache.clone(), settings, Arc::new(NoHost)).worker();
    let mut session = Session::new(1);
    let clock = Clock { now: FIRST_SECOND, unix_start: 1_700_000_000 };
    let (mut waiting, mut answered) = (Vec::new(), 0);
    for piece in pieces {
        waiting.extend_from_slice(piece);
        loop {
            let mut reply = Reply(Vec::new());
            let progress = worker.serve(&mut session, &waiting, &mut reply, clock);
            answered += reply.0.len();
            match progress {
                Progress::Consumed(count) => {
                    waiting.drain(..count);
                    break;
                }
                Progress::Yield(count) | Progress::Blocked(count) => drop(waiting.drain(..count)),
                Progress::Close => return (answered, true),
            }
        }
    }
    cache.validate();
    (answered, false)
}

/// Whether two servers answer it alike: CAS values and statistics differ, and so does when a line that is too long is noticed.
fn is_repeatable(input: &[u8]) -> bool {
    let differing: [&[u8]; 4] = [b"stats", b"gets", b"gats", b"c"];
    input.len() < 2000 && !differing.iter().any(|word| input.windows(word.len()).any(|at| at == *word))
}

fuzz_target!(|input: &[u8]| {
    let Some((&first, rest)) = input.split_first() else {
        return;
    };
    let (front, back) = rest.split_at(usize::from(first).min(rest.len()));
    let (cut, whole) = (hold(&[front, back]), hold(&[rest]));
    assert!(!is_repeatable(rest) || cut == whole, "{cut:?} {whole:?}");
});

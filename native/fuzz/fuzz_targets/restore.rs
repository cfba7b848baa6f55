//! Any bytes as a value that RESTORE is given: what it takes over is in order, serves the commands of its type, and comes back from DUMP
//! as the same.
#![no_main]

use std::cell::RefCell;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rdb::Crc64;
use redis::{Server, Session, Settings, Worker};

/// Milliseconds since 1970.
const NOW: u64 = 1_700_000_000_000;
/// One or more for each type; on another one they are refused.
const USES: [&str; 34] = [
    "OBJECT ENCODING k",
    "MEMORY USAGE k",
    "GETRANGE k 0 100",
    "BITCOUNT k",
    "PFCOUNT k",
    "APPEND k a",
    "LRANGE k 0 -1",
    "LINSERT k BEFORE a b",
    "LPUSH k a",
    "RPUSH k 1",
    "LPOP k",
    "RPOP k 3",
    "SMEMBERS k",
    "SADD k a 1 70000",
    "SREM k 1",
    "SPOP k",
    "ZRANGE k 0 -1 WITHSCORES",
    "ZRANGEBYSCORE k -inf 3",
    "ZADD k 1 a",
    "ZPOPMIN k",
    "ZREVRANK k a",
    "HGETALL k",
    "HSET k f v",
    "HINCRBY k n 1",
    "HDEL k f",
    "XRANGE k - +",
    "XINFO STREAM k FULL",
    "XINFO GROUPS k",
    "XADD k 9-* f v",
    "XADD k * f v",
    "XGROUP CREATE k new 0",
    "XREADGROUP GROUP new c COUNT 3 STREAMS k >",
    "XAUTOCLAIM k new d 0 0",
    "XTRIM k MAXLEN 1",
];

struct Scene {
    server: Arc<Server>,
    worker: Worker,
    session: Session,
}

thread_local! {
    /// One that holds nothing: what refuses its input is as good for the next one, and takes far longer to make than to use.
    static EMPTY: RefCell<Option<Scene>> = const { RefCell::new(None) };
}

impl Scene {
    fn empty() -> Self {
        let config = vec![("enable-debug-command".to_owned(), "yes".to_owned())];
        let server = Server::new(Settings { databases: 1, config, ..Settings::default() }).configured();
        let server = Arc::new(server.expect("starts"));
        let mut worker = Worker::new(server.clone(), 0);
        let session = worker.open(1);
        Self { server, worker, session }
    }

    fn ask(&mut self, words: &[&[u8]]) -> Vec<u8> {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        let mut reply = Vec::new();
        self.worker.serve(&mut self.session, &request, &mut reply, usize::MAX, NOW);
        reply
    }

    fn dump(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        let reply = self.ask(&[b"DUMP", key]);
        let start = reply.iter().position(|byte| *byte == b'\n')? + 1;
        (reply != b"$-1\r\n").then(|| reply[start..reply.len() - 2].to_vec())
    }
}

fuzz_target!(|input: &[u8]| {
    let mut payload = [input, &[11, 0]].concat();
    payload.extend_from_slice(&Crc64::of(&payload).to_le_bytes());
    let mut scene = EMPTY.take().unwrap_or_else(Scene::empty);
    if scene.ask(&[b"RESTORE", b"k", b"0", &payload]) != b"+OK\r\n" {
        EMPTY.set(Some(scene));
        return;
    }
    scene.server.validate();
    let dumped = scene.dump(b"k").expect("it is there");
    assert_eq!(scene.ask(&[b"RESTORE", b"copy", b"0", &dumped]), b"+OK\r\n");
    assert_eq!(scene.ask(&[b"DEBUG", b"DIGEST-VALUE", b"k"]), scene.ask(&[b"DEBUG", b"DIGEST-VALUE", b"copy"]));
    for (number, line) in USES.iter().enumerate() {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        scene.ask(&words);
        // Now and then, since it walks everything.
        if number % 8 == 0 {
            scene.server.validate();
        }
    }
    scene.server.validate();
    let Scene { mut worker, session, .. } = scene;
    worker.close(session);
});

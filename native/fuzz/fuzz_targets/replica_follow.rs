//! A whole replica on anything that a primary may send: a snapshot, or the stream behind one. Nothing of it ends the replica, what is not
//! applied is told, and the data is in order afterwards. The first byte says which of the two the input is.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use redis::replication::Follower;
use redis::{Server, Settings, Worker};

/// Milliseconds since 1970.
const NOW: u64 = 1_700_000_000_000;
const GREETING: &str = "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1\r\n";
/// The end of a snapshot whose writer did not sum up.
const SNAPSHOT_END: &[u8] = &[0xff, 0, 0, 0, 0, 0, 0, 0, 0];
const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    let (snapshot, stream) = if first % 2 > 0 { (rest, PING) } else { (&[][..], rest) };
    let snapshot = [b"REDIS0012", snapshot, SNAPSHOT_END].concat();
    let said = [GREETING.as_bytes(), format!("${}\r\n", snapshot.len()).as_bytes(), &snapshot, stream].concat();

    let folder = std::env::temp_dir().to_string_lossy().into_owned();
    let settings = Settings { databases: 2, config: vec![("dir".to_owned(), folder)], ..Settings::default() };
    let server = Arc::new(Server::new(settings).configured().expect("starts"));
    let mut worker = Worker::new(server.clone(), 0);
    let mut session = worker.open(1);
    worker.serve(&mut session, b"REPLICAOF 127.0.0.1 1\r\n", &mut Vec::new(), usize::MAX, NOW);
    let mut follower = Follower::new(server.clone());
    let target = follower.order(Duration::ZERO).expect("it has been ordered to follow");
    follower.begin(&target);
    let (mut from, mut out) = (0, Vec::new());
    while let Ok(bytes @ 1..) = follower.receive(&said[from..], &mut out, NOW, &mut || {}) {
        from += bytes;
    }
    follower.tick(&mut out, NOW + 100_000);
    follower.lost("the input ends", NOW);
    worker.close(session);
    server.validate();
});

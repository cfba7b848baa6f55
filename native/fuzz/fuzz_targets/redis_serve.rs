//! A whole server on anything that clients may send: no request ends it, and the data is in order afterwards.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use redis::{Mail, Progress, Server, Settings, Worker};

/// Milliseconds since 1970.
const NOW: u64 = 1_700_000_000_000;
const REPLY_LIMIT: usize = 1 << 20;
const BULK_MAX: usize = 1 << 20;

fuzz_target!(|input: &[u8]| {
    // More databases would take longer to make than most inputs to serve, and longer values may be asked for by name, as by SETBIT.
    let limits = resp::Limits { bulk_max: BULK_MAX, ..resp::Limits::default() };
    let server = Arc::new(Server::new(Settings { databases: 2, limits, ..Settings::default() }));
    let mut worker = Worker::new(server.clone(), 0);
    let mut session = worker.open(1);
    let mut rest = input;
    let mut time = NOW;
    // A turn takes a number of requests, and one that waits waits for its time.
    for _ in 0..64 {
        let mut reply = Vec::new();
        let done = match worker.serve(&mut session, rest, &mut reply, REPLY_LIMIT, time) {
            Progress::Consumed(done) | Progress::Yield(done) | Progress::Blocked(done) => done,
            Progress::Close => break,
        };
        rest = &rest[done..];
        time += 1000;
        worker.tick(time);
        let is_answered = worker.outbox().take().iter().any(|(_, mail)| matches!(mail, Mail::Answer(_)));
        if rest.is_empty() || (done == 0 && !is_answered) {
            break;
        }
    }
    worker.close(session);
    server.validate();
});

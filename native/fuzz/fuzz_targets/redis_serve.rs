//! A whole server on anything that some clients may send in turns: no request ends it, and the data is in order afterwards. A byte that
//! requests hardly need hands over to the next client.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use redis::{Mail, Progress, Server, Session, Settings, Worker};

/// Milliseconds since 1970.
const NOW: u64 = 1_700_000_000_000;
const REPLY_LIMIT: usize = 1 << 20;
const BULK_MAX: usize = 1 << 20;
const CLIENTS: usize = 3;
const NEXT_CLIENT: u8 = 0xff;
/// How often anybody is served.
const TURNS_MAX: usize = 100;
/// How often time passes at the end, so that who waits comes to the end of it.
const PERIODS: usize = 4;
const PERIOD_MS: u64 = 1000;

struct Client {
    session: Session,
    waiting: Vec<u8>,
}

struct Scene {
    worker: Worker,
    /// None where it was closed.
    clients: [Option<Client>; CLIENTS],
    time: u64,
    turns: usize,
}

impl Scene {
    fn new(server: Arc<Server>) -> Self {
        let mut worker = Worker::new(server, 0);
        let mut client = |number| Some(Client { session: worker.open(number as u64), waiting: Vec::new() });
        let clients = std::array::from_fn(&mut client);
        Self { worker, clients, time: NOW, turns: 0 }
    }

    fn serve(&mut self, number: usize) {
        while let Some(client) = &mut self.clients[number]
            && self.turns < TURNS_MAX
        {
            self.turns += 1;
            let (waiting, mut reply) = (&client.waiting, Vec::new());
            let progress = self.worker.serve(&mut client.session, waiting, &mut reply, REPLY_LIMIT, self.time);
            let (done, goes_on) = match progress {
                Progress::Consumed(done) | Progress::Blocked(done) => (done, false),
                Progress::Yield(done) => (done, true),
                Progress::Close => return self.close(number),
            };
            client.waiting.drain(..done);
            if !goes_on {
                break;
            }
        }
    }

    fn close(&mut self, number: usize) {
        if let Some(client) = self.clients[number].take() {
            self.worker.close(client.session);
        }
    }

    fn deliver(&mut self) {
        while self.turns < TURNS_MAX {
            let post = self.worker.outbox().take();
            if post.is_empty() {
                return;
            }
            for (to, mail) in post {
                match mail {
                    Mail::Answer(_) | Mail::GoOn => self.serve(to.token as usize),
                    Mail::Close | Mail::GiveUp => self.close(to.token as usize),
                    Mail::Push(_) | Mail::Held(..) => {}
                }
            }
        }
    }

    fn pass(&mut self) {
        self.time += PERIOD_MS;
        self.worker.tick(self.time);
        self.deliver();
        (0..CLIENTS).for_each(|number| self.serve(number));
        self.deliver();
    }
}

fuzz_target!(|input: &[u8]| {
    // More databases would take longer to make than most inputs to serve, and longer values may be asked for by name, as by SETBIT.
    let limits = resp::Limits { bulk_max: BULK_MAX, ..resp::Limits::default() };
    let server = Arc::new(Server::new(Settings { databases: 2, limits, ..Settings::default() }));
    let mut scene = Scene::new(server.clone());
    for (turn, sent) in input.split(|byte| *byte == NEXT_CLIENT).enumerate() {
        let number = turn % CLIENTS;
        if let Some(client) = &mut scene.clients[number] {
            client.waiting.extend_from_slice(sent);
        }
        scene.serve(number);
        scene.deliver();
    }
    (0..PERIODS).for_each(|_| scene.pass());
    (0..CLIENTS).for_each(|number| scene.close(number));
    server.validate();
});

//! What is held for all clients together is bounded: those who take nothing go, those who read stay.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reactor::{Address, Census, Links, Opened, Progress, Reply, Server, Service, Settings, Token, Why};

const PIECE_BYTES: usize = 1 << 20;
const BOUND_BYTES: usize = 8 << 20;

/// `.` is answered with a large piece, `?` with a byte; `+` begins a large request, `k` keeps one from being closed, any other byte is
/// a name.
struct Pieces {
    piece: Arc<Vec<u8>>,
    shed: Arc<std::sync::Mutex<Vec<u8>>>,
}

#[derive(Default)]
struct Session {
    name: u8,
    begun: usize,
    is_kept: bool,
}

impl Service for Pieces {
    type Session = Session;

    fn open(&mut self, _: Opened, _: &mut Links) -> Session {
        Session::default()
    }

    fn serve(&mut self, _: Token, session: &mut Session, input: &[u8], reply: &mut Reply, _: &mut Links) -> Progress {
        for &byte in input {
            match byte {
                b'k' => session.is_kept = true,
                b'+' => session.begun += PIECE_BYTES,
                b'?' => reply.put(b"!"),
                b'.' => reply.share(self.piece.clone(), 0..PIECE_BYTES),
                name => session.name = name,
            }
        }
        Progress::Consumed(input.len())
    }

    fn close(&mut self, _: Token, session: Option<Session>, why: Why, _: &mut Links) {
        if why == Why::Shed {
            self.shed.lock().unwrap().push(session.unwrap().name);
        }
    }

    fn holds(&self, session: &Session) -> Option<usize> {
        (!session.is_kept).then_some(session.begun)
    }
}

struct Scene {
    census: Census,
    path: PathBuf,
    shed: Arc<std::sync::Mutex<Vec<u8>>>,
    _server: Server,
}

impl Scene {
    fn new(name: &str, threads: usize) -> Self {
        let path = std::env::temp_dir().join(format!("shedding-{name}-{}", std::process::id()));
        let settings = Settings {
            threads,
            output_limit: usize::MAX,
            clients_memory: Some(BOUND_BYTES),
            tick: Duration::from_millis(5),
            ..Settings::default()
        };
        let mut server = Server::bind(settings, &[Address::Unix(path.clone())], 0o700).unwrap();
        let (piece, shed) = (Arc::new(vec![b'x'; PIECE_BYTES]), Arc::<std::sync::Mutex<Vec<u8>>>::default());
        server.start(|_| Pieces { piece: piece.clone(), shed: shed.clone() }).unwrap();
        Self { census: server.census(), path, shed, _server: server }
    }

    /// A client that says this; what it is to be called stands first.
    fn client(&self, text: &[u8]) -> UnixStream {
        let mut stream = UnixStream::connect(&self.path).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(text).unwrap();
        stream
    }

    fn shed(&self) -> Vec<u8> {
        let mut names = self.shed.lock().unwrap().clone();
        names.sort_unstable();
        names
    }
}

fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "the condition did not come about");
        std::thread::yield_now();
    }
}

/// It is still there, and served.
fn assert_served(stream: &mut UnixStream) {
    stream.write_all(b"?").unwrap();
    let mut got = [0];
    while got != *b"!" {
        stream.read_exact(&mut got).unwrap();
    }
}

#[test]
fn what_all_clients_together_hold_is_bounded() {
    let scene = Scene::new("bounded", 2);
    let mut reader = scene.client(b"r");
    let clients: Vec<UnixStream> = (0..40).map(|_| scene.client(b"a..")).collect();
    let names = || scene.shed().len() as u64;
    // Each is sent a part at once: so much of it waits at least.
    let waits = 2 * PIECE_BYTES - (300 << 10);
    until(|| scene.census.shed() as usize >= clients.len() - BOUND_BYTES / waits);
    until(|| scene.census.held() as usize <= BOUND_BYTES && scene.census.shed() == names());
    assert!(scene.census.shed() < clients.len() as u64, "no more go than have to");
    assert_served(&mut reader);
    drop(clients);
    until(|| scene.census.held() == 0 && scene.census.connections() == 1);
}

#[test]
fn who_reads_is_kept_and_who_does_not_goes_first() {
    let scene = Scene::new("reads", 1);
    let idle = scene.client(b"i..");
    let mut reader = scene.client(b"r....");
    until(|| scene.census.held() > 5 << 20);
    let mut piece = vec![0; PIECE_BYTES];
    let began = Instant::now();
    // The worker's clock counts whole seconds: in two of them the one has taken nothing, and the other something, behind them at the last.
    loop {
        let is_over = began.elapsed() >= Duration::from_millis(2100);
        reader.read_exact(&mut piece).unwrap();
        reader.write_all(b".").unwrap();
        if is_over {
            break;
        }
    }
    assert_eq!(scene.census.shed(), 0);
    let large = scene.client(b"l.......");
    until(|| !scene.shed().is_empty());
    assert_eq!(scene.shed()[0], b'i', "not who holds most, but who has not read for longest");
    drop((idle, large));
}

#[test]
fn among_those_who_hold_requests_the_largest_goes() {
    let scene = Scene::new("requests", 1);
    let [mut small, large, mut other] = [scene.client(b"s++"), scene.client(b"l+++"), scene.client(b"o++")];
    until(|| scene.census.held() as usize >= BOUND_BYTES - PIECE_BYTES);
    assert_eq!(scene.census.shed(), 0);
    let mut more = scene.client(b"m++");
    until(|| !scene.shed().is_empty());
    assert_eq!(scene.shed(), b"l");
    [&mut small, &mut other, &mut more].into_iter().for_each(assert_served);
    drop(large);
}

#[test]
fn who_is_to_be_kept_does_not_count() {
    let scene = Scene::new("kept", 1);
    let mut kept = scene.client(b"k++++++++++++....");
    assert_served(&mut kept);
    let mut other = scene.client(b"o+");
    until(|| scene.census.held() as usize >= PIECE_BYTES);
    assert_served(&mut other);
    assert!(scene.census.held() as usize <= BOUND_BYTES);
    assert_eq!(scene.census.shed(), 0);
}

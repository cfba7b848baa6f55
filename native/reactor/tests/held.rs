//! Replies that are held, over sockets: what stands behind one waits with it, a release lets all of it go at once, and nobody waits for
//! ever.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use reactor::{Address, Links, Opened, Progress, Reply, Server, Service, Settings, Ticket, Token, Waker, Why};

const PATIENCE: Duration = Duration::from_secs(10);

/// Two watermarks, and what is known of those who wait for them.
#[derive(Default)]
struct World {
    marks: [AtomicU64; 2],
    /// Calls of `holding` and `woken` that found replies held.
    looks: AtomicUsize,
    /// Milliseconds after which a held reply is given up; 0: never.
    patience_ms: AtomicU64,
    /// Bytes served, of all connections.
    served: AtomicUsize,
    is_draining: AtomicBool,
}

/// Answers each line with the line; `hold LANE OFFSET` holds its own answer, `bye` closes.
struct Lines(Arc<World>);

impl Lines {
    fn release(&self, links: &mut Links) {
        if links.is_holding() {
            self.0.looks.fetch_add(1, SeqCst);
        }
        links.release(0, self.0.marks[0].load(SeqCst));
        links.release(1, self.0.marks[1].load(SeqCst));
    }
}

impl Service for Lines {
    type Session = ();

    fn open(&mut self, _: Opened, _: &mut Links) {}

    fn serve(&mut self, _: Token, (): &mut (), input: &[u8], reply: &mut Reply, _: &mut Links) -> Progress {
        let mut done = 0;
        while let Some(end) = input[done..].iter().position(|&byte| byte == b'\n') {
            if reply.is_full() {
                return Progress::Blocked(done);
            }
            let line = &input[done..=done + end];
            done += end + 1;
            self.0.served.fetch_add(line.len(), SeqCst);
            let from = reply.buffer().len();
            reply.put(line);
            let words: Vec<&str> = std::str::from_utf8(line).unwrap().split_whitespace().collect();
            match words[..] {
                ["bye"] => return Progress::Close,
                ["hold", lane, offset] => {
                    reply.hold(from, Ticket { lane: lane.parse().unwrap(), offset: offset.parse().unwrap() });
                }
                _ => {}
            }
        }
        Progress::Consumed(done)
    }

    fn close(&mut self, _: Token, _: Option<()>, _: Why, _: &mut Links) {}

    fn holding(&mut self, links: &mut Links) {
        self.release(links);
    }

    fn woken(&mut self, links: &mut Links) {
        self.0.is_draining.store(links.is_draining(), SeqCst);
        self.release(links);
    }

    fn tick(&mut self, links: &mut Links) {
        let patience = self.0.patience_ms.load(SeqCst);
        if patience > 0
            && let Some(since) = links.now().checked_sub(Duration::from_millis(patience))
        {
            links.give_up_held(since, b"-UNKNOWN\n");
        }
    }
}

struct Scene {
    server: Server,
    world: Arc<World>,
    wakers: Vec<Waker>,
    address: SocketAddr,
}

impl Scene {
    fn new(settings: Settings) -> Self {
        let mut server = Server::bind(settings, &[Address::resolve("127.0.0.1:0").unwrap()], 0o700).unwrap();
        let world = Arc::new(World::default());
        server.start(|_| Lines(world.clone())).unwrap();
        let Address::Tcp(address) = server.addresses()[0].clone() else { panic!("a TCP listener") };
        let wakers = server.census().wakers();
        Self { server, world, wakers, address }
    }

    fn client(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn move_mark(&self, lane: usize, offset: u64) {
        self.world.marks[lane].store(offset, SeqCst);
        self.wakers.iter().for_each(Waker::wake);
    }

    /// All that is on its way to the server has been served there.
    fn until_served(&self, bytes: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.world.served.load(SeqCst) < bytes {
            assert!(Instant::now() < deadline, "not served in time");
            std::thread::yield_now();
        }
    }
}

fn expect(stream: &mut TcpStream, text: &[u8]) {
    let mut got = vec![0; text.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(text));
}

/// The server has looked at this connection's last request (another one's answer shows it), and nothing has come.
fn expect_nothing(stream: &mut TcpStream) {
    stream.set_nonblocking(true).unwrap();
    let error = stream.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    stream.set_nonblocking(false).unwrap();
}

fn one_thread() -> Settings {
    Settings { threads: 1, tick: Duration::from_millis(20), ..Settings::default() }
}

#[test]
fn what_stands_behind_a_held_reply_waits_with_it() {
    let scene = Scene::new(one_thread());
    let (mut held, mut other) = (scene.client(), scene.client());
    held.write_all(b"before\nhold 0 10\nbehind\n").unwrap();
    expect(&mut held, b"before\n");
    held.write_all(b"later\nhold 1 5\n").unwrap();
    scene.until_served(38);
    // Others are not kept waiting.
    other.write_all(b"quick\n").unwrap();
    expect(&mut other, b"quick\n");
    expect_nothing(&mut held);
    scene.move_mark(1, 5);
    scene.move_mark(0, 9);
    other.write_all(b"quick\n").unwrap();
    expect(&mut other, b"quick\n");
    expect_nothing(&mut held);
    scene.move_mark(0, 10);
    expect(&mut held, b"hold 0 10\nbehind\nlater\nhold 1 5\n");
}

#[test]
fn a_ticket_that_is_past_already_does_not_wait() {
    let scene = Scene::new(one_thread());
    scene.move_mark(0, 100);
    let mut stream = scene.client();
    for round in 0..50 {
        let line = format!("hold 0 {round}\n");
        stream.write_all(line.as_bytes()).unwrap();
        expect(&mut stream, line.as_bytes());
    }
}

#[test]
fn a_watermark_may_go_back_for_what_is_held_afterwards() {
    let scene = Scene::new(one_thread());
    let (mut stream, mut other) = (scene.client(), scene.client());
    scene.move_mark(0, 100);
    stream.write_all(b"hold 0 90\n").unwrap();
    expect(&mut stream, b"hold 0 90\n");
    scene.move_mark(0, 5);
    // The second answer comes after the turn of the first: the service has said where the lane is by then.
    for _ in 0..2 {
        other.write_all(b"quick\n").unwrap();
        expect(&mut other, b"quick\n");
    }
    stream.write_all(b"hold 0 50\n").unwrap();
    scene.until_served(10 + 12 + 10);
    expect_nothing(&mut stream);
    scene.move_mark(0, 50);
    expect(&mut stream, b"hold 0 50\n");
}

#[test]
fn one_release_serves_all_who_wait() {
    let scene = Scene::new(one_thread());
    let mut streams: Vec<TcpStream> = (0..40).map(|_| scene.client()).collect();
    for stream in &mut streams {
        stream.write_all(b"hold 0 7\n").unwrap();
    }
    scene.until_served(40 * 9);
    // The second answer comes after the turn of the first: all have been enlisted then.
    let mut other = scene.client();
    for _ in 0..2 {
        other.write_all(b"quick\n").unwrap();
        expect(&mut other, b"quick\n");
    }
    let before = scene.world.looks.load(SeqCst);
    scene.move_mark(0, 7);
    for stream in &mut streams {
        expect(stream, b"hold 0 7\n");
    }
    assert_eq!(scene.world.looks.load(SeqCst), before + 1);
}

#[test]
fn held_bytes_count_against_the_limit_and_reading_goes_on_afterwards() {
    let scene = Scene::new(Settings { output_limit: 64 << 10, ..one_thread() });
    let mut stream = scene.client();
    let (mut sender, line) = (stream.try_clone().unwrap(), [[b'x'; 999].as_slice(), b"\n"].concat());
    let (lines, text) = (3000, line.clone());
    let writer = std::thread::spawn(move || {
        sender.write_all(b"hold 0 1\n").unwrap();
        (0..lines).for_each(|_| sender.write_all(&text).unwrap());
    });
    // As much as the limit allows is served, and the rest is not read.
    scene.until_served(64 << 10);
    let mut other = scene.client();
    other.write_all(b"quick\n").unwrap();
    expect(&mut other, b"quick\n");
    assert!(scene.world.served.load(SeqCst) < 70 << 10, "more was served than may be held");
    scene.move_mark(0, 1);
    expect(&mut stream, b"hold 0 1\n");
    (0..lines).for_each(|_| expect(&mut stream, &line));
    writer.join().unwrap();
}

#[test]
fn who_closes_or_is_closed_gets_what_is_held_first() {
    let scene = Scene::new(one_thread());
    let (mut asked, mut half) = (scene.client(), scene.client());
    asked.write_all(b"hold 0 3\nbye\nnever\n").unwrap();
    half.write_all(b"hold 0 3\nlast\n").unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    scene.until_served(9 + 4 + 9 + 5);
    expect_nothing(&mut asked);
    expect_nothing(&mut half);
    scene.move_mark(0, 3);
    let mut got = String::new();
    asked.read_to_string(&mut got).unwrap();
    half.read_to_string(&mut got).unwrap();
    assert_eq!(got, "hold 0 3\nbye\nhold 0 3\nlast\n");
}

#[test]
fn who_waits_too_long_is_told_and_closed() {
    let scene = Scene::new(one_thread());
    let mut stream = scene.client();
    stream.write_all(b"before\nhold 0 3\nbehind\n").unwrap();
    expect(&mut stream, b"before\n");
    scene.world.patience_ms.store(100, SeqCst);
    let mut got = String::new();
    stream.read_to_string(&mut got).unwrap();
    assert_eq!(got, "-UNKNOWN\n");
}

#[test]
fn stopping_waits_for_what_is_held_but_not_for_ever() {
    let mut scene = Scene::new(one_thread());
    let (mut lucky, mut late) = (scene.client(), scene.client());
    lucky.write_all(b"hold 0 3\n").unwrap();
    late.write_all(b"hold 1 3\n").unwrap();
    scene.until_served(18);
    let (world, wakers) = (scene.world.clone(), scene.wakers.clone());
    let releaser = std::thread::spawn(move || {
        while !world.is_draining.load(SeqCst) {
            std::thread::yield_now();
        }
        world.marks[0].store(3, SeqCst);
        wakers.iter().for_each(Waker::wake);
    });
    // Longer than a machine stalls: the one is to be released meanwhile.
    scene.server.stop(Duration::from_secs(5));
    releaser.join().unwrap();
    expect(&mut lucky, b"hold 0 3\n");
    let mut got = String::new();
    let _ = late.read_to_string(&mut got);
    assert_eq!(got, "");
}

//! The thread that follows a primary, while this server is a replica: it has the socket, and `redis::replication::Follower` says what
//! goes over it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use reactor::{Census, Token};
use redis::Server;
use redis::replication::{Follower, Over, Target};

use crate::post::Post;
use crate::redis_service::wall_clock;

/// How long one read waits, and so how soon another order is noticed.
const LOOK: Duration = Duration::from_millis(50);
/// How long it takes at most until the socket takes what is to be sent.
const SEND_MAX: Duration = Duration::from_secs(10);
/// Time between two attempts: the first, and the most.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// The most where everything was sent in vain: the primary is not to do that all the time.
const PAUSE_LOST_MAX: Duration = Duration::from_secs(60);
/// Bytes read at a time.
const PIECE: usize = 256 << 10;

/// Follows until it is dropped.
pub(crate) struct Following {
    server: Arc<Server>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Following {
    pub(crate) fn start(server: Arc<Server>, post: Arc<Post>, census: Census) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (told, followed) = (stop.clone(), server.clone());
        let thread = Builder::new().name("follower".to_owned()).spawn(move || {
            let mut run = Run { follower: Follower::new(followed), post, stop: told };
            if catch_unwind(AssertUnwindSafe(|| run.run())).is_err() {
                // Half of a command may have been applied: nobody is to see that.
                census.fail("the thread that follows the primary panicked".to_owned());
            }
        })?;
        Ok(Self { server, stop, thread: Some(thread) })
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.server.end_replication();
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell.
            let _ = thread.join();
        }
    }
}

struct Run {
    follower: Follower,
    post: Arc<Post>,
    stop: Arc<AtomicBool>,
}

impl Run {
    fn run(&mut self) {
        let mut pause = PAUSE_FIRST;
        while !self.stop.load(Relaxed) {
            let Some(target) = self.follower.order(LOOK) else { continue };
            let began = Instant::now();
            let over = self.follow(&target);
            pause = next_pause(&over, pause, began.elapsed());
            if let Over::Failed(why) | Over::Lost(why) | Over::Vain(why) = &over {
                self.follower.lost(why, wall_clock());
                self.deliver();
                self.wait(pause);
            }
            if !self.follower.is_ordered() {
                // What was tried in vain was another primary.
                pause = PAUSE_FIRST;
            }
        }
    }

    /// Until time is up or another order comes.
    fn wait(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while Instant::now() < until && self.is_wanted() {
            std::thread::sleep(LOOK.min(pause));
        }
    }

    fn is_wanted(&self) -> bool {
        self.follower.is_ordered() && !self.stop.load(Relaxed)
    }

    /// One link, from its beginning to its end.
    fn follow(&mut self, target: &Target) -> Over {
        let address = format!("{}:{}", target.host, target.port);
        let over = self.connect(target).and_then(|socket| self.talk(target, socket));
        match over {
            Ok(over) => over,
            Err(_) if !self.is_wanted() => Over::Superseded,
            Err(error) => Over::Failed(format!("{address}: {error}")),
        }
    }

    fn connect(&self, target: &Target) -> io::Result<TcpStream> {
        let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
        for address in (target.host.as_str(), target.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, self.follower.timeout().min(SEND_MAX)) {
                Ok(socket) => {
                    socket.set_nodelay(true)?;
                    socket.set_read_timeout(Some(LOOK))?;
                    socket.set_write_timeout(Some(SEND_MAX))?;
                    return Ok(socket);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn talk(&mut self, target: &Target, mut socket: TcpStream) -> io::Result<Over> {
        let mut out = self.follower.begin(target);
        let (mut input, mut begin, mut end) = (vec![0; PIECE], 0, 0);
        let mut heard = Instant::now();
        let mut alive = socket.try_clone()?;
        loop {
            socket.write_all(&out)?;
            out.clear();
            if !self.is_wanted() {
                return Ok(Over::Superseded);
            }
            if !self.follower.has_room(LOOK) {
                // Nobody listens, so silence says nothing: a primary that is gone shows itself when it is told how far this one is.
                heard = Instant::now();
                self.follower.tick(&mut out, wall_clock());
                continue;
            }
            if end == input.len() {
                make_room(&mut input, &mut begin, &mut end);
            }
            match socket.read(&mut input[end..]) {
                Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, "the primary has closed the link")),
                Ok(count) => {
                    end += count;
                    heard = Instant::now();
                    // What can't be sent shows itself when there is something to be said.
                    let mut sign = || drop(alive.write_all(b"\n"));
                    match self.follower.receive(&input[begin..end], &mut out, wall_clock(), &mut sign) {
                        Ok(done) => begin += done,
                        Err(over) => {
                            let _ = socket.write_all(&out);
                            return Ok(over);
                        }
                    }
                    self.deliver();
                    if begin == end {
                        (begin, end) = (0, 0);
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if heard.elapsed() > self.follower.timeout() {
                return Err(io::Error::new(
                    ErrorKind::TimedOut,
                    "the primary has been silent for longer than repl-timeout",
                ));
            }
            self.follower.tick(&mut out, wall_clock());
        }
    }

    fn deliver(&mut self) {
        for (to, mail) in self.follower.outbox().take() {
            self.post.send(to.worker, Token(to.token), mail);
        }
    }
}

/// How long to wait after an attempt that took so long and before which the pause was this.
fn next_pause(over: &Over, pause: Duration, took: Duration) -> Duration {
    match over {
        Over::Superseded => PAUSE_FIRST,
        // A link that stood for long was a good one.
        Over::Failed(_) if took > PAUSE_MAX => PAUSE_FIRST,
        Over::Failed(_) => (pause * 2).min(PAUSE_MAX),
        Over::Lost(_) if took > PAUSE_LOST_MAX => PAUSE_MAX,
        // Here it may have been the snapshot that took so long.
        Over::Lost(_) | Over::Vain(_) => (pause * 2).clamp(PAUSE_MAX, PAUSE_LOST_MAX),
    }
}

/// Moves what is left over to the front, or takes more room for a command that is longer than the buffer.
fn make_room(input: &mut Vec<u8>, begin: &mut usize, end: &mut usize) {
    if *begin > 0 {
        input.copy_within(*begin..*end, 0);
        (*begin, *end) = (0, *end - *begin);
    } else {
        input.resize(input.len() * 2, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_that_come_in_vain_come_ever_more_rarely_however_long_they_take() {
        for took in [Duration::ZERO, PAUSE_MAX * 2, PAUSE_LOST_MAX * 2] {
            let vain = Over::Vain("no space left".to_owned());
            let mut pauses = vec![PAUSE_FIRST];
            while pauses.len() < 8 {
                pauses.push(next_pause(&vain, pauses[pauses.len() - 1], took));
            }
            let seconds: Vec<_> = pauses[1..].iter().map(Duration::as_secs).collect();
            assert_eq!(seconds, [2, 4, 8, 16, 32, 60, 60], "{took:?}");
        }
    }
}

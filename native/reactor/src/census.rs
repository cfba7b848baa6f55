//! What all threads may know of a server: who is connected, how much was moved, and that it is to stop.
//!
//! A `Desk` stands between the acceptor and one worker; the `Census` is the view of all of them.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::event::{EventfdFlags, eventfd};

use crate::Token;

/// A worker that has not come to an end with one turn for so long gets no new connections while others are left.
const STUCK_AFTER: Duration = Duration::from_millis(200);

/// One connection, as `stats conns` shows it.
#[derive(Clone, Debug)]
pub struct Seated {
    /// Its file descriptor.
    pub descriptor: i32,
    /// Index of the listener it came in on.
    pub listener: usize,
    /// `host:port` of the peer, or `unix`.
    pub peer: Box<str>,
    /// Seconds since it last sent something.
    pub idle_seconds: u32,
    /// The second of the worker's clock at which it was last seen to send.
    active_at: u32,
}

#[derive(Debug)]
pub(crate) struct Desk {
    control: Arc<Control>,
    wake: OwnedFd,
    mail: Mutex<Vec<(OwnedFd, usize)>>,
    seated: Mutex<HashMap<Token, Seated>>,
    connections: AtomicUsize,
    /// When the worker began its turn, in milliseconds since the server began, plus one; 0 while it waits.
    turn: AtomicU64,
    pub bytes_read: AtomicU64,
    pub bytes_written: AtomicU64,
    pub idle_closed: AtomicU64,
    pub yields: AtomicU64,
    /// Bytes held for the worker's clients.
    pub held: AtomicU64,
    pub shed: AtomicU64,
    /// Seconds of the worker's clock at its last look at all connections.
    seconds: AtomicU32,
}

impl Desk {
    pub(crate) fn new(control: Arc<Control>) -> io::Result<Self> {
        Ok(Self {
            control,
            wake: eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?,
            mail: Mutex::new(Vec::new()),
            seated: Mutex::new(HashMap::new()),
            connections: AtomicUsize::new(0),
            turn: AtomicU64::new(0),
            bytes_read: AtomicU64::new(0),
            bytes_written: AtomicU64::new(0),
            idle_closed: AtomicU64::new(0),
            yields: AtomicU64::new(0),
            held: AtomicU64::new(0),
            shed: AtomicU64::new(0),
            seconds: AtomicU32::new(0),
        })
    }

    /// Adds to a counter that only this thread writes: no locked instruction is needed.
    #[inline]
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.store(counter.load(Ordering::Relaxed) + count as u64, Ordering::Relaxed);
    }

    pub(crate) fn wake_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    pub(crate) fn wake(&self) {
        // A full counter wakes the worker just as well.
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }

    pub(crate) fn hush(&self) {
        let _ = rustix::io::read(&self.wake, &mut [0_u8; 8]);
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The worker begins to serve what has come.
    #[inline]
    pub(crate) fn begin_turn(&self, now: Instant) {
        let turn = now.duration_since(self.control.began).as_millis() as u64 + 1;
        self.turn.store(turn, Ordering::Relaxed);
    }

    /// The worker waits again.
    #[inline]
    pub(crate) fn end_turn(&self) {
        self.turn.store(0, Ordering::Relaxed);
    }

    /// One turn has taken so long that a new connection is better served by somebody else.
    pub(crate) fn is_stuck(&self) -> bool {
        let turn = self.turn.load(Ordering::Relaxed);
        turn > 0 && self.control.began.elapsed().saturating_sub(Duration::from_millis(turn)) > STUCK_AFTER
    }

    pub(crate) fn hand(&self, socket: OwnedFd, listener: usize) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        self.control.connected(1);
        self.mail.lock().push((socket, listener));
        self.wake();
    }

    pub(crate) fn take(&self) -> Vec<(OwnedFd, usize)> {
        std::mem::take(&mut *self.mail.lock())
    }

    pub(crate) fn enter(&self, token: Token, socket: &OwnedFd, listener: usize, peer: &str, active_at: u32) {
        self.seated.lock().insert(
            token,
            Seated { descriptor: socket.as_raw_fd(), listener, peer: peer.into(), idle_seconds: 0, active_at },
        );
    }

    /// These connections have sent something since the last look.
    pub(crate) fn seen(&self, active: impl Iterator<Item = (Token, u32)>, seconds: u32) {
        self.seconds.store(seconds, Ordering::Relaxed);
        let mut seated = self.seated.lock();
        for (token, active_at) in active {
            if let Some(seat) = seated.get_mut(&token) {
                seat.active_at = active_at;
            }
        }
    }

    fn seated(&self) -> Vec<Seated> {
        let seconds = self.seconds.load(Ordering::Relaxed);
        let idle = |seat: &Seated| Seated { idle_seconds: seconds.saturating_sub(seat.active_at), ..seat.clone() };
        self.seated.lock().values().map(idle).collect()
    }

    pub(crate) fn leave(&self, token: Token) {
        if self.seated.lock().remove(&token).is_some() {
            self.left();
        }
    }

    pub(crate) fn left(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
        self.control.connections.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.control.draining.load(Ordering::Relaxed)
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.control.stopped.load(Ordering::Relaxed)
    }
}

/// What holds for the server as a whole.
#[derive(Debug)]
pub(crate) struct Control {
    began: Instant,
    pub connections: AtomicUsize,
    pub connections_total: AtomicU64,
    pub rejected: AtomicU64,
    pub listen_pauses: AtomicU64,
    pub draining: AtomicBool,
    pub stopped: AtomicBool,
    failure: Mutex<Option<String>>,
    ended: OwnedFd,
}

impl Control {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            began: Instant::now(),
            connections: AtomicUsize::new(0),
            connections_total: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            listen_pauses: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            failure: Mutex::new(None),
            ended: eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?,
        })
    }

    fn connected(&self, count: usize) {
        self.connections.fetch_add(count, Ordering::Relaxed);
        self.connections_total.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Tells who waits on `Census::ended_fd` that the server is to end, and why if that was nobody's wish.
    pub(crate) fn end(&self, failure: Option<String>) {
        if let Some(failure) = failure {
            self.failure.lock().get_or_insert(failure);
        }
        let _ = rustix::io::write(&self.ended, &1_u64.to_ne_bytes());
    }
}

/// Bytes held for the clients of all these workers.
pub(crate) fn held(desks: &[Arc<Desk>]) -> u64 {
    desks.iter().map(|desk| desk.held.load(Ordering::Relaxed)).sum()
}

/// A view of a server that any thread may hold.
#[derive(Clone, Debug)]
pub struct Census {
    pub(crate) control: Arc<Control>,
    pub(crate) desks: Vec<Arc<Desk>>,
    pub(crate) listeners: Arc<Vec<String>>,
}

impl Census {
    /// Client connections now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.control.connections.load(Ordering::Relaxed)
    }

    /// Client connections ever accepted.
    #[must_use]
    pub fn connections_total(&self) -> u64 {
        self.control.connections_total.load(Ordering::Relaxed)
    }

    /// Connections refused because there were too many.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.control.rejected.load(Ordering::Relaxed)
    }

    /// How often accepting paused for lack of file descriptors.
    #[must_use]
    pub fn listen_pauses(&self) -> u64 {
        self.control.listen_pauses.load(Ordering::Relaxed)
    }

    /// Connections closed because they were idle for too long.
    #[must_use]
    pub fn idle_closed(&self) -> u64 {
        self.desks.iter().map(|desk| desk.idle_closed.load(Ordering::Relaxed)).sum()
    }

    /// How often a connection with more to serve gave way to the others.
    #[must_use]
    pub fn yields(&self) -> u64 {
        self.desks.iter().map(|desk| desk.yields.load(Ordering::Relaxed)).sum()
    }

    /// Connections closed because too much was held for all of them.
    #[must_use]
    pub fn shed(&self) -> u64 {
        self.desks.iter().map(|desk| desk.shed.load(Ordering::Relaxed)).sum()
    }

    /// Bytes held for clients: replies that they have not taken, requests that are not complete.
    #[must_use]
    pub fn held(&self) -> u64 {
        held(&self.desks)
    }

    /// Bytes received and sent, all connections.
    #[must_use]
    pub fn traffic(&self) -> (u64, u64) {
        let sum = |counter: fn(&Desk) -> &AtomicU64| {
            self.desks.iter().map(|desk| counter(desk).load(Ordering::Relaxed)).sum()
        };
        (sum(|desk| &desk.bytes_read), sum(|desk| &desk.bytes_written))
    }

    /// Where the server listens, by listener index.
    #[must_use]
    pub fn listeners(&self) -> &[String] {
        &self.listeners
    }

    /// Every client connection.
    #[must_use]
    pub fn seated(&self) -> Vec<Seated> {
        let mut all: Vec<Seated> = self.desks.iter().flat_map(|desk| desk.seated()).collect();
        all.sort_by_key(|seated| seated.descriptor);
        all
    }

    /// Asks whoever owns the server to end it (`ended_fd` becomes readable).
    pub fn request_end(&self) {
        self.control.end(None);
    }

    /// The same, because something has gone wrong that can't be gone on with.
    pub fn fail(&self, why: String) {
        self.control.end(Some(why));
    }

    /// One for each worker, in their order.
    #[must_use]
    pub fn wakers(&self) -> Vec<Waker> {
        self.desks.iter().map(|desk| Waker(desk.clone())).collect()
    }

    /// Readable once the server should end: a client asked for it, or a worker failed.
    #[must_use]
    pub fn ended_fd(&self) -> BorrowedFd<'_> {
        self.control.ended.as_fd()
    }

    /// Why a worker failed, if one did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.control.failure.lock().clone()
    }
}

/// Wakes one worker, whose service then looks for what was laid down for it (`Service::woken`).
#[derive(Clone, Debug)]
pub struct Waker(Arc<Desk>);

impl Waker {
    /// May be called from any thread, at any time.
    pub fn wake(&self) {
        self.0.wake();
    }
}

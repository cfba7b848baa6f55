//! One thread's loop: wait; read from several, serve them, send to them.

use std::io;
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, Event, EventFlags};
use rustix::io::Errno;
use rustix::net::{self, RecvFlags, Shutdown, sockopt};
use rustix::thread::{nanosleep, set_current_timer_slack};
use rustix::time::Timespec;

use crate::census::Desk;
use crate::connection::{Connection, Phase, Sending, Stall};
use crate::links::Links;
use crate::listener::peer_of;
use crate::reply::Sent;
use crate::{Opened, Progress, Reply, Service, Settings, Token, Why};

/// Events taken from the kernel at a time.
const EVENTS_MAX: usize = 256;
/// Connections read from before what they sent is served and the replies are sent. Three phases for several connections
/// instead of three steps for each keep every phase's code and data in the processor's caches. Measured with single gets
/// over 20,000 items: 0.90 of the server time of one by one, 1.02 of a server with no store; 16 or 32 are no better.
const ARRIVALS_MAX: usize = 8;
/// After a turn with more events the worker is busy enough: a rest would only cost time.
const FEW_EVENTS: usize = 4;
/// How exactly the kernel keeps to the time of a rest; its own choice would be 50 µs.
const REST_SLACK: NonZeroU64 = NonZeroU64::new(1000).expect("is not zero");
/// The token of the worker's own wake-up descriptor.
pub(crate) const WAKE: u64 = u64::MAX;

/// What one connection sent.
struct Arrival {
    token: Token,
    /// Its place in the worker's buffer.
    range: Range<usize>,
}

pub(crate) struct Worker<S: Service> {
    pub(crate) service: S,
    pub(crate) sessions: Vec<Option<S::Session>>,
    pub(crate) links: Links,
    /// The reply of the connection being served, whose own place an empty one keeps; that one is here at all other times.
    reply: Box<Reply>,
    pub(crate) desk: Arc<Desk>,
    /// Those of all workers.
    pub(crate) desks: Vec<Arc<Desk>>,
    /// What connections sent, one behind the other, before it is served; one for all of them, so that an idle one owns none.
    buffer: Vec<u8>,
    /// Whose bytes these are.
    arrivals: Vec<Arrival>,
    began: Instant,
    /// Seconds since then, as of this turn.
    pub(crate) second: u32,
    ticked: Instant,
    tick: Duration,
    pub(crate) idle_timeout: Option<Duration>,
    /// The second at which all connections were last looked at.
    pub(crate) looked_at: u32,
}

impl<S: Service> Worker<S> {
    pub(crate) fn new(service: S, epoll: OwnedFd, desk: Arc<Desk>, desks: Vec<Arc<Desk>>, settings: &Settings) -> Self {
        let now = Instant::now();
        Self {
            service,
            sessions: Vec::new(),
            links: Links::new(epoll, settings.output_limit, settings.clients_memory),
            reply: Box::default(),
            desk,
            desks,
            buffer: vec![0; settings.read_buffer],
            arrivals: Vec::with_capacity(ARRIVALS_MAX),
            began: now,
            second: 0,
            ticked: now,
            tick: settings.tick,
            idle_timeout: settings.idle_timeout,
            looked_at: 0,
        }
    }

    /// Serves until the server stops.
    pub(crate) fn run(&mut self) -> io::Result<()> {
        // Where the kernel refuses it, rests are longer, and nothing else is different.
        let _ = set_current_timer_slack(Some(REST_SLACK));
        let mut events: Vec<Event> = Vec::with_capacity(EVENTS_MAX);
        loop {
            events.clear();
            self.desk.end_turn();
            match epoll::wait(&self.links.epoll, spare_capacity(&mut events), Some(&self.patience())) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            self.links.now = Instant::now();
            self.desk.begin_turn(self.links.now);
            self.second = self.links.now.duration_since(self.began).as_secs() as u32;
            for event in &events {
                self.dispatch(event.data.u64(), event.flags);
            }
            self.serve_arrivals();
            self.end_turn();
            if self.desk.is_stopped() {
                return Ok(());
            }
            if events.len() <= FEW_EVENTS && self.links.again.is_empty() {
                rest(self.service.rest());
            }
        }
    }

    /// How long to wait for events: until the next tick, or not at all if something is still to be served.
    fn patience(&self) -> Timespec {
        let left = if self.links.again.is_empty() {
            let usual = self.tick.saturating_sub(self.links.now.saturating_duration_since(self.ticked));
            self.service.due().map_or(usual, |due| usual.min(due.saturating_duration_since(self.links.now)))
        } else {
            Duration::ZERO
        };
        Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(1), tv_nsec: left.subsec_nanos().into() }
    }

    fn dispatch(&mut self, number: u64, flags: EventFlags) {
        if number == WAKE {
            self.take_mail();
            return;
        }
        let token = Token(number);
        let Some(connection) = self.links.live(token) else { return };
        let has_input = flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR);
        connection.unread |= has_input;
        connection.hung_up |= flags.intersects(EventFlags::RDHUP | EventFlags::HUP);
        if connection.phase == Phase::Connecting {
            self.establish(token);
        } else if flags.contains(EventFlags::OUT) && !connection.reply.is_empty() {
            self.flush(token);
        }
        if has_input {
            self.receive(token, flags);
        }
    }

    fn take_mail(&mut self) {
        self.desk.hush();
        self.links.is_draining = self.desk.is_draining();
        for (socket, listener) in self.desk.take() {
            // Without a place in epoll the connection can't be served: dropping it closes it.
            if let Ok(token) = self.links.insert(socket, Some(listener), Phase::Open) {
                self.opened(token);
            } else {
                self.desk.left();
            }
        }
        self.service.woken(&mut self.links);
        if self.links.is_draining {
            self.drain();
        }
    }

    /// Everything that is idle is closed; the rest follows as its replies are sent.
    fn drain(&mut self) {
        let tokens: Vec<Token> = self.links.connections.iter().map(|(_, connection)| connection.token).collect();
        for token in tokens {
            self.receive(token, EventFlags::IN);
            self.links.mark_dirty(token);
        }
    }

    fn establish(&mut self, token: Token) {
        let Some(connection) = self.links.live(token) else { return };
        match sockopt::socket_error(&connection.socket) {
            Ok(Ok(())) => {
                connection.phase = Phase::Open;
                self.opened(token);
                self.links.mark_dirty(token);
            }
            Ok(Err(error)) | Err(error) => self.links.doom(token, Why::Unreachable(io::Error::from(error).kind())),
        }
    }

    fn opened(&mut self, token: Token) {
        let seconds = self.second;
        let Some(connection) = self.links.live(token) else { return };
        connection.active_at = seconds;
        connection.shown_at = seconds;
        let listener = connection.listener;
        let peer = peer_of(connection.socket.as_fd());
        let descriptor = connection.socket.as_raw_fd();
        if let Some(listener) = listener {
            self.desk.enter(token, &connection.socket, listener, &peer, seconds);
        }
        let session = self.service.open(Opened { token, listener, peer, descriptor }, &mut self.links);
        let place = token.place();
        if self.sessions.len() <= place {
            self.sessions.resize_with(place + 1, || None);
        }
        self.sessions[place] = Some(session);
    }

    /// Reads once. What came is served together with what others sent, when there is no room for more of it or no event left.
    /// A read that fills the buffer may have left something: its turn comes again.
    fn receive(&mut self, token: Token, flags: EventFlags) {
        let seconds = self.second;
        let from = self.arrivals.last().map_or(0, |arrival| arrival.range.end);
        let Some(connection) = self.links.live(token) else { return };
        if !connection.is_readable() || connection.queued {
            let is_over = connection.hung_up;
            // Where we have finished sending, a hang-up is the peer's own end: what it sent before may wait to be read.
            let hung_up_on_us = flags.contains(EventFlags::HUP) && connection.sending != Sending::Ended;
            if hung_up_on_us || flags.contains(EventFlags::ERR) {
                self.links.doom(token, Why::Peer);
            } else if is_over && self.is_waiting(token) {
                self.peer_ended(token);
            }
            return;
        }
        match net::recv(&connection.socket, &mut self.buffer[from..], RecvFlags::empty()) {
            Ok((0, _)) => self.peer_ended(token),
            Ok((count, _)) => {
                connection.active_at = seconds;
                connection.unread = from + count == self.buffer.len() || connection.hung_up;
                Desk::add(&self.desk.bytes_read, count);
                self.arrivals.push(Arrival { token, range: from..from + count });
                if self.arrivals.len() == ARRIVALS_MAX || self.buffer.len() - from - count < self.buffer.len() / 2 {
                    self.serve_arrivals();
                }
            }
            Err(Errno::AGAIN) => connection.unread = false,
            Err(Errno::INTR) => self.links.queue(token),
            Err(error) => self.links.doom(token, Why::Failed(io::Error::from(error).kind())),
        }
    }

    fn peer_ended(&mut self, token: Token) {
        let Some(connection) = self.links.live(token) else { return };
        connection.at_end = true;
        self.links.mark_dirty(token);
        if let Some(session) = self.sessions[token.place()].as_mut() {
            self.service.ended(token, session, &mut self.links);
        }
    }

    /// Serves what was read from several connections: first a look ahead at all of it, then the service, then the sends.
    fn serve_arrivals(&mut self) {
        if self.arrivals.is_empty() {
            return;
        }
        let buffer = std::mem::take(&mut self.buffer);
        let mut arrivals = std::mem::take(&mut self.arrivals);
        if arrivals.len() > 1 {
            self.service.ahead(arrivals.iter().map(|arrival| &buffer[arrival.range.clone()]));
        }
        for Arrival { token, range } in &arrivals {
            self.serve_arrived(*token, &buffer[range.clone()]);
        }
        for arrival in arrivals.drain(..) {
            if !self.has_more_to_say(arrival.token) {
                self.flush(arrival.token);
            }
        }
        self.arrivals = arrivals;
        self.buffer = buffer;
    }

    /// In the common case nothing was left over, and the bytes are served where they lie.
    fn serve_arrived(&mut self, token: Token, input: &[u8]) {
        let Some(connection) = self.links.live(token) else { return };
        if connection.stall == Stall::None && connection.pending.is_empty() {
            let done = self.serve(token, input);
            if done < input.len() && self.links.live(token).is_some() {
                let mut pending = self.links.spare();
                pending.extend_from_slice(&input[done..]);
                self.links.connections[token.place()].pending = pending;
            }
        } else if connection.phase == Phase::Open {
            connection.pending.extend_from_slice(input);
            if connection.stall == Stall::None {
                self.serve_pending(token);
            }
        }
        if self.links.live(token).is_some_and(|connection| connection.unread && connection.is_readable()) {
            self.links.queue(token);
        }
    }

    fn serve_pending(&mut self, token: Token) {
        let Some(connection) = self.links.live(token) else { return };
        let mut pending = std::mem::take(&mut connection.pending);
        let rest = self.serve(token, &pending);
        if rest < pending.len() {
            pending.drain(..rest);
            if let Some(connection) = self.links.live(token) {
                connection.pending = pending;
            }
        } else {
            self.links.keep_spare(pending);
        }
    }

    /// Serves `input` and returns how many bytes are done; who calls sees to the reply.
    fn serve(&mut self, token: Token, input: &[u8]) -> usize {
        let place = token.place();
        let Some(session) = self.sessions[place].as_mut() else { return input.len() };
        std::mem::swap(&mut self.links.connections[place].reply, &mut self.reply);
        if self.reply.bytes.capacity() == 0 {
            self.reply.bytes = self.links.spare();
        }
        self.links.serving = Some(token);
        let progress = self.service.serve(token, session, input, &mut self.reply, &mut self.links);
        self.links.serving = None;
        let connection = &mut self.links.connections[place];
        std::mem::swap(&mut connection.reply, &mut self.reply);
        if let Progress::Consumed(count) = progress {
            return count;
        }
        self.settle(token, progress, input.len())
    }

    fn settle(&mut self, token: Token, progress: Progress, length: usize) -> usize {
        let connection = &mut self.links.connections[token.place()];
        match progress {
            Progress::Consumed(count) => count,
            Progress::Yield(count) => {
                Desk::add(&self.desk.yields, 1);
                self.links.queue(token);
                count
            }
            Progress::Blocked(count) => {
                connection.stall = if connection.reply.is_over_half() { Stall::Drain } else { Stall::Asked };
                let is_over = connection.hung_up;
                if is_over && self.is_waiting(token) {
                    self.peer_ended(token);
                }
                count
            }
            Progress::Close => {
                connection.finishing = true;
                length
            }
        }
    }

    /// Replies to requests that came together leave together: not before a connection's turn is over.
    fn has_more_to_say(&mut self, token: Token) -> bool {
        let more_follows = |connection: &mut Connection| connection.queued && !connection.pending.is_empty();
        self.links.live(token).is_some_and(|connection| more_follows(connection) && !connection.reply.is_over_half())
    }

    /// Sends what waits on a connection, and closes it when that was the last thing to do.
    fn flush(&mut self, token: Token) {
        let (is_draining, second) = (self.links.is_draining, self.second);
        let Some(connection) = self.links.live(token) else { return };
        if connection.phase == Phase::Connecting {
            return;
        }
        let sent = connection.reply.send(connection.socket.as_fd());
        match sent {
            Err(error) => return self.links.doom(token, Why::Failed(error.kind())),
            Ok((_, 0)) => {}
            Ok((_, count)) => {
                connection.took_at = second;
                Desk::add(&self.desk.bytes_written, count);
            }
        }
        if !connection.reply.is_over_half() {
            let fed_by = connection.fed_by.take();
            if connection.stall == Stall::Drain {
                connection.stall = Stall::None;
                self.links.queue(token);
            }
            fed_by.into_iter().for_each(|waiting| self.links.resume(waiting));
        }
        if matches!(sent, Ok((Sent::Held, _))) {
            self.links.enlist_held(token);
        } else if matches!(sent, Ok((Sent::All, _))) {
            let Some(connection) = self.links.live(token) else { return };
            if connection.sending == Sending::Ending {
                connection.sending = Sending::Ended;
                // A peer that is gone already needs to be told nothing.
                let _ = net::shutdown(&connection.socket, Shutdown::Write);
            }
            let buffer = std::mem::take(&mut connection.reply.bytes);
            let (finishing, waning) = (connection.finishing, connection.at_end || is_draining);
            self.links.keep_spare(buffer);
            if finishing || (waning && self.is_done(token)) {
                self.links.doom(token, if finishing { Why::Asked } else { Why::Peer });
            }
        }
        self.weigh(token);
    }

    /// It is stalled, and may be for ever.
    fn is_waiting(&self, token: Token) -> bool {
        let is_stalled = self.links.connections[token.place()].stall == Stall::Asked;
        is_stalled && self.sessions[token.place()].as_ref().is_some_and(|session| self.service.is_waiting(session))
    }

    /// Nothing of this connection is left to be served or under way.
    fn is_done(&self, token: Token) -> bool {
        let connection = &self.links.connections[token.place()];
        let is_ours = connection.listener.is_none() && !connection.at_end;
        let idle = self.sessions[token.place()].as_ref().is_none_or(|session| self.service.is_idle(session));
        idle && !connection.queued && (connection.stall == Stall::None || self.is_waiting(token)) && !is_ours
    }

    fn end_turn(&mut self) {
        for token in std::mem::take(&mut self.links.again) {
            if let Some(connection) = self.links.live(token) {
                connection.queued = false;
                self.serve_pending(token);
                if self.links.live(token).is_some_and(|connection| connection.unread) {
                    self.receive(token, EventFlags::IN);
                }
                if !self.has_more_to_say(token) {
                    self.links.mark_dirty(token);
                }
            }
        }
        self.serve_arrivals();
        self.service.turn(&mut self.links);
        let is_due = self.service.due().is_some_and(|due| due <= self.links.now);
        if is_due || self.links.now.saturating_duration_since(self.ticked) >= self.tick {
            self.ticked = self.links.now;
            self.service.tick(&mut self.links);
            self.look_around();
        }
        self.see_to_memory();
        self.see_to_held();
        // Telling the service of an end may dirty or doom others: until nothing is left.
        while !self.links.dirty.is_empty() || !self.links.doomed.is_empty() {
            let mut dirty = std::mem::take(&mut self.links.dirty);
            for token in dirty.drain(..) {
                if let Some(connection) = self.links.live(token) {
                    connection.dirty = false;
                    self.flush(token);
                }
            }
            if self.links.dirty.is_empty() {
                self.links.dirty = dirty;
            }
            self.bury();
            self.see_to_held();
        }
    }

    /// Replies that are held wait for watermarks, which the service knows.
    #[inline]
    fn see_to_held(&mut self) {
        if self.links.take_news() {
            self.service.holding(&mut self.links);
        }
        self.links.open_gates();
    }

    fn bury(&mut self) {
        for (token, why) in std::mem::take(&mut self.links.doomed) {
            let connection = self.links.connections.remove(token.place());
            self.links.held_bytes -= connection.held;
            if connection.listener.is_some() {
                self.desk.leave(token);
            }
            let session = self.sessions.get_mut(token.place()).and_then(Option::take);
            self.service.close(token, session, why, &mut self.links);
        }
    }
}

/// Sleeps, however briefly; an interrupted sleep is as good.
fn rest(time: Duration) {
    if !time.is_zero() {
        let _ = nanosleep(&Timespec { tv_sec: 0, tv_nsec: time.subsec_nanos().into() });
    }
}

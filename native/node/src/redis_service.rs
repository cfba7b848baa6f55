//! Redis's commands on the reactor: the two contracts, put together one to one, and mail between connections.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reactor::{Links, Opened, Progress, Reply, Service, Token, Why};
use redis::{Mail, NOT_CONFIRMED, OutputLimits, Peer, Session, Ticket, Watch, Worker};

use crate::post::Post;
use crate::redis_feeds::Feeds;

/// One worker thread of a Redis-mode node.
pub(crate) struct Redis {
    worker: Worker,
    number: usize,
    post: Arc<Post>,
    /// Where the node listens, by the listeners' numbers.
    listeners: Arc<[String]>,
    output_limit: usize,
    /// Limits of those who are told what they have not asked for, and of the others.
    limits: OutputLimits,
    normal_limits: OutputLimits,
    /// The version of the settings of which they are.
    settings_version: u64,
    /// Connections that read too slowly, since when, and how long they may.
    slow: HashMap<Token, (Instant, OutputLimits)>,
    /// Connections that are fed with the stream.
    feeds: Feeds,
    /// Lanes of tickets that replies have ever waited for, a bit each, and who wakes this worker when one moves.
    lanes: u64,
    watch: Watch,
    /// A time in the past: what is due by the wall clock is due at once.
    began: Instant,
}

impl Redis {
    pub(crate) fn new(
        worker: Worker,
        number: usize,
        post: Arc<Post>,
        listeners: Arc<[String]>,
        output_limit: usize,
    ) -> Self {
        let (limits, normal_limits) = (worker.output_limits("pubsub"), worker.output_limits("normal"));
        // One that there never is: the bound on memory is the reactor's to be told, when there is one to serve.
        let (settings_version, slow) = (u64::MAX, HashMap::new());
        let (feeds, waker) = (Feeds::new(&worker, number, post.clone()), post.clone());
        let (lanes, watch) = (0, worker.server().watch(move || waker.wake(number)));
        let began = Instant::now();
        Self {
            worker,
            number,
            post,
            listeners,
            output_limit,
            limits,
            normal_limits,
            settings_version,
            slow,
            feeds,
            lanes,
            watch,
            began,
        }
    }

    /// Delivers what the last executions laid down: here at once, elsewhere by post.
    fn deliver(&mut self, links: &mut Links) {
        for (to, mail) in self.worker.outbox().take() {
            if to.worker == self.number {
                self.hand(Token(to.token), mail, links);
            } else {
                self.post.send(to.worker, Token(to.token), mail);
            }
        }
    }

    /// Gives a connection of this worker its mail; one that is gone gets none.
    fn hand(&mut self, to: Token, mail: Mail, links: &mut Links) {
        match mail {
            Mail::Push(bytes) => {
                let Some(reply) = links.reply(to) else { return };
                reply.put(&bytes);
                let waiting = reply.len();
                if waiting > self.limits.least() {
                    self.too_slow(to, waiting, self.limits, links);
                }
            }
            Mail::Answer(bytes) => {
                if let Some(reply) = links.reply(to) {
                    reply.put(&bytes);
                }
                links.resume(to);
            }
            Mail::GoOn => links.resume(to),
            Mail::GiveUp if !links.is_held(to) => {}
            Mail::Close | Mail::GiveUp => {
                let is_unknown = links.dismiss(to, NOT_CONFIRMED);
                self.worker.server().count_unknown(usize::from(is_unknown));
            }
            Mail::Held(mail, tickets) => {
                tickets.iter().for_each(|ticket| self.await_lane(ticket.lane, links));
                if let Some(reply) = links.reply(to) {
                    let from = reply.buffer().len();
                    tickets.iter().for_each(|ticket| hold(reply, from, *ticket));
                }
                self.hand(to, *mail, links);
            }
        }
    }

    /// A reply will wait for this lane. Where it is now is said first: it may have gone back, to the beginning of another stream.
    fn await_lane(&mut self, lane: u8, links: &mut Links) {
        self.lanes |= 1 << lane;
        links.release(lane, self.worker.server().watermark(lane));
    }

    /// Says how far the lanes are that somebody waits for.
    fn release(&mut self, links: &mut Links) {
        if !links.is_holding() {
            return;
        }
        if self.worker.is_fenced() {
            // Whoever has fenced the node has mail for all who wait.
            return self.deliver(links);
        }
        // First the bell, then the look: a movement between them is heard.
        self.watch.arm();
        let mut left = self.lanes;
        while left != 0 {
            let lane = left.trailing_zeros() as u8;
            links.release(lane, self.worker.server().watermark(lane));
            left &= left - 1;
        }
    }

    /// Gives up on replies that have been held for too long.
    fn look_at_held(&self, links: &mut Links) {
        let server = self.worker.server();
        if let Some(since) = links.now().checked_sub(server.patience()) {
            server.count_unknown(links.give_up_held(since, NOT_CONFIRMED));
        }
    }

    #[inline]
    fn look_at_settings(&mut self, links: &mut Links) {
        let version = self.worker.settings_version();
        if version != self.settings_version {
            self.adopt_settings(version, links);
        }
    }

    #[cold]
    fn adopt_settings(&mut self, version: u64, links: &mut Links) {
        self.settings_version = version;
        (self.limits, self.normal_limits) = (self.worker.output_limits("pubsub"), self.worker.output_limits("normal"));
        links.bound_memory(self.worker.clients_memory());
    }

    #[cold]
    fn too_slow(&mut self, token: Token, waiting: usize, limits: OutputLimits, links: &mut Links) {
        if waiting > limits.hard {
            links.abort(token);
        } else {
            self.slow.entry(token).or_insert((links.now(), limits));
        }
    }

    /// Closes who has been too slow for too long.
    fn look_at_slow(&mut self, links: &mut Links) {
        let now = links.now();
        self.slow.retain(|token, (since, limits)| {
            let is_slow = links.reply(*token).is_some_and(|reply| reply.len() > limits.soft);
            let is_over = is_slow && now.saturating_duration_since(*since).as_secs() >= limits.soft_seconds;
            if is_over {
                links.abort(*token);
            }
            is_slow && !is_over
        });
    }
}

/// Milliseconds since 1970.
pub(crate) fn wall_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

fn hold(reply: &mut Reply, from: usize, Ticket { lane, offset }: Ticket) {
    reply.hold(from, reactor::Ticket { lane, offset });
}

impl Service for Redis {
    type Session = Session;

    fn open(&mut self, opened: Opened, _links: &mut Links) -> Session {
        let local = opened.listener.and_then(|index| self.listeners.get(index)).cloned().unwrap_or_default();
        // Redis names a connection over a unix socket by the socket's path.
        let is_unix = local.starts_with('/');
        let local = if is_unix { format!("{local}:0") } else { local };
        let address = if is_unix { local.clone() } else { opened.peer };
        let peer = Peer { address, local, descriptor: opened.descriptor };
        self.worker.open_from(opened.token.0, peer, wall_clock())
    }

    fn serve(
        &mut self,
        token: Token,
        session: &mut Session,
        input: &[u8],
        reply: &mut Reply,
        links: &mut Links,
    ) -> Progress {
        self.look_at_settings(links);
        self.feeds.begin_turn();
        let sent = reply.buffer().len() - reply.len();
        let progress = self.worker.serve(session, input, reply.buffer(), self.output_limit + sent, wall_clock());
        if !self.worker.outbox().is_empty() {
            self.deliver(links);
        }
        while let Some(part) = self.worker.next_hold() {
            self.await_lane(part.ticket.lane, links);
            hold(reply, part.from, part.ticket);
        }
        if reply.len() > self.normal_limits.least() && session.class() == "normal" {
            self.too_slow(token, reply.len(), self.normal_limits, links);
        }
        match progress {
            redis::Progress::Consumed(count) => Progress::Consumed(count),
            redis::Progress::Yield(count) => Progress::Yield(count),
            redis::Progress::Blocked(count) => Progress::Blocked(count),
            redis::Progress::Close => Progress::Close,
        }
    }

    fn ahead<'i>(&mut self, inputs: impl Iterator<Item = &'i [u8]>) {
        self.worker.ahead(inputs);
    }

    fn close(&mut self, _token: Token, session: Option<Session>, _why: Why, links: &mut Links) {
        if let Some(session) = session {
            self.worker.close(session);
            self.deliver(links);
        }
    }

    fn is_idle(&self, session: &Session) -> bool {
        self.worker.is_idle(session)
    }

    fn is_waiting(&self, session: &Session) -> bool {
        session.is_waiting()
    }

    fn holds(&self, session: &Session) -> Option<usize> {
        session.held()
    }

    fn woken(&mut self, links: &mut Links) {
        for (to, mail) in self.post.take(self.number) {
            self.hand(to, mail, links);
        }
        self.release(links);
    }

    fn holding(&mut self, links: &mut Links) {
        self.release(links);
    }

    fn turn(&mut self, links: &mut Links) {
        self.feeds.turn(&mut self.worker, links);
        if !self.worker.outbox().is_empty() {
            self.deliver(links);
        }
    }

    fn due(&self) -> Option<Instant> {
        let left = self.worker.due().map(|due| due.saturating_sub(wall_clock()));
        let left = left.into_iter().chain(self.worker.lease_left()).min()?;
        Some(if left == 0 { self.began } else { Instant::now() + Duration::from_millis(left) })
    }

    fn tick(&mut self, links: &mut Links) {
        self.look_at_settings(links);
        self.feeds.tick(&self.worker);
        self.look_at_slow(links);
        self.look_at_held(links);
        self.worker.tick(wall_clock());
        self.deliver(links);
    }
}

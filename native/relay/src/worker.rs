//! One thread of the relay: ties clients to targets and passes on what either says.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use reactor::{Links, Opened, Progress, Reply, Service, Token, Why};
use slab::Slab;

use crate::pair::{Pair, Phase, Side};
use crate::shared::{Shared, Target, Targets};

/// What the reactor keeps of a connection: which side of which pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    side: Side,
    place: usize,
}

pub(crate) struct Worker {
    shared: Arc<Shared>,
    targets: Targets,
    installs: u64,
    pairs: Slab<Pair>,
    /// Connections of ours, by their pair and target: one that cannot be established has no session.
    upstreams: HashMap<Token, (usize, Arc<Target>)>,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let (targets, installs) = shared.targets();
        Self { shared, targets, installs, pairs: Slab::new(), upstreams: HashMap::new() }
    }

    /// Takes over where the relay points now: closes what leads elsewhere, and serves who waits.
    fn adopt(&mut self, links: &mut Links) {
        if self.installs == self.shared.installs() {
            return;
        }
        (self.targets, self.installs) = self.shared.targets();
        for (token, (place, target)) in &self.upstreams {
            if !self.targets.iter().any(|listed| Arc::ptr_eq(listed, target)) {
                let pair = &mut self.pairs[*place];
                pair.attempts = 0;
                links.abort(*token);
                // What the server has answered already is the client's; after that it is cut.
                if let (Some(client), Phase::Joined) = (pair.client, pair.phase) {
                    pair.phase = Phase::Closing { at: links.now() + self.shared.settings.linger };
                    links.finish(client);
                    self.shared.cut.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        self.retry(links);
    }

    /// Those who wait try again.
    fn retry(&mut self, links: &mut Links) {
        if self.targets.is_empty() {
            return;
        }
        let waiting = self.pairs.iter().filter(|(_, pair)| pair.phase == Phase::Waiting).map(|(place, _)| place);
        for place in waiting.collect::<Vec<_>>() {
            self.pairs[place].attempts = 0;
            self.connect(place, links);
        }
    }

    /// Begins a connection to a target, if there is one.
    fn connect(&mut self, place: usize, links: &mut Links) {
        let pair = &mut self.pairs[place];
        let Some(target) = self.shared.choose(&self.targets, pair.failed.as_ref()) else { return };
        match links.connect(&target.address) {
            Ok(token) => {
                target.connections.fetch_add(1, Ordering::Relaxed);
                self.upstreams.insert(token, (place, target.clone()));
                pair.upstream = Some(token);
                pair.attempts += 1;
                pair.phase = Phase::Connecting { give_up_at: links.now() + self.shared.settings.connect_timeout };
            }
            Err(_) => self.miss(place, target),
        }
    }

    /// The target was not reached: the client waits for another attempt.
    fn miss(&mut self, place: usize, target: Arc<Target>) {
        self.shared.unreachable.fetch_add(1, Ordering::Relaxed);
        let pair = &mut self.pairs[place];
        pair.phase = Phase::Waiting;
        pair.failed = Some(target);
    }

    /// One side is gone: what it sent is still delivered, then the other goes, too.
    fn part(&mut self, place: usize, links: &mut Links) {
        let pair = &mut self.pairs[place];
        let Some(left) = pair.client.or(pair.upstream) else {
            self.pairs.remove(place);
            return;
        };
        if !matches!(pair.phase, Phase::Closing { .. }) {
            pair.phase = Phase::Closing { at: links.now() + self.shared.settings.linger };
        }
        links.finish(left);
    }

    fn close_upstream(&mut self, token: Token, links: &mut Links) {
        let Some((place, target)) = self.upstreams.remove(&token) else { return };
        target.connections.fetch_sub(1, Ordering::Relaxed);
        let Some(pair) = self.pairs.get_mut(place).filter(|pair| pair.upstream == Some(token)) else { return };
        pair.upstream = None;
        let never_stood = matches!(pair.phase, Phase::Connecting { .. });
        if never_stood && pair.client.is_some() {
            // Another target is asked at once, one that refuses again with the next tick.
            let has_others = pair.attempts < self.targets.len();
            self.miss(place, target);
            if has_others {
                self.connect(place, links);
            }
            return;
        }
        self.part(place, links);
    }

    fn close_client(&mut self, place: usize, links: &mut Links) {
        let pair = &mut self.pairs[place];
        pair.client = None;
        if let (Some(upstream), Phase::Connecting { .. }) = (pair.upstream, pair.phase) {
            links.abort(upstream);
        }
        self.part(place, links);
    }

    /// What has waited for too long.
    fn expire(&mut self, links: &mut Links) {
        let now: Instant = links.now();
        for (_, pair) in &mut self.pairs {
            match pair.phase {
                Phase::Joined => {}
                Phase::Connecting { give_up_at } if now >= give_up_at => {
                    pair.upstream.into_iter().for_each(|token| links.abort(token));
                }
                Phase::Waiting if now >= pair.wait_until => {
                    pair.client.into_iter().for_each(|token| links.abort(token));
                    self.shared.expired.fetch_add(1, Ordering::Relaxed);
                }
                Phase::Closing { at } if now >= at => {
                    pair.client.into_iter().chain(pair.upstream).for_each(|token| links.abort(token));
                }
                Phase::Connecting { .. } | Phase::Waiting | Phase::Closing { .. } => {}
            }
        }
    }
}

impl Service for Worker {
    type Session = Session;

    fn open(&mut self, opened: Opened, links: &mut Links) -> Session {
        if opened.listener.is_none() {
            let place = self.upstreams[&opened.token].0;
            let pair = &mut self.pairs[place];
            pair.phase = Phase::Joined;
            pair.failed = None;
            pair.client.into_iter().for_each(|client| links.resume(client));
            if pair.client_ended {
                links.finish_sending(opened.token);
            }
            return Session { side: Side::Upstream, place };
        }
        self.adopt(links);
        let place = self.pairs.insert(Pair::new(opened.token, links.now() + self.shared.settings.wait));
        self.connect(place, links);
        Session { side: Side::Client, place }
    }

    fn serve(
        &mut self,
        token: Token,
        session: &mut Session,
        input: &[u8],
        _: &mut Reply,
        links: &mut Links,
    ) -> Progress {
        let pair = &self.pairs[session.place];
        match pair.phase {
            // `open` of the target's side resumes it.
            Phase::Waiting | Phase::Connecting { .. } => return Progress::Blocked(0),
            Phase::Closing { .. } => return Progress::Consumed(input.len()),
            Phase::Joined => {}
        }
        if input.is_empty() {
            return Progress::Consumed(0);
        }
        let Some(other) = pair.other(session.side) else { return Progress::Close };
        let Some(reply) = links.reply(other) else { return Progress::Consumed(input.len()) };
        reply.put(input);
        if reply.is_full() {
            links.resume_when_drained(other, token);
            return Progress::Blocked(input.len());
        }
        Progress::Consumed(input.len())
    }

    fn ended(&mut self, _: Token, session: &mut Session, links: &mut Links) {
        let pair = &mut self.pairs[session.place];
        let both_ended = pair.end(session.side);
        if let Some(other) = pair.other(session.side) {
            links.finish_sending(other);
        }
        // One that ends before it has said anything (it would be blocked) only wanted to know whether somebody listens.
        if both_ended || pair.phase == Phase::Waiting {
            pair.client.into_iter().chain(pair.upstream).for_each(|token| links.finish(token));
        }
    }

    fn close(&mut self, token: Token, session: Option<Session>, _: Why, links: &mut Links) {
        match session {
            Some(Session { side: Side::Client, place }) => self.close_client(place, links),
            Some(Session { side: Side::Upstream, .. }) | None => self.close_upstream(token, links),
        }
    }

    /// Whether a request is under way is not known here: a connection ends when both sides have said so.
    fn is_idle(&self, _: &Session) -> bool {
        false
    }

    fn woken(&mut self, links: &mut Links) {
        self.adopt(links);
    }

    fn tick(&mut self, links: &mut Links) {
        self.adopt(links);
        self.expire(links);
        self.retry(links);
    }
}

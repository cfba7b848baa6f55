//! One worker's connections to nodes: made when first asked for, a few per node, found again by node.
//! Knows no clients: who waits for an answer is only a number here.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use reactor::{Links, Token};
use slab::Slab;

use crate::answer::Expect;
use crate::failure::Failure;
use crate::join::Target;
use crate::node::{Node, add};
use crate::shared::Topology;
use crate::upstream::{Awaited, Owner, Upstream};

/// What is to be asked, without its bytes.
#[derive(Clone, Copy)]
pub struct Question {
    /// Who is asked.
    pub target: Target,
    /// Who waits for the answer.
    pub owner: Owner,
    /// Chooses among the connections to the node: one client's requests take one way, in order.
    pub lane: usize,
    /// What the answer looks like.
    pub expect: Expect,
    /// See `upstream::key_check`.
    pub key_check: u32,
    /// How many keys it is about.
    pub keys: u32,
    /// A failure counts as a miss.
    pub may_miss: bool,
}

/// Nodes answer requests one by one. Read as they come, each answer costs a wake-up, a read and a send, and each request that
/// came meanwhile a send of its own; with so many owed, a rest of three microseconds for each saves most of that and is little
/// beside the time that they take. Measured before memcached nodes with 50 connections, against a rest of one microsecond
/// from 32 answers on: single gets at 0.82 of the server time, with the same median latency; that rest against none: single
/// gets at 0.9, gets pipelined by 16 at 0.65 to 0.8.
const REST_FROM: usize = 8;
const REST_US_EACH: usize = 3;
const REST_US_MAX: usize = 200;
/// The same for many keys, whether of one request or of many: gets of 100 keys at 0.6 of the server time.
const REST_FROM_KEYS: usize = 500;
const REST_US_MAX_KEYS: usize = 400;
/// A node that has not been heard for so long is slow: nothing is gained by resting for its sake.
const ANSWERING_US: u32 = 1000;

/// One worker's connections to nodes.
pub struct Connections {
    worker: usize,
    outstanding_max: usize,
    queued_bytes_max: usize,
    /// Microseconds of the worker's clock, which may wrap.
    pub now_us: u32,
    /// A node has been marked down, and nobody has been told.
    pub went_down: bool,
    upstreams: Slab<Upstream>,
    /// For each node, by its id, the connections to it, by lane.
    lanes: Vec<Vec<Option<usize>>>,
    /// Those with something to send.
    dirty: Vec<usize>,
}

impl Connections {
    /// None yet.
    #[must_use]
    pub fn new(worker: usize, outstanding_max: usize, queued_bytes_max: usize) -> Self {
        let (upstreams, lanes, dirty) = (Slab::new(), Vec::new(), Vec::new());
        Self { worker, outstanding_max, queued_bytes_max, now_us: 0, went_down: false, upstreams, lanes, dirty }
    }

    /// Queues a question on a connection to its node; the caller puts the request's bytes into what is returned.
    ///
    /// # Errors
    /// Why the node can't be asked.
    #[inline]
    pub fn ask(
        &mut self,
        topology: &Topology,
        question: Question,
        links: &mut Links,
    ) -> Result<&mut Upstream, Failure> {
        let node = &topology.nodes[question.target.node as usize];
        let counters = node.counters(self.worker);
        if node.is_down() {
            add(&counters.errors, 1);
            return Err(Failure::Down);
        }
        let pool = &topology.routing.pools[question.target.pool as usize];
        let lane = question.lane % pool.connections_per_node;
        let open = self.lanes.get(node.id).and_then(|lanes| *lanes.get(lane)?);
        let index = match open {
            Some(index) => index,
            None => self.connect(node, lane, pool.failure_limit, pool.connect_timeout, links)?,
        };
        let upstream = &mut self.upstreams[index];
        if upstream.outstanding() >= self.outstanding_max || upstream.unsent() >= self.queued_bytes_max {
            add(&counters.errors, 1);
            return Err(Failure::Busy);
        }
        add(&counters.requests, 1);
        add(&counters.outstanding, 1);
        upstream.expect(Awaited {
            owner: question.owner,
            expect: question.expect,
            key_check: question.key_check,
            keys: question.keys,
            may_miss: question.may_miss,
            asked_us: self.now_us,
            timeout_us: microseconds(pool.request_timeout),
        });
        if !upstream.is_dirty {
            upstream.is_dirty = true;
            self.dirty.push(index);
        }
        Ok(upstream)
    }

    fn connect(
        &mut self,
        node: &Arc<Node>,
        lane: usize,
        failure_limit: u32,
        timeout: Duration,
        links: &mut Links,
    ) -> Result<usize, Failure> {
        let counters = node.counters(self.worker);
        add(&counters.connects, 1);
        let token = match links.connect(&node.address) {
            Ok(token) => token,
            Err(error) => {
                add(&counters.errors, 1);
                // Any other error, such as no descriptors left, is ours and not the node's.
                let is_theirs = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused);
                self.went_down |= is_theirs && node.failed(failure_limit);
                return Err(Failure::Unreachable(error.kind()));
            }
        };
        let connect_by_us = self.now_us.wrapping_add(microseconds(timeout));
        let upstream = Upstream::new(token, Arc::clone(node), lane, failure_limit, connect_by_us);
        let index = self.upstreams.insert(upstream);
        if self.lanes.len() <= node.id {
            self.lanes.resize_with(node.id + 1, Vec::new);
        }
        let lanes = &mut self.lanes[node.id];
        if lanes.len() <= lane {
            lanes.resize(lane + 1, None);
        }
        lanes[lane] = Some(index);
        Ok(index)
    }

    /// The connection with this name.
    #[must_use]
    pub fn find(&self, token: Token) -> Option<usize> {
        self.upstreams.iter().find(|(_, upstream)| upstream.token == token).map(|(index, _)| index)
    }

    /// The connection in this place, if it is the one of that name.
    #[inline]
    pub fn get(&mut self, index: usize, token: Token) -> Option<&mut Upstream> {
        self.upstreams.get_mut(index).filter(|upstream| upstream.token == token)
    }

    /// Hands everything that was asked to the sockets: one write per connection and turn.
    pub fn send(&mut self, links: &mut Links) {
        for index in self.dirty.drain(..) {
            let Some(upstream) = self.upstreams.get_mut(index) else { continue };
            upstream.is_dirty = false;
            if let Some(reply) = links.reply(upstream.token) {
                let sent = upstream.send(reply);
                add(&upstream.node.counters(self.worker).bytes_sent, sent as u64);
            }
        }
    }

    /// Forgets a connection.
    pub fn remove(&mut self, index: usize) -> Option<Upstream> {
        let upstream = self.upstreams.try_remove(index)?;
        let lane = self.lanes.get_mut(upstream.node.id).and_then(|lanes| lanes.get_mut(upstream.lane));
        if let Some(lane) = lane
            && *lane == Some(index)
        {
            *lane = None;
        }
        let counters = upstream.node.counters(self.worker);
        add(&counters.outstanding, (upstream.outstanding() as u64).wrapping_neg());
        add(&counters.errors, upstream.outstanding() as u64);
        Some(upstream)
    }

    /// Connections whose time is up.
    pub fn overdue(&self) -> Vec<(usize, Token)> {
        let late = self.upstreams.iter().filter(|(_, upstream)| upstream.is_late(self.now_us));
        late.map(|(index, upstream)| (index, upstream.token)).collect()
    }

    /// Lets go of nodes that the topology no longer has: what they were asked, they may still answer.
    pub fn adopt(&mut self, topology: &Topology, links: &mut Links) {
        for (_, upstream) in &mut self.upstreams {
            if upstream.is_retired || topology.nodes.iter().any(|node| node.id == upstream.node.id) {
                continue;
            }
            upstream.is_retired = true;
            self.lanes[upstream.node.id].clear();
            if upstream.outstanding() == 0 {
                links.finish(upstream.token);
            }
        }
    }

    /// How long to leave the nodes alone, so that more of what they owe arrives at a time: not at all if that is little.
    #[must_use]
    pub fn rest(&self) -> Duration {
        let is_answering = |upstream: &Upstream| self.now_us.wrapping_sub(upstream.heard_us) < ANSWERING_US;
        let (answers, keys) = (self.upstreams.iter())
            .filter(|(_, upstream)| is_answering(upstream))
            .fold((0, 0), |(answers, keys), (_, upstream)| {
                (answers + upstream.outstanding(), keys + upstream.owed_keys)
            });
        match (answers, keys) {
            (_, REST_FROM_KEYS..) => Duration::from_micros((keys * 2 / 5).min(REST_US_MAX_KEYS) as u64),
            (REST_FROM.., _) => Duration::from_micros((answers * REST_US_EACH).min(REST_US_MAX) as u64),
            _ => Duration::ZERO,
        }
    }
}

fn microseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX / 4).min(u32::MAX / 4)
}

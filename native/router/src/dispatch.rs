//! A request's way: which node or nodes, what is sent, what is expected, and the slot that waits for it.
//!
//! `noreply` is taken off before a request is sent, so that every request has an answer and none is lost count of; the answer
//! is dropped. A quiet meta command is sent as it is with an `mn` behind it, whose answer says that nothing more will come.

use memcached::request::{KeyScratch, Meta, Request, Retrieval, Words};
use reactor::{Links, Reply};

use crate::answer::Expect;
use crate::body::Body;
use crate::client::{Slot, Unfinished};
use crate::connections::Question;
use crate::failure::Failure;
use crate::hash::BATCH;
use crate::join::{Join, Read, Share, Silent, Target, Values, Write};
use crate::node::add;
use crate::routing::Pool;
use crate::serve::Raw;
use crate::spelling;
use crate::topology::Down;
use crate::upstream::{Owner, Upstream, key_check};
use crate::worker::Worker;

/// What the client wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The answer.
    Answer,
    /// Nothing (`noreply`).
    Nothing,
    /// What a quiet meta command answers.
    Unusual,
}

/// What a request does to its key, as far as replicas care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Read,
    /// Leaves the same behind on every node.
    Write,
    /// Depends on what is there.
    Change,
}

/// One key's request.
struct Single<'a> {
    key: &'a [u8],
    sent_key: &'a [u8],
    is_base64: bool,
    deed: Deed,
    expect: Expect,
    wish: Wish,
    /// What a read of a node that is down answers where that counts as a miss.
    miss: Option<Body>,
}

impl<'a> Single<'a> {
    fn get(key: &'a [u8]) -> Self {
        Self {
            key,
            sent_key: key,
            is_base64: false,
            deed: Deed::Read,
            expect: Expect::Values,
            wish: Wish::Answer,
            miss: Some(Body::Fixed(b"END\r\n")),
        }
    }
}

impl Worker {
    /// Serves one request of a client.
    pub(crate) fn request(
        &mut self,
        index: usize,
        request: &Request<'_>,
        raw: Raw<'_>,
        reply: &mut Reply,
        links: &mut Links,
    ) {
        let tally = &self.shared.tallies[self.index];
        add(&tally.requests, 1);
        if request.body().is_some() && !raw.bytes.ends_with(b"\r\n") {
            if !matches!(request, Request::Storage(storage) if storage.noreply) {
                self.clients[index].say(Body::Fixed(b"CLIENT_ERROR bad data chunk\r\n"), reply);
            }
            return;
        }
        let rewritten = spelling::rewritten(request, &raw.bytes[..raw.line]);
        let raw = Raw { rewritten: rewritten.as_deref(), ..raw };
        match request {
            Request::Retrieval(get) => {
                self.retrieve(index, get, raw.bytes, reply, links);
            }
            Request::Words(words) => self.admin(index, words, raw, reply, links),
            Request::Storage(_) | Request::Keyed(_) => {
                let single = classic(request);
                self.single(index, single, raw, reply, links);
            }
            Request::Meta(meta) | Request::MetaSet(meta) => {
                let mut scratch: KeyScratch = [0; 250];
                let single = self.meta(meta, &mut scratch);
                self.single(index, single, raw, reply, links);
            }
        }
    }

    /// Removes a key whose new value was refused; nobody waits for it.
    pub(crate) fn forget(&mut self, index: usize, request: &Request<'_>, raw: Raw<'_>, links: &mut Links) {
        let mut nowhere = Reply::with_limit(usize::MAX);
        let rewritten = spelling::rewritten(request, raw.bytes);
        let raw = Raw { rewritten: rewritten.as_deref(), ..raw };
        let mut scratch: KeyScratch = [0; 250];
        let single = match request {
            Request::Meta(meta) => Single { wish: Wish::Nothing, ..self.meta(meta, &mut scratch) },
            _ => classic(request),
        };
        self.single(index, single, raw, &mut nowhere, links);
    }

    /// Serves a get of one or many keys; returns how many bytes of its line are done. A line of more keys than the client
    /// may have under way is served in parts, whether it arrived as a whole or not.
    pub(crate) fn retrieve(
        &mut self,
        index: usize,
        get: &Retrieval<'_>,
        line: &[u8],
        reply: &mut Reply,
        links: &mut Links,
    ) -> usize {
        add(&self.shared.tallies[self.index].requests, 1);
        let client = &mut self.clients[index];
        let is_continued = client.unfinished.take().is_some();
        let mut keys = get.keys;
        let first = keys.next().unwrap_or_default();
        if !is_continued && !get.unfinished && keys.clone().next().is_none() {
            if !self.is_cluster_config(index, first, reply) {
                let raw = Raw { bytes: line, line: line.len(), shared: None, rewritten: None };
                self.single(index, Single::get(first), raw, reply, links);
            }
            return line.len();
        }
        let limit = client.window();
        let (mut values, rest) = self.values(get, limit);
        // What is left of the line is a part of it.
        let is_cut = rest.clone().next().is_some();
        let is_unfinished = is_cut || get.unfinished;
        if is_unfinished {
            self.clients[index].unfinished = Some(Unfinished { command: get.command, expiry: get.expiry });
        }
        values.share = Share { is_continued, is_unfinished };
        let may_ask_again = values.may_ask_again();
        self.join(index, Box::new(values), may_ask_again, links);
        if is_cut { rest.rest().as_ptr() as usize - line.as_ptr() as usize } else { line.len() }
    }

    /// The first keys of a line, each with its node, and what is left of the line.
    fn values<'k>(&self, get: &Retrieval<'k>, limit: usize) -> (Values, Words<'k>) {
        let mut command = get.command.name.as_bytes().to_vec();
        if let Some(expiry) = get.expiry {
            command.extend_from_slice(format!(" {expiry}").as_bytes());
        }
        let mut rest = get.keys;
        let text = rest.rest().len();
        let mut values = Values::new(command, limit.min(text / 2 + 1), text + 1);
        let mut left = limit;
        while left > 0 {
            let mut batch: [&[u8]; BATCH] = [&[]; BATCH];
            let mut count = 0;
            for key in rest.by_ref().take(left.min(BATCH)) {
                batch[count] = key;
                count += 1;
            }
            if count == 0 {
                break;
            }
            left -= count;
            self.place(&batch[..count], get.with_cas(), &mut values);
        }
        (values, rest)
    }

    /// Gives keys to their nodes.
    fn place(&self, keys: &[&[u8]], with_cas: bool, values: &mut Values) {
        let routing = &self.topology.routing;
        let (place, pool) = routing.pool(keys[0]);
        if pool.replicas == 1 && keys.iter().all(|key| routing.pool(key).0 == place) {
            let mut nodes = [0; BATCH];
            pool.first_of_many(keys, &mut nodes);
            for (key, node) in keys.iter().zip(nodes) {
                values.key(key, Target { pool: place, node: node as u32 });
            }
            return;
        }
        for key in keys {
            let (place, pool) = routing.pool(key);
            let target = |node: usize| Target { pool: place, node: node as u32 };
            let nodes = if with_cas || pool.replicas == 1 { pool.holders(key) } else { pool.readers(key) };
            values.key_of_many(key, nodes.into_iter().map(target).collect());
        }
    }

    /// Begins a request that several nodes answer.
    pub(crate) fn join(&mut self, index: usize, join: Box<dyn Join>, may_ask_again: bool, links: &mut Links) {
        let client = &self.clients[index];
        let owner = Owner { client: index as u32, epoch: client.epoch, slot: client.next_slot(), part: 0 };
        let topology = may_ask_again.then(|| Box::new(self.topology.clone()));
        let slot = self.ask_join(owner, join, topology, links);
        self.clients[index].push(slot);
    }

    fn meta<'k>(&self, meta: &Meta<'k>, scratch: &'k mut KeyScratch) -> Single<'k> {
        let flags = &meta.flags;
        let is_quiet = flags.has(b'q') && meta.command.name != "me";
        let is_conditional = flags.has(b'C') || (flags.has(b'M') && !b"sS".contains(&flags.mode));
        let deed = match meta.command.name {
            "me" => Deed::Read,
            "mg" if !b"cNRE".iter().any(|&flag| flags.has(flag)) => Deed::Read,
            "ms" | "md" if !is_conditional => Deed::Write,
            _ => Deed::Change,
        };
        let miss = match meta.command.name {
            "mg" if is_quiet => Some(Body::NOTHING),
            "mg" => Some(Body::Bytes(miss_of(meta))),
            "me" => Some(Body::Fixed(b"EN\r\n")),
            _ => None,
        };
        Single {
            key: meta.key(scratch),
            sent_key: meta.sent_key,
            is_base64: flags.has(b'b'),
            deed,
            expect: if is_quiet { Expect::Quiet } else { Expect::Meta },
            wish: if is_quiet { Wish::Unusual } else { Wish::Answer },
            miss,
        }
    }

    fn single(&mut self, index: usize, single: Single<'_>, raw: Raw<'_>, reply: &mut Reply, links: &mut Links) {
        let (place, pool) = self.topology.routing.pool(single.key);
        if pool.replicas > 1 {
            let join = replicated(&single, place, pool, raw);
            if single.deed == Deed::Change {
                self.clients[index].barrier = Some(self.clients[index].next_slot());
            }
            return self.join(index, join, single.deed != Deed::Write, links);
        }
        let node = self.ahead.node(single.key, place).unwrap_or_else(|| pool.first(single.key));
        let target = Target { pool: place, node: node as u32 };
        let client = &mut self.clients[index];
        let is_heard = single.wish != Wish::Nothing;
        let owner = if is_heard {
            Owner { client: index as u32, epoch: client.epoch, slot: client.next_slot(), part: 0 }
        } else {
            Owner::NOBODY
        };
        let is_value = single.expect == Expect::Values;
        let question = Question {
            target,
            owner,
            lane: index,
            expect: single.expect,
            key_check: if is_value { key_check(single.key) } else { 0 },
            keys: 1,
            may_miss: is_value && pool.down == Down::Miss,
        };
        match self.connections.ask(&self.topology, question, links) {
            Ok(upstream) => {
                put(upstream, raw, single.wish);
                if is_heard {
                    client.push(Slot::Waiting);
                }
            }
            Err(_) if !is_heard => {}
            Err(failure) => {
                let name = &self.topology.nodes[target.node as usize].name;
                client.say(stand_in(single.miss, pool.down, failure, name), reply);
            }
        }
    }
}

/// What a client hears of a node that can't be asked.
fn stand_in(miss: Option<Body>, down: Down, failure: Failure, name: &str) -> Body {
    miss.filter(|_| down == Down::Miss).unwrap_or_else(|| failure.said(name))
}

fn classic<'a>(request: &Request<'a>) -> Single<'a> {
    let key = request.sent_key().unwrap_or_default();
    let (deed, expect) = match request.command().name {
        "set" => (Deed::Write, Expect::Stored),
        "delete" => (Deed::Write, Expect::Deleted),
        "touch" => (Deed::Write, Expect::Touched),
        "incr" | "decr" => (Deed::Change, Expect::Number),
        _ => (Deed::Change, Expect::Stored),
    };
    let wish = if request.is_quiet() { Wish::Nothing } else { Wish::Answer };
    Single { key, sent_key: key, is_base64: false, deed, expect, wish, miss: None }
}

/// Puts a request on its way in the form that has exactly one answer.
fn put(upstream: &mut Upstream, raw: Raw<'_>, wish: Wish) {
    let from = match raw.rewritten {
        Some(line) => {
            upstream.put(line);
            raw.line
        }
        None => 0,
    };
    match raw.shared {
        Some(bytes) => upstream.share(bytes.clone(), from..bytes.len()),
        None => upstream.put(&raw.bytes[from..]),
    }
    if wish == Wish::Unusual {
        upstream.put(b"mn\r\n");
    }
}

fn replicated(single: &Single<'_>, pool_place: u32, pool: &Pool, raw: Raw<'_>) -> Box<dyn Join> {
    let target = |node: usize| Target { pool: pool_place, node: node as u32 };
    let nodes = if single.deed == Deed::Read { pool.readers(single.key) } else { pool.holders(single.key) };
    let targets = nodes.into_iter().map(target).collect();
    let mut request = Vec::with_capacity(raw.bytes.len() + 32);
    request.extend_from_slice(raw.rewritten.unwrap_or(&raw.bytes[..raw.line]));
    request.extend_from_slice(&raw.bytes[raw.line..]);
    if single.wish == Wish::Unusual {
        request.extend_from_slice(b"mn\r\n");
    }
    let forget = if single.is_base64 {
        ([b"md ", single.sent_key, b" b\r\n"].concat(), Expect::Meta)
    } else {
        ([b"delete ", single.sent_key, b"\r\n"].concat(), Expect::Deleted)
    };
    let join: Box<dyn Join> = match single.deed {
        Deed::Read => Box::new(Read::new(targets, request, single.expect)),
        Deed::Write => Box::new(Write::new(targets, request, single.expect, None)),
        Deed::Change => Box::new(Write::new(targets, request, single.expect, Some(forget))),
    };
    if single.wish == Wish::Nothing { Box::new(Silent(join)) } else { join }
}

/// `EN` with what a miss echoes: opaque and key.
fn miss_of(meta: &Meta<'_>) -> Vec<u8> {
    let mut miss = b"EN".to_vec();
    for word in meta.flags.words {
        match word[0] {
            b'O' => miss.extend_from_slice(&[b" ", word].concat()),
            b'k' => miss.extend_from_slice(&[b" k", meta.sent_key].concat()),
            b'b' => miss.extend_from_slice(b" b"),
            _ => {}
        }
    }
    miss.extend_from_slice(b"\r\n");
    miss
}

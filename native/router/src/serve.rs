//! A client's input: lines and bodies, in any split, become requests; what can't be understood is refused or ends the
//! connection, as a node would do it.

use std::sync::Arc;

use memcached::request::{self, Limits, Parsed, Request, Retrieval, Words};
use reactor::{Links, Progress, Reply};

use crate::body::{Body, SHARE_BYTES_MIN};
use crate::client::{Gathering, Slot, Unfinished};
use crate::node::add;
use crate::worker::Worker;

/// Room made at once for a request that is still arriving.
const RESERVE_BYTES_MAX: usize = 8 << 20;
const TOO_LARGE: &[u8] = b"SERVER_ERROR object too large for cache\r\n";

/// A request's bytes as they came.
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    /// Line and body.
    pub bytes: &'a [u8],
    /// How much of it is the line, its end included.
    pub line: usize,
    /// The same bytes where they can stay until they are sent, if they are many.
    pub shared: Option<&'a Arc<Vec<u8>>>,
    /// The line as a node must get it, if not as it came.
    pub rewritten: Option<&'a [u8]>,
}

/// How far one step came.
enum Step {
    Took(usize),
    NeedMore,
    /// Something under way has to be finished first.
    Stall,
    Close,
}

impl Worker {
    pub(crate) fn serve_client(
        &mut self,
        index: usize,
        input: &[u8],
        reply: &mut Reply,
        links: &mut Links,
    ) -> Progress {
        self.clients[index].is_stalled = false;
        self.ahead.forget();
        let mut done = 0;
        let progress = loop {
            let client = &mut self.clients[index];
            if client.is_over {
                break Progress::Blocked(input.len());
            }
            if client.is_busy() {
                client.pump(reply);
            }
            if client.is_busy() || reply.is_full() {
                client.is_stalled = true;
                break Progress::Blocked(done);
            }
            if done == input.len() {
                break Progress::Consumed(done);
            }
            self.ahead.look(&self.topology.routing, &input[done..]);
            match self.step(index, &input[done..], reply, links) {
                Step::Took(count) => done += count,
                Step::NeedMore => break Progress::Consumed(done),
                Step::Stall => {
                    self.clients[index].is_stalled = true;
                    break Progress::Blocked(done);
                }
                Step::Close => self.end(index),
            }
        };
        let client = &mut self.clients[index];
        client.pump(reply);
        if client.is_finished() { Progress::Close } else { progress }
    }

    /// Nothing more is read; the connection ends behind what has been asked before.
    pub(crate) fn end(&mut self, index: usize) {
        let client = &mut self.clients[index];
        client.is_over = true;
        client.push(Slot::Quit);
    }

    fn step(&mut self, index: usize, input: &[u8], reply: &mut Reply, links: &mut Links) -> Step {
        let client = &mut self.clients[index];
        if client.swallow > 0 {
            let count = client.swallow.min(input.len());
            client.swallow -= count;
            return Step::Took(count);
        }
        if client.gathering.is_some() {
            return self.gather(index, input, reply, links);
        }
        let limits = Limits { line_max: self.shared.settings.line_max, ..Limits::default() };
        let parsed = match client.unfinished {
            None => request::parse(input, &limits),
            Some(Unfinished { command, expiry }) => {
                let first = Retrieval { command, keys: Words::new(b""), expiry, unfinished: true };
                request::parse_keys(first, input)
            }
        };
        match parsed {
            Parsed::NeedMore => Step::NeedMore,
            Parsed::Close => Step::Close,
            Parsed::Bad { reply: said, consumed, swallow } => {
                add(&self.shared.tallies[self.index].refused, 1);
                client.swallow = swallow;
                client.say(Body::Fixed(said), reply);
                Step::Took(consumed)
            }
            Parsed::Done { request: Request::Retrieval(get), consumed } => {
                Step::Took(self.retrieve(index, &get, &input[..consumed], reply, links))
            }
            Parsed::Done { request, .. } if request.command().name != "mg" && client.is_reading_on() => Step::Stall,
            Parsed::Done { request, consumed } => {
                let total = request.body().map_or(consumed, |length| consumed + length + 2);
                if total - consumed > self.shared.settings.item_size_max + 2 {
                    client.swallow = total - consumed;
                    self.refuse_large(index, &request, reply, links);
                    return Step::Took(consumed);
                }
                if let Some(bytes) = input.get(..total) {
                    self.request(
                        index,
                        &request,
                        Raw { bytes, line: consumed, shared: None, rewritten: None },
                        reply,
                        links,
                    );
                    return Step::Took(total);
                }
                let mut bytes = Vec::with_capacity(total.min(RESERVE_BYTES_MAX));
                bytes.extend_from_slice(input);
                client.gathering = Some(Gathering { bytes, total });
                Step::Took(input.len())
            }
        }
    }

    /// More of a request whose line has been read before.
    fn gather(&mut self, index: usize, input: &[u8], reply: &mut Reply, links: &mut Links) -> Step {
        let Some(mut gathering) = self.clients[index].gathering.take() else { return Step::NeedMore };
        let count = (gathering.total - gathering.bytes.len()).min(input.len());
        gathering.bytes.extend_from_slice(&input[..count]);
        if gathering.bytes.len() < gathering.total {
            self.clients[index].gathering = Some(gathering);
            return Step::Took(count);
        }
        let bytes = Arc::new(gathering.bytes);
        let shared = Some(&bytes).filter(|bytes| bytes.len() >= SHARE_BYTES_MIN);
        if let Parsed::Done { request, consumed } = request::parse(&bytes, &Limits::default()) {
            self.request(index, &request, Raw { bytes: &bytes, line: consumed, shared, rewritten: None }, reply, links);
        }
        Step::Took(count)
    }

    /// A value beyond the limit is skipped. As on a node, `set` and `ms` then leave no older value behind.
    fn refuse_large(&mut self, index: usize, request: &Request<'_>, reply: &mut Reply, links: &mut Links) {
        if let Some(key) = request.sent_key().filter(|_| matches!(request.command().name, "set" | "ms")) {
            let is_base64 = matches!(request, Request::MetaSet(meta) if meta.flags.has(b'b'));
            let (start, end) =
                if is_base64 { (&b"md "[..], &b" b\r\n"[..]) } else { (&b"delete "[..], &b" noreply\r\n"[..]) };
            let line = [start, key, end].concat();
            if let Parsed::Done { request, consumed } = request::parse(&line, &Limits::default()) {
                self.forget(
                    index,
                    &request,
                    Raw { bytes: &line, line: consumed, shared: None, rewritten: None },
                    links,
                );
            }
        }
        let is_silent = matches!(request, Request::Storage(storage) if storage.noreply);
        if !is_silent {
            self.clients[index].say(Body::Fixed(TOO_LARGE), reply);
        }
    }
}

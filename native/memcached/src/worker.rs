//! One thread's part of the server: turns input into calls of commands, as far as output and fairness allow.

use std::sync::Arc;

use cache::NewValue;

use crate::ahead;
use crate::call::Call;
use crate::clock::Clock;
use crate::command::Shape;
use crate::commands::{dump, refuse, retrieval};
use crate::counters::Counters;
use crate::gets::Gets;
use crate::output::{Output, Progress};
use crate::request::{self, Parsed, Request};
use crate::server::Server;
use crate::session::{Body, Session, State};

const BAD_CHUNK: &[u8] = b"CLIENT_ERROR bad data chunk\r\n";

/// Serves the connections of one thread.
#[derive(Debug)]
pub struct Worker {
    server: Arc<Server>,
    counters: Arc<Counters>,
}

/// How one step went.
enum Step {
    /// So many bytes are done.
    Done(usize),
    /// So many are done, and more input is needed.
    NeedMore(usize),
    /// So many are done, and the reply is full.
    Full(usize),
    /// The connection ends.
    Close,
}

impl Worker {
    pub(crate) fn new(server: Arc<Server>, counters: Arc<Counters>) -> Self {
        Self { server, counters }
    }

    /// The server that it belongs to.
    #[must_use]
    pub fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Looks ahead at what several connections sent, before each is served.
    pub fn ahead<'i>(&mut self, inputs: impl Iterator<Item = &'i [u8]>) {
        ahead::prefetch_first(&self.server.cache, inputs);
    }

    /// Serves what `input` holds: what arrived, behind what was left over last time.
    pub fn serve(&mut self, session: &mut Session, input: &[u8], out: &mut dyn Output, clock: Clock) -> Progress {
        let mut left = self.server.settings.requests_per_turn.max(1);
        let mut done = self.plain_gets(session, input, &mut left, out, clock);
        if done > 0 && done == input.len() {
            return if out.is_full() { Progress::Blocked(done) } else { Progress::Consumed(done) };
        }
        if session.is_idle() {
            ahead::prefetch(&self.server.cache, &input[done..]);
        }
        for _ in 0..left {
            if out.is_full() {
                return Progress::Blocked(done);
            }
            match self.step(session, &input[done..], out, clock) {
                Step::Done(bytes) => done += bytes,
                Step::NeedMore(bytes) => return Progress::Consumed(done + bytes),
                Step::Full(bytes) => return Progress::Blocked(done + bytes),
                Step::Close => {
                    session.state = State::Closed;
                    return Progress::Close;
                }
            }
        }
        if done == input.len() && session.is_idle() { Progress::Consumed(done) } else { Progress::Yield(done) }
    }

    /// Serves the plain gets that the input begins with; returns how many bytes they were.
    #[inline]
    fn plain_gets(
        &self,
        session: &mut Session,
        input: &[u8],
        left: &mut usize,
        out: &mut dyn Output,
        clock: Clock,
    ) -> usize {
        let (mut done, mut gets) = (0, Gets::default());
        while done < input.len() && session.is_idle() && !out.is_full() {
            let count = gets.read(&self.server.cache, &input[done..], *left);
            if count == 0 {
                break;
            }
            *left -= count;
            done += gets.answer(&mut Call::new(&self.server, &self.counters, session, out, clock));
        }
        done
    }

    #[inline]
    fn step(&self, session: &mut Session, input: &[u8], out: &mut dyn Output, clock: Clock) -> Step {
        match &mut session.state {
            State::Line => self.line(session, input, out, clock),
            State::Swallow(left) => {
                let skipped = input.len().min(*left);
                *left -= skipped;
                if *left > 0 {
                    return Step::NeedMore(skipped);
                }
                session.state = State::Line;
                Step::Done(skipped)
            }
            State::Body(_) => self.body(session, input, out, clock),
            State::Keys(first) => match request::parse_keys(*first, input) {
                Parsed::Done { request: Request::Retrieval(keys), consumed } => {
                    self.retrieve(session, &keys, &input[..consumed], out, clock)
                }
                Parsed::NeedMore => Step::NeedMore(0),
                _ => Step::Close,
            },
            State::Dump(_) => self.dump(session, out, clock),
            State::Watching(_) => Step::NeedMore(input.len()),
            State::Closed => Step::Close,
        }
    }

    /// A new line.
    #[inline]
    fn line(&self, session: &mut Session, input: &[u8], out: &mut dyn Output, clock: Clock) -> Step {
        if input.is_empty() {
            return Step::NeedMore(0);
        }
        match request::parse(input, &self.server.settings.limits) {
            Parsed::Done { request: Request::Retrieval(keys), consumed } => {
                self.retrieve(session, &keys, &input[..consumed], out, clock)
            }
            Parsed::Done { request, consumed } => match request.body() {
                None => {
                    self.run(session, &request, None, out, clock);
                    if matches!(session.state, State::Closed) { Step::Close } else { Step::Done(consumed) }
                }
                Some(length) => self.with_body(session, &request, consumed, length, input, out, clock),
            },
            Parsed::NeedMore => Step::NeedMore(0),
            Parsed::Bad { reply, consumed, swallow } => {
                out.put(reply);
                if swallow > 0 {
                    session.state = State::Swallow(swallow);
                }
                Step::Done(consumed)
            }
            Parsed::Close => Step::Close,
        }
    }

    /// A line with a body: which is there, or will be waited for, or is refused.
    #[allow(clippy::too_many_arguments, reason = "the pieces of one line, taken apart once")]
    #[inline]
    fn with_body(
        &self,
        session: &mut Session,
        request: &Request<'_>,
        consumed: usize,
        length: usize,
        input: &[u8],
        out: &mut dyn Output,
        clock: Clock,
    ) -> Step {
        let mut call = Call::new(&self.server, &self.counters, session, out, clock);
        if refuse::is_too_large(&mut call, request, length) {
            session.state = State::Swallow(length + 2);
            return Step::Done(consumed);
        }
        let end = consumed + length;
        if let Some(line_end) = input.get(end..end + 2) {
            if line_end == b"\r\n" {
                self.run(session, request, Some(NewValue::Copied(&input[consumed..end])), out, clock);
            } else {
                bad_chunk(request, out);
            }
            return Step::Done(end + 2);
        }
        if length < self.server.cache.shared_from() {
            return Step::NeedMore(0);
        }
        session.state = State::Body(Box::new(Body::new(&input[..consumed], length)));
        Step::Done(consumed)
    }

    /// More of a large body; its line is read again when all of it is there.
    fn body(&self, session: &mut Session, input: &[u8], out: &mut dyn Output, clock: Clock) -> Step {
        let State::Body(body) = &mut session.state else {
            return Step::Close;
        };
        let taken = body.take(input);
        let Some(line_end) = input.get(taken..taken + 2) else {
            return Step::NeedMore(taken);
        };
        let State::Body(body) = std::mem::take(&mut session.state) else {
            return Step::Close;
        };
        let Parsed::Done { request, .. } = request::parse(&body.line, &self.server.settings.limits) else {
            return Step::Close;
        };
        if line_end == b"\r\n" {
            self.run(session, &request, Some(NewValue::Owned(body.bytes)), out, clock);
        } else {
            bad_chunk(&request, out);
        }
        Step::Done(taken + 2)
    }

    /// Keys to get, as far as the reply has room; `line` is where they stand.
    #[inline]
    fn retrieve(
        &self,
        session: &mut Session,
        keys: &request::Retrieval<'_>,
        line: &[u8],
        out: &mut dyn Output,
        clock: Clock,
    ) -> Step {
        let mut call = Call::new(&self.server, &self.counters, session, out, clock);
        let left = retrieval::get(&mut call, keys);
        let rest_of_line = request::Retrieval {
            command: keys.command,
            keys: request::Words::new(b""),
            expiry: keys.expiry,
            unfinished: true,
        };
        if left > 0 {
            session.state = State::Keys(rest_of_line);
            let line_end = if line.ends_with(b"\r\n") { 2 } else { 1 };
            return Step::Full(line.len() - line_end - left);
        }
        session.state = if keys.unfinished { State::Keys(rest_of_line) } else { State::Line };
        Step::Done(line.len())
    }

    fn dump(&self, session: &mut Session, out: &mut dyn Output, clock: Clock) -> Step {
        let State::Dump(mut progress) = std::mem::take(&mut session.state) else {
            return Step::Close;
        };
        let mut call = Call::new(&self.server, &self.counters, session, out, clock);
        if dump::go_on(&mut call, &mut progress) {
            return Step::Done(0);
        }
        session.state = State::Dump(progress);
        Step::Full(0)
    }

    /// Calls the function of the row.
    #[inline]
    fn run(
        &self,
        session: &mut Session,
        request: &Request<'_>,
        body: Option<NewValue<'_>>,
        out: &mut dyn Output,
        clock: Clock,
    ) {
        let call = &mut Call::new(&self.server, &self.counters, session, out, clock);
        match (request, &request.command().shape, body) {
            (Request::Storage(storage), Shape::Storage { run, .. }, Some(value)) => run(call, storage, value),
            (Request::Meta(meta), Shape::Meta { run, .. }, _) => run(call, meta),
            (Request::MetaSet(meta), Shape::MetaSet { run }, Some(value)) => run(call, meta, value),
            (Request::Keyed(keyed), Shape::Keyed { run, .. }, _) => run(call, keyed),
            (Request::Words(admin), Shape::Words { run }, _) => run(call, admin),
            (Request::Words(admin), Shape::Config { run }, body) => {
                run(call, admin, body.as_ref().map(NewValue::as_slice));
            }
            _ => {}
        }
    }
}

/// A body that does not end where it should: meta commands say so even when quiet.
#[cold]
fn bad_chunk(request: &Request<'_>, out: &mut dyn Output) {
    if matches!(request, Request::MetaSet(_)) || !request.is_quiet() {
        out.put(BAD_CHUNK);
    }
}

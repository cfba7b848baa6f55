//! One request of a connection: refused, queued by MULTI, or executed.

use dataset::Millis;
use resp::Writer;

use super::Worker;
use crate::admission::{admit, row};
use crate::command::{Command, flag};
use crate::fault::Fault;
use crate::identity::Replies;
use crate::scripts::BUSY;
use crate::session::Session;

impl Worker {
    /// One request, for the command that its first word names: executes it unless something forbids. `hash` is its only key's. False
    /// when a pause holds it: it is to be asked again.
    pub(super) fn request(
        &mut self,
        session: &mut Session,
        command: Option<&'static Command>,
        hash: Option<u64>,
        words: &[&[u8]],
        out: &mut Vec<u8>,
        now: Millis,
    ) -> bool {
        let (start, is_skipped, pieces) = (out.len(), session.identity.begins_skipped(), self.after.outbox.len());
        let is_done = match command {
            Some(command) if self.server.is_plain(session, command, words.len()) => {
                self.execute(session, command, hash, words, out, now)
            }
            _ => self.request_with_care(session, command, hash, words, out, now),
        };
        if !is_done {
            return false;
        }
        if is_skipped || session.identity.replies != Replies::On {
            out.truncate(start);
        }
        if self.depends_on > 0 {
            self.hold(session, start.min(out.len()), pieces);
        }
        if !self.after.outbox.is_empty() {
            self.take_own_mail(session, out);
        }
        true
    }

    /// The same as far as the reply, for one that something may forbid.
    #[inline(never)]
    fn request_with_care(
        &mut self,
        session: &mut Session,
        command: Option<&'static Command>,
        hash: Option<u64>,
        words: &[&[u8]],
        out: &mut Vec<u8>,
        now: Millis,
    ) -> bool {
        let admitted = admit(&self.server, session, command, words);
        match admitted
            .and_then(|command| self.server.within_bound(command, session))
            .and_then(|command| self.server.afford(command, session, now, &mut self.after))
            .and_then(|command| self.server.unrestrained(command, session))
        {
            Ok(command) if self.server.pause.holds(session, command, now) => return false,
            Ok(command) => match &mut session.transaction {
                Some(transaction) if !command.is(flag::NO_MULTI) => {
                    transaction.push(command, words);
                    session.is_closing |= transaction.bytes > self.server.limits().request_max;
                    Writer::new(out, session.version).simple("QUEUED");
                }
                _ => return self.execute(session, command, hash, words, out, now),
            },
            Err(fault) => self.refuse(session, words, fault, out),
        }
        true
    }

    /// Answers a request that may not be executed; the transaction that it would have been in can't be executed any more.
    #[cold]
    fn refuse(&self, session: &mut Session, words: &[&[u8]], Fault(text): Fault, out: &mut Vec<u8>) {
        self.server.count_error(&text);
        let command = row(words).ok();
        if let Some(command) = command {
            self.after.meter.counters.of(command).rejected.up();
        }
        forget_caching(session, command);
        let mut reply = Writer::new(out, session.version);
        if words[0].eq_ignore_ascii_case(b"exec") {
            let reason = text.strip_prefix(b"ERR ").unwrap_or(&text);
            reply.error(&[b"EXECABORT Transaction discarded because of: ", reason].concat());
            session.transaction = None;
            self.stop_watching(session);
            return;
        }
        reply.error(&text);
        if let Some(transaction) = &mut session.transaction {
            transaction.is_spoiled = true;
        }
    }

    /// False when a pause has begun meanwhile.
    fn execute(
        &mut self,
        session: &mut Session,
        command: &'static Command,
        hash: Option<u64>,
        words: &[&[u8]],
        out: &mut Vec<u8>,
        now: Millis,
    ) -> bool {
        let server = &*self.server;
        session.identity.command = command.number + 1;
        let locked = match hash {
            Some(hash) => server.lock_one(words[1], hash),
            None => server.lock(server.shards_of(session, command, words)),
        };
        let Some(mut data) = locked else {
            self.refuse(session, words, BUSY, out);
            return true;
        };
        // Roles change and the log is brought to a rest while everything is locked: only now the answer stands fast.
        if let Err(fault) = server.unrestrained(command, session) {
            drop(data);
            self.refuse(session, words, fault, out);
            return true;
        }
        if server.pause.holds(session, command, now) {
            return false;
        }
        self.after.confirmation.last = 0;
        let wait = server.run(session, &mut data, command, words, out, now, &mut self.after);
        self.depends_on = self.after.confirmation.offset;
        if let Some(wait) = wait {
            let waiter = server.enrol(session, &mut data, command, words, wait);
            if let Some(deadline) = waiter.deadline {
                self.deadlines.insert((deadline, session.id.number), waiter);
            }
            server.look_at_waiting(&mut self.after.outbox);
        }
        if self.after.ready.is_empty() {
            drop(data);
        } else {
            server.serve_waiters(data, now, &mut self.after);
        }
        forget_caching(session, Some(command));
        true
    }
}

/// CLIENT CACHING holds for the next command, whatever becomes of it.
fn forget_caching(session: &mut Session, command: Option<&Command>) {
    if let Some(tracked) = &mut session.tracking
        && session.transaction.is_none()
        && !command.is_some_and(|command| command.full_name.starts_with("client|"))
    {
        tracked.caching = false;
    }
}

//! Runs commands over locked shards: one, or a transaction's. What follows from it for others is done before anything else: those who
//! wait for its keys are served, in the order in which they came.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;

use dataset::{Locked, Millis, Shards};
use resp::Writer;

use crate::attached::Attached;
use crate::blocking::Wait;
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::durability::Confirmation;
use crate::effects::Effects;
use crate::fault::Fault;
use crate::meter::Meter;
use crate::outbox::Outbox;
use crate::server::Server;
use crate::session::Session;

/// What an execution leaves behind.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    pub(crate) effects: Effects,
    /// What the reply depends on.
    pub(crate) confirmation: Confirmation,
    pub(crate) outbox: Outbox,
    /// Keys that changed and somebody waits for.
    pub(crate) ready: VecDeque<(usize, Vec<u8>)>,
    /// What the worker counts.
    pub(crate) meter: Meter,
}

/// SORT's patterns name keys that only its elements complete; without BY and GET, and with one STORE, its keys are its own.
fn may_name_others(words: &[&[u8]]) -> bool {
    let count = |name: &[u8]| words.iter().skip(2).filter(|word| word.eq_ignore_ascii_case(name)).count();
    count(b"by") + count(b"get") > 0 || count(b"store") > 1
}

impl Server {
    /// The shards that a command needs.
    pub(crate) fn shards_of(&self, session: &Session, command: &Command, words: &[&[u8]]) -> Shards {
        match command.keys {
            Keys::Session => session.shards(self),
            _ if command.is(flag::ANY_KEY) && may_name_others(words) => Shards::ALL,
            _ if command.is(flag::SCRIPT) => self.shards_of_script(session, command, words),
            _ => command.keys(words).map_or(Shards::ALL, |keys| self.dataset.shards_of(keys)),
        }
    }

    /// Runs one command whose shards are locked; its reply or its fault is written, its effects are logged. Returns what it would
    /// wait for.
    #[allow(clippy::too_many_arguments, reason = "what a call is made of")]
    pub(crate) fn run<'d>(
        &'d self,
        session: &mut Session,
        data: &mut Locked<'d, Attached>,
        command: &'static Command,
        words: &[&[u8]],
        out: &mut Vec<u8>,
        now: Millis,
        after: &mut Aftermath,
    ) -> Option<Wait> {
        self.with_call(session, data, out, now, after, |call| {
            call.perform(command, words);
            call.wait.take()
        })
    }

    /// Does something in the place of a command, and logs its effects. Whether anybody wants them stands fast while shards are locked.
    pub(crate) fn with_call<'d, R>(
        &'d self,
        session: &mut Session,
        data: &mut Locked<'d, Attached>,
        out: &mut Vec<u8>,
        now: Millis,
        after: &mut Aftermath,
        work: impl FnOnce(&mut Call<'_, 'd>) -> R,
    ) -> R {
        let Aftermath { effects, confirmation, outbox, ready, meter } = after;
        confirmation.begin(self.durability.guards_reads());
        effects.are_wanted = self.journal.is_wanted() && !session.is_exempt && !self.replication.is_replica();
        let reply = Writer::new(out, session.version);
        let (wait, reads, writes, may_wait, is_of_script, wall) = (None, false, false, true, false, now);
        let now = if session.is_exempt { 0 } else { now };
        let mut call = Call {
            server: self,
            session,
            data,
            reply,
            now,
            wall,
            effects,
            confirmation,
            outbox,
            ready,
            meter,
            wait,
            reads,
            writes,
            may_wait,
            is_of_script,
        };
        let result = work(&mut call);
        if !effects.is_empty() {
            self.log(effects, confirmation, data, session);
        }
        result
    }
}

impl Call<'_, '_> {
    fn count_changes(&self) {
        if self.session.is_exempt {
            self.server.saves.changes_elsewhere.fetch_add(self.effects.changes, Relaxed);
        } else {
            self.meter.counters.changes.up_by(self.effects.changes);
        }
    }

    /// Runs a command in this call's place, as EXEC and scripts do with theirs, whose keys are locked: its reply or its fault is
    /// written, and its effect is its own words unless it says another one.
    pub(crate) fn perform(&mut self, command: &'static Command, words: &[&[u8]]) {
        let (start, database) = (self.reply.buffer().len(), self.session.database);
        (self.effects.changes, self.effects.is_said) = (0, false);
        (self.reads, self.writes) = (command.is(flag::READONLY), command.is(flag::WRITE));
        if self.confirmation.guards_reads && self.reads && matches!(command.keys, Keys::All) {
            self.confirmation.depends_on(self.server.journal.end.get());
        }
        let began = self.meter.start();
        self.server.monitors.tell(self.session.client(), database, command, words, self.outbox);
        let outcome = (command.run)(self, words);
        if self.session.tracking.is_some() {
            self.remember_read(command, words);
        }
        if self.effects.changes > 0 && !self.effects.is_said {
            self.effects.push(database, words);
        }
        if self.writes {
            self.count_changes();
        }
        if self.wait.is_none() {
            self.measure(command, words, began, outcome.is_err());
        }
        if let Err(Fault(text)) = outcome {
            self.server.count_error(&text);
            self.reply.buffer().truncate(start);
            self.reply.error(&text);
            if self.session.is_exempt {
                self.session.failure.get_or_insert(Fault(text));
            }
        }
    }
}

//! Runs commands over locked shards: one, or a transaction's. What follows from it for others is done before anything else: those who
//! wait for its keys are served, in the order in which they came.

use dataset::{Locked, Millis, Shards};
use resp::Writer;

use crate::attached::Attached;
use crate::blocking::Wait;
use crate::call::Call;
use crate::command::Command;
use crate::effects::Effects;
use crate::fault::Fault;
use crate::outbox::Outbox;
use crate::server::Server;
use crate::session::Session;

/// What an execution leaves behind.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    pub(crate) effects: Effects,
    pub(crate) outbox: Outbox,
    /// Keys that changed and somebody waits for.
    pub(crate) ready: Vec<(usize, Vec<u8>)>,
}

impl Server {
    /// The shards that a command needs.
    pub(crate) fn shards_of(&self, command: &Command, words: &[&[u8]]) -> Shards {
        command.keys(words).map_or(Shards::ALL, |keys| self.dataset.shards_of(keys))
    }

    /// Runs one command whose shards are locked; its reply or its fault is written. Returns what it would wait for.
    #[allow(clippy::too_many_arguments, reason = "what a call is made of")]
    pub(crate) fn run<'d>(
        &'d self,
        session: &mut Session,
        data: &mut Locked<'d, Attached>,
        command: &Command,
        words: &[&[u8]],
        out: &mut Vec<u8>,
        now: Millis,
        may_wait: bool,
        after: &mut Aftermath,
    ) -> Option<Wait> {
        let (start, database) = (out.len(), session.database);
        let Aftermath { effects, outbox, ready } = after;
        (effects.changes, effects.is_said) = (0, false);
        let reply = Writer::new(out, session.version);
        let mut call = Call { server: self, session, data, reply, now, effects, outbox, ready, wait: None, may_wait };
        let outcome = (command.run)(&mut call, words);
        let wait = call.wait.take();
        if effects.changes > 0 && !effects.is_said {
            effects.push(database, words);
        }
        if let Err(Fault(text)) = outcome {
            out.truncate(start);
            Writer::new(out, session.version).error(&text);
        }
        wait
    }
}

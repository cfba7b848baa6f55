//! Does again what has happened already: the commands of a log that is loaded, or of a primary's stream. Nothing is refused to it,
//! nothing expires by it (what has expired is removed by a command of its own), and its changes are not encoded: on a replica the
//! stream's own bytes are appended to the journal, under the same locks.

use std::ops::Deref;
use std::sync::Arc;

use dataset::{Locked, Millis, Shards};

use crate::admission::row;
use crate::attached::Attached;
use crate::clients::Client;
use crate::command::flag;
use crate::execute::Aftermath;
use crate::fault::Fault;
use crate::group::epoch_of;
use crate::outbox::Outbox;
use crate::server::Server;
use crate::session::Session;

/// One stream of commands, done in its order.
pub struct Applier<S = Arc<Server>> {
    server: S,
    /// The change of roles after which it began, for a primary's stream: after another one it does nothing any more.
    generation: Option<u64>,
    session: Session,
    after: Aftermath,
    reply: Vec<u8>,
    /// The stream's bytes of an open transaction: they are appended when it is done.
    open: Vec<u8>,
}

/// What an empty request of a stream is taken for: it does nothing, and its bytes belong to the stream.
const NOTHING: [&[u8]; 1] = [b"PING"];

impl Applier {
    /// Removes all data, as FLUSHALL does; everything is locked.
    pub(crate) fn empty<'d>(server: &'d Server, data: &mut Locked<'d, Attached>, now: Millis, outbox: &mut Outbox) {
        let mut session = Session { is_exempt: true, ..Session::new(Client::nobody()) };
        let (words, mut after): ([&[u8]; 1], _) = ([b"FLUSHALL"], Aftermath::default());
        if let Ok(command) = row(&words) {
            server.run(&mut session, data, command, &words, &mut Vec::new(), now, &mut after);
        }
        server.scripts.functions.flush();
        after.outbox.take().into_iter().for_each(|(to, mail)| outbox.put(to, mail));
    }
}

impl<S: Deref<Target = Server>> Applier<S> {
    /// One that begins, in database 0.
    #[must_use]
    pub fn new(server: S) -> Self {
        let session = Session { is_exempt: true, ..Session::new(Client::nobody()) };
        Self { server, generation: None, session, after: Aftermath::default(), reply: Vec::new(), open: Vec::new() }
    }

    /// Does one command. `raw` are its bytes in the primary's stream, for the journal; none where they stand in the log already.
    ///
    /// # Errors
    /// There is no such command, or it has failed, which it did not where it happened first: the data would differ from now on.
    pub fn apply(&mut self, words: &[&[u8]], raw: &[u8], now: Millis) -> Result<(), Fault> {
        let words = if words.is_empty() { &NOTHING } else { words };
        let command = row(words)?;
        if !command.takes(words.len()) {
            return Err(Fault::arity(command.full_name));
        }
        if self.generation.is_some() {
            self.after.meter.begin();
        }
        self.open.extend_from_slice(raw);
        if let Some(epoch) = epoch_of(words) {
            self.server.journal.change_history(|history, _| history.epoch = history.epoch.max(epoch));
        }
        match &mut self.session.transaction {
            Some(transaction) if !command.is(flag::NO_MULTI) => transaction.push(command, words),
            _ => {
                let server = &*self.server;
                let shards = server.shards_of(&self.session, command, words);
                // Whatever shard is locked, no role changes meanwhile.
                let mut data = server.dataset.lock(shards.with(Shards::one(0)));
                if self.generation.is_some_and(|generation| !server.replication.is_current(generation)) {
                    return Err(Fault::of("ERR the stream is not followed any more"));
                }
                self.reply.clear();
                server.run(&mut self.session, &mut data, command, words, &mut self.reply, now, &mut self.after);
                if self.session.transaction.is_none() && !self.open.is_empty() {
                    server.journal.append_raw(self.session.database, &self.open);
                    self.open.clear();
                }
                if !self.after.ready.is_empty() {
                    server.serve_waiters(data, now, &mut self.after);
                }
            }
        }
        self.session.failure.take().map_or(Ok(()), Err)
    }

    /// A primary's stream begins or goes on here, after this change of roles.
    pub(crate) fn begin(&mut self, generation: u64, database: usize) {
        self.generation = Some(generation);
        (self.session.transaction, self.session.failure, self.session.database) = (None, None, database);
        self.open.clear();
    }

    /// A transaction has begun and has not been executed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.session.transaction.is_some()
    }

    /// The database of the next command.
    #[must_use]
    pub fn database(&self) -> usize {
        self.session.database
    }

    /// The next command is in this database.
    pub fn select(&mut self, database: usize) {
        self.session.database = database;
    }

    /// Mail for connections that wait for what was changed, to be delivered now.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.after.outbox
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::server::Settings;

    /// Longer than a SET takes anywhere.
    const IDLE: Duration = Duration::from_millis(300);

    #[test]
    fn a_stream_that_rests_makes_no_command_slow() {
        let slow_from = (IDLE / 2).as_micros().to_string();
        let settings =
            Settings { config: vec![("slowlog-log-slower-than".to_owned(), slow_from)], ..Settings::default() };
        let server = Arc::new(Server::new(settings).configured().expect("the directive is right"));
        let mut applier = Applier::new(server.clone());
        applier.begin(0, 0);
        for value in [b"1", b"2"] {
            std::thread::sleep(IDLE);
            applier.apply(&[b"SET", b"key", value], b"", 1).expect("it can be done");
        }
        assert_eq!(server.slow_log.len(), 0);
    }

    #[test]
    fn an_empty_request_is_nothing_but_its_bytes() {
        let server = Arc::new(Server::new(Settings::default()));
        let mut applier = Applier::new(server.clone());
        applier.begin(0, 0);
        for raw in [&b"\r\n"[..], b"*0\r\n", b"*-1\r\n"] {
            let before = server.journal.end.get();
            applier.apply(&[], raw, 1).expect("there is nothing to do");
            assert_eq!(server.journal.end.get(), before + raw.len() as u64);
        }
    }
}

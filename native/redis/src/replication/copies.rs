//! Who waits until what he has written is elsewhere: WAIT, WAITAOF. They wait for no key; each acknowledgement looks whether it was the
//! one that somebody waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use journal::words;
use parking_lot::Mutex;
use resp::Writer;

use crate::blocking::{AtDeadline, Unblock, Waiter};
use crate::call::Call;
use crate::config;
use crate::outbox::Outbox;
use crate::server::Server;

/// To who waits for a disk where there is no log.
pub(crate) const NO_LOG: &str = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Bytes of the stream that are to be elsewhere.
    pub(crate) offset: u64,
    /// At so many replicas.
    pub(crate) replicas: i64,
    /// On so many disks of this server, for WAITAOF: then those of replicas count, and not their memory.
    pub(crate) local: Option<i64>,
}

/// Who waits.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    all: Mutex<Vec<(Needs, Arc<Waiter>)>>,
    is_any: AtomicBool,
    /// The end of the stream behind the last request for acknowledgements, and before it.
    asked_at: AtomicU64,
    asked_from: AtomicU64,
}

impl Waiting {
    pub(crate) fn enter(&self, needs: Needs, waiter: Arc<Waiter>) {
        self.all.lock().push((needs, waiter));
        self.is_any.store(true, SeqCst);
    }

    /// Other offsets begin with another role.
    pub(super) fn forget(&self) {
        self.asked_at.store(0, SeqCst);
        self.asked_from.store(0, SeqCst);
    }

    /// Somebody waits.
    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        self.is_any.load(SeqCst)
    }
}

impl Needs {
    /// How many there are: on this server's disk, and at replicas.
    pub(crate) fn count(self, server: &Server) -> (i64, i64) {
        let replicas = &server.replication.replicas;
        let far = match self.local {
            None => replicas.count_at(self.offset),
            Some(_) => replicas.count_synced_at(self.offset),
        };
        let near = server.on_disk().is_some_and(|held| held >= self.offset);
        (near.into(), far as i64)
    }

    fn are_met(self, (near, far): (i64, i64)) -> bool {
        far >= self.replicas && near >= self.local.unwrap_or(0)
    }

    /// Says how many there are.
    pub(crate) fn answer(self, server: &Server, reply: &mut Writer<'_>) {
        let (near, far) = self.count(server);
        if self.local.is_some() {
            reply.array(2);
            reply.integer(near);
        }
        reply.integer(far);
    }
}

impl Call<'_, '_> {
    /// Answers at once if nothing is missing or nobody may wait, else when it has come or time is up.
    pub(crate) fn wait_for_copies(&mut self, needs: Needs, milliseconds: u64) {
        if needs.are_met(needs.count(self.server)) || !self.may_wait {
            needs.answer(self.server, &mut self.reply);
            return;
        }
        self.wait_for(&[], milliseconds, AtDeadline::Copies(needs));
        self.server.ask_for_acks(needs.offset);
    }
}

impl Server {
    /// Asks replicas how far they are, unless what they have been asked behind is enough.
    pub(super) fn ask_for_acks(&self, offset: u64) {
        let waiting = &self.replication.waiting;
        if self.replication.replicas.is_empty() || waiting.asked_at.load(SeqCst) > offset {
            return;
        }
        let mut request = Vec::new();
        words::put(&mut request, &[b"REPLCONF", b"GETACK", b"*"]);
        if let Some(end) = self.append_note(&request) {
            waiting.asked_from.fetch_max(end - request.len() as u64, SeqCst);
            waiting.asked_at.fetch_max(end, SeqCst);
        }
    }

    /// So much of the stream is waited for: those who do not say how far they are by themselves are asked.
    #[cold]
    pub(crate) fn ask_to_confirm(&self, offset: u64) {
        if self.replication.replicas.all().iter().any(|replica| replica.is_online() && !replica.is_named()) {
            self.ask_for_acks(offset);
        }
    }

    /// What a replica has acknowledged that has everything up to this end: who answers the request for it does not count that yet.
    pub(super) fn acked_at_end(&self, end: u64) -> u64 {
        let waiting = &self.replication.waiting;
        if waiting.asked_at.load(SeqCst) == end { waiting.asked_from.load(SeqCst) } else { end }
    }

    /// Puts something into the stream that changes nothing; `None` where the stream is somebody else's, or nobody wants it.
    pub(crate) fn append_note(&self, command: &[u8]) -> Option<u64> {
        self.journal.append_note(command, || self.journal.is_wanted() && !self.replication.is_replica())
    }

    /// Something that is waited for may have come.
    pub(crate) fn look_at_waiting(&self, outbox: &mut Outbox) {
        let waiting = &self.replication.waiting;
        if !waiting.is_any() {
            return;
        }
        let mut all = waiting.all.lock();
        all.retain(|(needs, waiter)| {
            let is_vain = self.lacks_log_for(*needs);
            let is_over = is_vain || waiter.is_settled() || needs.are_met(needs.count(self));
            if is_over {
                self.end_waiting(waiter, if is_vain { Unblock::LogOff } else { Unblock::Timeout }, outbox);
            }
            !is_over
        });
        waiting.is_any.store(!all.is_empty(), SeqCst);
    }

    /// This server's disk is to have it, and it keeps no log. One that is being switched on is waited for until it has its base.
    pub(crate) fn lacks_log_for(&self, needs: Needs) -> bool {
        needs.local.unwrap_or(0) > 0 && !self.config.is_on(config::APPENDONLY)
    }
}

#[cfg(test)]
mod tests {
    use journal::Want;

    use crate::outbox::Mail;
    use crate::scene::{Scene, free};

    const REFUSAL: &str = "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n";

    #[test]
    fn a_log_that_is_being_switched_on_is_waited_for() {
        let mut scene = Scene::new(&[]);
        let (mut one, mut other) = (scene.open(), scene.open());
        assert_eq!(scene.say(&mut one, "WAITAOF 1 0 0"), free(REFUSAL));
        assert_eq!(scene.say(&mut one, "CONFIG SET appendonly yes\nSET a 1"), free("+OK\r\n+OK\r\n"));
        assert_eq!(scene.say(&mut one, "WAITAOF 1 0 0"), free(""), "no base stands yet");
        scene.worker.look_at_waiting();
        assert!(scene.worker.outbox().take().is_empty());
        // As it is when the base stands.
        scene.server.journal.want(Want::File, true);
        scene.worker.look_at_waiting();
        let answer = Mail::Answer(b"*2\r\n:1\r\n:0\r\n".to_vec());
        assert_eq!(scene.worker.outbox().take(), [(one.id, answer)]);
        // Who waits for a disk that is never written is told, as redis-server tells him.
        assert_eq!(scene.say(&mut other, "SET a 2\nWAITAOF 1 0 0"), free("+OK\r\n"));
        assert_eq!(scene.say(&mut one, "CONFIG SET appendonly no"), free("+OK\r\n"));
        scene.worker.look_at_waiting();
        assert_eq!(scene.worker.outbox().take(), [(other.id, Mail::Answer(REFUSAL.into()))]);
    }
}

//! What each order does beside the tenure. Roles change while all shards are locked, so that the log stands still meanwhile.

use dataset::{Locked, Shards};
use journal::{Epoch, words};

use super::{Grant, Refusal, Standing};
use crate::attached::Attached;
use crate::config::{self, Setting};
use crate::durability::Mode;
use crate::fault::{Fault, Outcome};
use crate::host::{Moment, chance_name};
use crate::outbox::Outbox;
use crate::replication::Target;
use crate::restraints::reason;
use crate::server::Server;

const NOT_WHOLE: Fault = Fault::of("LOADING this node's data are not whole: a snapshot is being loaded");

/// How the stream says that an epoch begins: a command that replicas of any kind pass over.
const MARK: &str = "MEMC:epoch:";

/// The epoch that a command of the stream says begins.
pub(crate) fn epoch_of(words: &[&[u8]]) -> Option<Epoch> {
    let [name, mark] = words else { return None };
    let text = name.eq_ignore_ascii_case(b"ping").then(|| std::str::from_utf8(mark).ok())??;
    text.strip_prefix(MARK)?.parse().ok()
}

impl Server {
    /// MEMC.LEASE.
    pub(crate) fn lease(&self, epoch: Epoch, until: Moment) -> Outcome {
        self.order(|tenure, now| tenure.lease(epoch, until, now)).map(drop)
    }

    /// MEMC.PROMOTE: what this node holds is the truth from now on. The log says so, under a new name of the stream; nothing of it is
    /// confirmed by those who follow from now on, and no write is taken before it has been said who they are.
    pub(crate) fn begin_epoch(
        &self,
        data: &mut Locked<'_, Attached>,
        epoch: Epoch,
        until: Moment,
        outbox: &mut Outbox,
    ) -> Outcome {
        debug_assert!(data.shards() == Shards::ALL, "roles change while everything is locked");
        self.is_whole()?;
        // The log has this epoch already, and this run has not served it: another run has.
        if self.journal.history().epoch >= epoch && !self.group.tenure().is_primary_of(epoch) {
            return Err(Refusal::IsNotPrimary(epoch).fault());
        }
        if self.order(|tenure, now| tenure.promote(epoch, until, now))? == Grant::Renewed {
            return Ok(());
        }
        self.restraints.set(reason::UNDECLARED, true);
        self.durability.begin_epoch(epoch);
        let is_replica = self.replication.is_replica();
        self.promote(data, outbox)?;
        self.want_stream();
        self.journal.change_history(|history, end| {
            if !is_replica {
                history.shift(chance_name(), end);
            }
            history.epoch = epoch;
        });
        let (mark, mut note) = (format!("{MARK}{epoch}"), Vec::new());
        words::put(&mut note, &[b"PING", mark.as_bytes()]);
        self.append_note(&note);
        let end = self.journal.end.get();
        data.parts_mut(0).for_each(|(_, _, attached)| attached.recent.note_all(end));
        self.journal.kick();
        Ok(())
    }

    /// MEMC.FOLLOW: a replica of that primary; again the same changes nothing.
    pub(crate) fn follow_epoch(
        &self,
        data: &mut Locked<'_, Attached>,
        epoch: Epoch,
        target: Target,
        outbox: &mut Outbox,
    ) -> Outcome {
        let before = self.group.tenure();
        self.order(|tenure, now| tenure.follow(epoch, now))?;
        let is_same = before.standing() == Standing::Following && before.seen() == epoch;
        if is_same && self.replication.target().as_ref() == Some(&target) {
            return Ok(());
        }
        if before.standing() != Standing::Following {
            self.dismiss_clients(outbox);
        }
        self.restraints.set(reason::UNDECLARED, false);
        self.follow(data, target, outbox);
        Ok(())
    }

    /// MEMC.SEAL: nothing of an older epoch counts any more; returns where the log stands still.
    pub(crate) fn seal_epoch(&self, epoch: Epoch, outbox: &mut Outbox) -> Result<u64, Fault> {
        self.is_whole()?;
        let before = self.group.tenure().standing();
        self.order(|tenure, now| tenure.seal(epoch, now))?;
        let after = self.group.tenure().standing();
        if after == Standing::Sealed && before != Standing::Sealed {
            self.replication.cut();
            if before != Standing::Following {
                self.dismiss_clients(outbox);
            }
        }
        Ok(self.journal.end.get())
    }

    /// MEMC.INSYNC: when a write of this epoch counts as done, and by whom.
    pub(crate) fn declare(&self, epoch: Epoch, version: u64, mode: Mode, names: Vec<String>) -> Outcome {
        self.group.tenure().admit(epoch).map_err(Refusal::fault)?;
        if !self.group.tenure().is_primary_of(epoch) {
            return Err(Refusal::IsNotPrimary(epoch).fault());
        }
        self.durability.declare(epoch, version, names)?;
        self.set_mode(mode);
        self.config.store(config::DURABILITY, Setting { number: 0, text: mode.to_string() });
        self.replicas_moved();
        self.restraints.set(reason::UNDECLARED, false);
        Ok(())
    }

    /// An order that changes no role is of an epoch that counts.
    pub(crate) fn admit_order(&self, epoch: Epoch) -> Outcome {
        self.group.tenure().admit(epoch).map_err(Refusal::fault)
    }

    fn is_whole(&self) -> Outcome {
        if self.restraints.has(reason::LOADING) { Err(NOT_WHOLE) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mark_is_one() {
        assert_eq!(epoch_of(&[b"PING", b"MEMC:epoch:7"]), Some(7));
        assert_eq!(epoch_of(&[b"ping", b"MEMC:epoch:18446744073709551615"]), Some(u64::MAX));
        let others: [&[&[u8]]; 4] =
            [&[b"PING"], &[b"PING", b"MEMC:epoch:"], &[b"ECHO", b"MEMC:epoch:7"], &[b"PING", b"x"]];
        others.iter().for_each(|words| assert_eq!(epoch_of(words), None));
    }
}

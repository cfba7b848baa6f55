//! This node as a member of a group whose primary others choose: the orders that it has had (`tenure.rs`), kept where a restart finds them
//! (`seen.rs`), and what follows from them for clients. Which orders there are stands in commands/group.rs.
//!
//! ```text
//!   MEMC.PROMOTE, LEASE, SEAL, FOLLOW ──> Tenure ──┬── memc.epoch: the highest epoch seen, on the disk before the answer
//!                                                  └── restraints: what clients may not do
//!   the clock ──> deadline: one load for whoever serves; who finds it passed fences the node
//! ```
//!
//! Fencing needs nobody's help: every worker looks at the deadline before it serves what has come, and is woken when it passes.

mod lost;
mod orders;
mod seen;
mod status;
mod tenure;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use journal::Epoch;
use parking_lot::Mutex;

use crate::clients::mark;
use crate::config;
use crate::fault::Fault;
use crate::host::Moment;
use crate::outbox::{Mail, Outbox};
use crate::restraints::reason;
use crate::server::Server;

pub(crate) use orders::epoch_of;
use tenure::{Grant, Refusal, Standing, Tenure};

/// Stands for no deadline.
const NEVER: Moment = Moment::MAX;

/// One server's membership.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its name; empty outside of groups.
    name: Mutex<String>,
    tenure: Mutex<Tenure>,
    /// Copies of what is in there, to be read by everybody at any time.
    deadline: AtomicU64,
    seen: AtomicU64,
    /// Bytes of its log that it had to set aside.
    lost: AtomicU64,
    /// Where the log ended when that last happened.
    lost_end: AtomicU64,
}

impl Default for Group {
    fn default() -> Self {
        let (name, tenure) = (Mutex::default(), Mutex::new(Tenure::FREE));
        let (deadline, [seen, lost, lost_end]) = (AtomicU64::new(NEVER), [const { AtomicU64::new(0) }; 3]);
        Self { name, tenure, deadline, seen, lost, lost_end }
    }
}

impl Group {
    pub(crate) fn name(&self) -> String {
        self.name.lock().clone()
    }

    pub(crate) fn is_member(&self) -> bool {
        self.tenure().standing() != Standing::Free
    }

    pub(crate) fn lost_bytes(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    pub(crate) fn tenure(&self) -> Tenure {
        *self.tenure.lock()
    }

    /// The highest epoch that any order or peer has named: nothing of an older one counts.
    pub(crate) fn seen(&self) -> Epoch {
        self.seen.load(Relaxed)
    }

    /// When the lease runs out, if there is one.
    #[inline]
    pub(crate) fn deadline(&self) -> Option<Moment> {
        Some(self.deadline.load(Relaxed)).filter(|deadline| *deadline != NEVER)
    }
}

impl Server {
    /// It has been started as this member of a group: fenced until it is told otherwise.
    pub(crate) fn join_group(&self, name: &str) -> Result<(), String> {
        name.clone_into(&mut self.group.name.lock());
        if name.is_empty() {
            return Ok(());
        }
        let mut tenure = self.group.tenure.lock();
        *tenure = Tenure::member(seen::read(&self.config.text(config::DIRECTORY))?);
        self.follow_from(*tenure);
        Ok(())
    }

    /// Changes the tenure, and returns when what must not be forgotten is on the disk.
    fn order<R>(&self, change: impl FnOnce(&mut Tenure, Moment) -> Result<R, Refusal>) -> Result<R, Fault> {
        let mut tenure = self.group.tenure.lock();
        let mut changed = *tenure;
        let result = change(&mut changed, self.moment());
        if changed.seen() > tenure.seen() {
            let directory = self.config.text(config::DIRECTORY);
            seen::write(&directory, changed.seen()).map_err(|error| {
                Fault::made(format!(
                    "MISCONF {directory}/{} can't be written: {error}: the order is not obeyed",
                    seen::FILE
                ))
            })?;
        }
        *tenure = changed;
        self.follow_from(changed);
        result.map_err(|refusal| refusal.fault())
    }

    /// A peer has named an epoch. A primary that there is a newer one than serves no longer.
    pub(crate) fn hear_of(&self, epoch: Epoch, outbox: &mut Outbox) -> Result<(), Fault> {
        if epoch <= self.group.seen() || !self.group.is_member() {
            return Ok(());
        }
        if self.order(|tenure, _| Ok(tenure.hear(epoch)))? {
            self.dismiss_clients(outbox);
        }
        Ok(())
    }

    /// Nothing may be said to clients, or be released to them.
    #[inline]
    pub(crate) fn is_fenced(&self) -> bool {
        self.restraints.has(reason::FENCED)
    }

    /// What a client is told meanwhile: the answer, with the epoch that this node knows of.
    pub(crate) fn fenced_fault(&self, answer: &Fault) -> Fault {
        let epoch = format!(", and the last epoch that it has seen is {} (MEMC.STATUS)", self.group.seen());
        Fault::made([&answer.0[..], epoch.as_bytes()].concat())
    }

    /// Fences the node if its lease has run out. True if it has just now.
    #[inline]
    pub(crate) fn watch_lease(&self, outbox: &mut Outbox) -> bool {
        self.group.deadline().is_some_and(|deadline| self.moment() >= deadline && self.fence(outbox))
    }

    #[cold]
    fn fence(&self, outbox: &mut Outbox) -> bool {
        let mut tenure = self.group.tenure.lock();
        let is_over = tenure.pass(self.moment());
        if is_over {
            self.follow_from(*tenure);
            self.dismiss_clients(outbox);
        }
        is_over
    }

    /// Closes everybody's connections but those that orders come over; what was not confirmed is answered so.
    pub(crate) fn dismiss_clients(&self, outbox: &mut Outbox) {
        for client in self.clients.all() {
            if !client.has(mark::ORDERS) {
                outbox.put(client.id, Mail::Close);
            }
        }
    }

    /// What follows from the tenure for those who serve.
    fn follow_from(&self, tenure: Tenure) {
        self.group.seen.store(tenure.seen(), Relaxed);
        self.group.deadline.store(tenure.deadline().unwrap_or(NEVER), Relaxed);
        let is_mute = match tenure.standing() {
            Standing::Fenced => true,
            // A replica may still be read from.
            Standing::Sealed => !self.replication.is_replica(),
            Standing::Free | Standing::Serving(_) | Standing::Following => false,
        };
        self.restraints.set(reason::FENCED, is_mute);
    }
}

impl Refusal {
    fn fault(self) -> Fault {
        Fault::made(match self {
            Self::Stale(seen) => format!("STALEEPOCH seen {seen}"),
            Self::Past => {
                "LEASEPAST the lease would end before now by this node's clock (MEMC.STATUS clock_ms)".to_owned()
            }
            Self::IsPrimary(epoch) => format!("ISPRIMARY this node is the primary of epoch {epoch}: give a higher one"),
            Self::IsNotPrimary(epoch) => format!("NOTPRIMARY this node is not the primary of epoch {epoch}"),
        })
    }
}

#[cfg(test)]
mod tests;

//! What clients may not do at the moment, and why: one word of bits, so that it costs a load while nothing is restrained. A row a
//! reason: which commands it concerns and what they are answered. Who repeats what has happened (`Applier`) never asks.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::command::{Command, flag};
use crate::fault::Fault;
use crate::server::Server;
use crate::session::Session;

/// Reasons, as bits of the word.
pub(crate) mod reason {
    /// Fewer replicas than `min-replicas-to-write` are near enough.
    pub(crate) const FEW_REPLICAS: u32 = 1;
    /// This is a replica, and clients may only read from it.
    pub(crate) const READ_ONLY: u32 = 1 << 1;
    /// The link to the primary is down, and old data is not to be shown.
    pub(crate) const STALE: u32 = 1 << 2;
    /// Data is being loaded.
    pub(crate) const LOADING: u32 = 1 << 3;
    /// The append-only file can't be written.
    pub(crate) const LOG_FAILS: u32 = 1 << 16;
    /// The server's own file could not be written.
    pub(crate) const SAVE_FAILED: u32 = 1 << 4;
    /// This member of a group holds no lease, or has been sealed as a primary: it must not say what holds.
    pub(crate) const FENCED: u32 = 1 << 5;
    /// It has been promoted, and who confirms its writes has not been said yet.
    pub(crate) const UNDECLARED: u32 = 1 << 6;
}

/// Which commands a reason concerns.
#[derive(Clone, Copy)]
enum Concerns {
    /// Those that change data.
    Writes,
    /// All without this mark.
    AllBut(u32),
    /// All that is not for operators or about the connection.
    Data,
}

struct Row {
    reason: u32,
    concerns: Concerns,
    answer: Fault,
}

/// In the order in which Redis asks.
static ROWS: [Row; 9] = [
    Row {
        reason: reason::FENCED,
        concerns: Concerns::Writes,
        // The epoch is put behind it.
        answer: Fault::of("READONLY this member of a group is fenced: it has no lease"),
    },
    Row {
        reason: reason::FENCED,
        concerns: Concerns::Data,
        answer: Fault::of("MASTERDOWN this member of a group is fenced: it has no lease"),
    },
    Row {
        reason: reason::UNDECLARED,
        concerns: Concerns::Writes,
        answer: Fault::of("NOREPLICAS this primary has just been promoted: its replicas are still to be named"),
    },
    Row {
        reason: reason::LOG_FAILS,
        concerns: Concerns::Writes,
        // What the disk says is put behind it.
        answer: Fault::of("MISCONF Errors writing to the AOF file"),
    },
    Row {
        reason: reason::SAVE_FAILED,
        concerns: Concerns::Writes,
        answer: Fault::of(
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may \
             modify the data set are disabled, because this instance is configured to report errors during writes if RDB \
             snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
        ),
    },
    Row {
        reason: reason::FEW_REPLICAS,
        concerns: Concerns::Writes,
        answer: Fault::of("NOREPLICAS Not enough good replicas to write."),
    },
    Row {
        reason: reason::READ_ONLY,
        concerns: Concerns::Writes,
        answer: Fault::of("READONLY You can't write against a read only replica."),
    },
    Row {
        reason: reason::STALE,
        concerns: Concerns::AllBut(flag::STALE),
        answer: Fault::of("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
    },
    Row {
        reason: reason::LOADING,
        concerns: Concerns::AllBut(flag::LOADING),
        answer: Fault::of("LOADING Redis is loading the dataset in memory"),
    },
];

/// The word.
#[derive(Debug, Default)]
pub(crate) struct Restraints(AtomicU32);

impl Restraints {
    /// From now on it restrains, or does not.
    pub(crate) fn set(&self, reason: u32, is_on: bool) {
        if is_on {
            self.0.fetch_or(reason, Relaxed);
        } else {
            self.0.fetch_and(!reason, Relaxed);
        }
    }

    #[inline]
    pub(crate) fn are_none(&self) -> bool {
        self.0.load(Relaxed) == 0
    }

    pub(crate) fn has(&self, reason: u32) -> bool {
        self.0.load(Relaxed) & reason != 0
    }
}

impl Server {
    /// The command, unless something forbids it to clients now.
    #[inline]
    pub(crate) fn unrestrained(&self, command: &'static Command, session: &Session) -> Result<&'static Command, Fault> {
        if self.restraints.are_none() { Ok(command) } else { self.ask_restraints(command, session) }
    }

    #[cold]
    fn ask_restraints(&self, command: &'static Command, session: &Session) -> Result<&'static Command, Fault> {
        let concerned = |row: &&Row| self.restraints.has(row.reason) && row.concerns.command(command, session);
        match ROWS.iter().find(concerned) {
            Some(row) if !session.is_exempt => Err(match row.reason {
                reason::LOG_FAILS => self.log_fault(),
                reason::FENCED => self.fenced_fault(&row.answer),
                _ => row.answer.clone(),
            }),
            _ => Ok(command),
        }
    }
}

impl Concerns {
    /// EXEC counts as what is queued.
    fn command(self, command: &Command, session: &Session) -> bool {
        let queue = session.transaction.iter().flat_map(|transaction| &transaction.queue);
        let mut executed = queue.filter(|_| command.name == "exec").map(|queued| queued.command);
        let is_meant = |command: &Command| match self {
            Self::Writes => command.is(flag::WRITE),
            Self::AllBut(mark) => !command.is(mark),
            Self::Data => command.is(flag::SCRIPT) || !command.is(flag::STALE) && !command.is(flag::ADMIN),
        };
        is_meant(command) || executed.any(is_meant)
    }
}

//! The thread that writes files, a step of its loop at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use dataset::{Millis, Shards};

use super::{Aim, Copied, Job, Phase, State, file, points};
use crate::restraints::reason;
use crate::server::Server;
use crate::snapshot::Snapshot;

/// Writes what is asked for; there is one of it.
pub struct Saver {
    server: Arc<Server>,
}

/// What came of a file.
struct Written {
    keys: u64,
    bytes: u64,
    checksum: u64,
    offset: u64,
    epoch: u64,
}

impl Saver {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self { server }
    }

    /// Waits until a file is to be written, for so long at most, and writes it. `clock` says the time of the day.
    pub fn turn(&mut self, patience: Duration, clock: impl Fn() -> Millis) {
        let deadline = Instant::now() + patience;
        let job = {
            let saves = &self.server.saves;
            let mut state = saves.state.lock();
            let is_idle = |state: &State| !is_asked(&state.own) && !is_asked(&state.copy) && !state.is_scheduled;
            if is_idle(&state) {
                saves.bell.wait_until(&mut state, deadline);
            }
            take(&mut state.own, clock()).or_else(|| take(&mut state.copy, clock()))
        };
        match job {
            Some(job) => self.write(job, &clock),
            None => self.begin_due(clock()),
        }
    }

    /// A save that is scheduled, or that the save points ask for.
    fn begin_due(&self, now: Millis) {
        let server = &self.server;
        let is_due = server.saves.state.lock().is_scheduled || points::are_reached(server, now);
        if is_due && !server.turns.is_taken() {
            // One that can't begin now is asked for again at the next turn.
            let _ = server.lock(Shards::ALL).map(|mut data| server.begin_save(&mut data, now));
        }
    }

    /// No more jobs: who waits for one is told. A file that is being written elsewhere is not there any more.
    fn write(&self, job: Job, clock: &impl Fn() -> Millis) {
        let (server, saves, began) = (&self.server, &self.server.saves, clock());
        let Job { aim, cut, mut changes } = job;
        let snapshot = match cut {
            Some(cut) => Snapshot::new(server.clone(), cut),
            None => {
                // What changes from here to the cut is in the file, and counts as if it were not.
                changes = server.changes();
                server.snapshot(began)
            }
        };
        saves.keys_total.store(snapshot.keys_total(), Relaxed);
        let written = self.write_to(&aim, snapshot);
        let kept = server.turns.kept_bytes.load(Relaxed);
        saves.keys.store(0, Relaxed);
        let mut state = saves.state.lock();
        match aim {
            Aim::Own => {
                let last = &mut state.last;
                (last.tried_at, last.ended, last.kept_bytes) = (began, last.ended + 1, kept);
                last.seconds = Some(clock().saturating_sub(began) / 1000);
                if written.is_ok() {
                    (last.saved_at, last.count, last.changes) = (clock() / 1000, last.count + 1, changes);
                }
                last.failure = written.err();
                state.own = Phase::None;
            }
            Aim::Copy(_) => {
                let copied = &mut state.copied;
                match written {
                    Ok(Written { keys, bytes, checksum, offset, epoch }) => {
                        let (path, state, error) = (std::mem::take(&mut copied.path), "done", String::new());
                        *copied = Copied { state, path, keys, bytes, checksum: Some(checksum), offset, epoch, error };
                    }
                    Err(error) => (copied.state, copied.error) = ("failed", error),
                }
                state.copy = Phase::None;
            }
        }
        let is_failing = state.last.failure.is_some();
        drop(state);
        server.restraints.set(reason::SAVE_FAILED, is_failing && server.stops_writes());
        saves.bell.notify_all();
    }

    fn write_to(&self, aim: &Aim, mut snapshot: Snapshot) -> Result<Written, String> {
        let server = &self.server;
        let path = match aim {
            Aim::Own => server.own_file(),
            Aim::Copy(path) => path.into(),
        };
        let written = file::write(&path, *aim == Aim::Own, &mut snapshot, |snapshot| {
            server.saves.keys.store(snapshot.keys(), Relaxed);
            !server.saves.is_aborted.load(Relaxed)
        });
        written.map_err(|error| format!("{}: {error}", path.display()))?;
        let (keys, bytes, checksum) = (snapshot.keys(), snapshot.bytes(), snapshot.checksum().unwrap_or(0));
        Ok(Written { keys, bytes, checksum, offset: snapshot.offset(), epoch: snapshot.history().epoch })
    }

    /// The server ends: writes its own file once more if that is wanted and anything has changed since the last one.
    ///
    /// # Errors
    /// What was not written, and why.
    pub fn end(self, clock: impl Fn() -> Millis) -> Result<(), String> {
        let server = &self.server;
        if server.saves_at_end() && server.changes_since_save() > 0 {
            server.saves.is_aborted.store(false, Relaxed);
            self.write(Job { aim: Aim::Own, cut: None, changes: 0 }, &clock);
            return server.saves.last().failure.map_or(Ok(()), Err);
        }
        Ok(())
    }
}

impl Drop for Saver {
    /// Who waits for it waits no longer.
    fn drop(&mut self) {
        let mut state = self.server.saves.state.lock();
        state.has_saver = false;
        state.last.failure = Some("the server is ending".to_owned());
        self.server.saves.bell.notify_all();
    }
}

fn is_asked(phase: &Phase) -> bool {
    matches!(phase, Phase::Asked(_))
}

fn take(phase: &mut Phase, now: Millis) -> Option<Job> {
    if !is_asked(phase) {
        return None;
    }
    match std::mem::replace(phase, Phase::Runs(now)) {
        Phase::Asked(job) => Some(*job),
        _ => None,
    }
}

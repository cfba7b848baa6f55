//! Snapshots for replicas that need everything: one is made for all who wait when it begins. Who understands a mark at the end gets it
//! as it is made; others are told its length first, so for them it goes through a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use journal::Hold;
use parking_lot::{Condvar, Mutex};

use super::replicas::{Replica, ReplicaState};
use crate::config;
use crate::host::{chance_digits, wall_clock};
use crate::server::Server;
use crate::snapshot::Snapshot;

/// Bytes of a snapshot that are handed on at a time.
const PIECE: usize = 256 << 10;
/// Digits of a mark.
const MARK: usize = 40;

/// Whether somebody waits for one.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    is_wanted: Mutex<bool>,
    bell: Condvar,
    is_closed: AtomicBool,
}

impl Wanted {
    /// Somebody waits from now on.
    pub(crate) fn want(&self) {
        *self.is_wanted.lock() = true;
        self.bell.notify_all();
    }

    /// Nobody will any more: the server ends.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, SeqCst);
        self.want();
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(SeqCst)
    }

    /// Waits until somebody does, or for so long; true if somebody does.
    fn take(&self, patience: Duration) -> bool {
        let mut is_wanted = self.is_wanted.lock();
        if !*is_wanted {
            self.bell.wait_for(&mut is_wanted, patience);
        }
        std::mem::take(&mut is_wanted)
    }
}

/// Makes snapshots for replicas: the work of a thread.
pub struct Saver {
    server: Arc<Server>,
    /// Wakes the worker of this number: there is something to be sent.
    wake: Box<dyn Fn(usize) + Send>,
}

impl Saver {
    /// One for a server.
    #[must_use]
    pub fn new(server: Arc<Server>, wake: impl Fn(usize) + Send + 'static) -> Self {
        Self { server, wake: Box::new(wake) }
    }

    /// Waits for somebody who needs a snapshot, at most for so long, and serves all who do.
    pub fn serve(&self, patience: Duration) {
        if !self.server.replication.snapshots.take(patience) {
            return;
        }
        self.wait_for_more();
        let all = self.server.replication.replicas.all();
        let waiting: Vec<_> = all.into_iter().filter(|replica| replica.state() == ReplicaState::Waiting).collect();
        if !waiting.is_empty() {
            self.send(&waiting);
        }
    }

    /// Others may come, if that is worth a delay.
    fn wait_for_more(&self) {
        let seconds = self.server.config.number(config::REPL_DISKLESS_DELAY).unsigned_abs();
        let until = Instant::now() + Duration::from_secs(seconds);
        let wanted = &self.server.replication.snapshots;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|_| !wanted.is_closed()) {
            wanted.take(left);
        }
    }

    fn send(&self, waiting: &[Arc<Replica>]) {
        let server = &self.server;
        // Before the cut, so that nothing behind it is lost meanwhile.
        let early = server.journal.hold(server.journal.end.get());
        let mut snapshot = server.snapshot(wall_clock());
        let (offset, name) = (snapshot.offset(), snapshot.history().replid);
        let name = String::from_utf8_lossy(&name);
        for replica in waiting {
            let hold: Option<Hold> = server.journal.hold(offset).ok();
            if hold.is_none() {
                replica.feed.end();
            }
            replica.feed.hold(hold.filter(|_| !replica.announced.snapshot_only));
            if !replica.is_silent {
                self.push(std::slice::from_ref(replica), format!("+FULLRESYNC {name} {offset}\r\n").as_bytes());
            }
        }
        drop(early);
        let diskless = server.config.is_on(config::REPL_DISKLESS);
        let (marked, counted): (Vec<_>, Vec<_>) =
            waiting.iter().cloned().partition(|replica| diskless && replica.announced.takes_marks);
        let file = if counted.is_empty() { None } else { self.file(&counted) };
        let mark = chance_digits(MARK);
        self.begin(&marked, format!("$EOF:{mark}\r\n").as_bytes());
        let file = self.stream(&mut snapshot, &marked, file);
        marked.iter().for_each(|replica| replica.feed.finish(Some(mark.as_bytes())));
        drop(snapshot);
        if let Err(why) = file.map_or(Ok(()), |file| self.send_file(file?, &counted)) {
            self.give_up(&counted, &why.to_string());
        }
        waiting.iter().for_each(|replica| (self.wake)(replica.id.worker));
    }

    /// Hands all of it on: to those who take it as it comes, and to a file.
    fn stream(&self, snapshot: &mut Snapshot, marked: &[Arc<Replica>], file: Option<File>) -> Option<io::Result<File>> {
        let mut file = file.map(Ok);
        let mut piece = Vec::new();
        loop {
            let is_more = snapshot.next(&mut piece);
            if piece.len() >= PIECE || !is_more {
                self.push(marked, &piece);
                if let Some(Ok(open)) = &mut file
                    && let Err(error) = open.write_all(&piece)
                {
                    file = Some(Err(error));
                }
                piece.clear();
            }
            if !is_more {
                return file;
            }
        }
    }

    fn send_file(&self, mut file: File, counted: &[Arc<Replica>]) -> io::Result<()> {
        let length = file.stream_position()?;
        file.rewind()?;
        self.begin(counted, format!("${length}\r\n").as_bytes());
        let mut piece = vec![0; PIECE];
        loop {
            match file.read(&mut piece)? {
                0 => break,
                count => self.push(counted, &piece[..count]),
            }
        }
        counted.iter().for_each(|replica| replica.feed.finish(None));
        Ok(())
    }

    /// A file without a name; without one those replicas can't be served.
    fn file(&self, counted: &[Arc<Replica>]) -> Option<File> {
        let folder = self.server.config.text(config::DIRECTORY);
        let path = Path::new(&folder).join(format!("temp-sync-{}.rdb", chance_digits(8)));
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = file.and_then(|file| std::fs::remove_file(&path).map(|()| file));
        file.inspect_err(|error| self.give_up(counted, &format!("{}: {error}", path.display()))).ok()
    }

    fn begin(&self, replicas: &[Arc<Replica>], head: &[u8]) {
        for replica in replicas {
            replica.feed.begin();
            replica.set_state(ReplicaState::Sending);
        }
        self.push(replicas, head);
    }

    fn push(&self, replicas: &[Arc<Replica>], bytes: &[u8]) {
        let patience = Duration::from_secs(self.server.config.number(config::REPL_TIMEOUT).unsigned_abs());
        let piece: Arc<[u8]> = bytes.into();
        for replica in replicas {
            replica.feed.push(&piece, patience);
            (self.wake)(replica.id.worker);
        }
    }

    fn give_up(&self, replicas: &[Arc<Replica>], why: &str) {
        self.server.replication.complain(format!("a snapshot for replicas can't be made: {why}"));
        for replica in replicas {
            replica.feed.end();
            (self.wake)(replica.id.worker);
        }
    }
}

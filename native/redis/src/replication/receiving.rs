//! A snapshot that comes from a primary: kept in a file without a name until it is whole and its checksum is right, for only then the
//! data that there is may go.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dataset::Millis;
use journal::{History, ReplicationId};
use rdb::Crc64;

use super::follower::Over;
use crate::applier::Applier;
use crate::config;
use crate::host::chance_digits;
use crate::load::{Expired, Loaded};
use crate::outbox::Outbox;
use crate::restraints::reason;
use crate::server::Server;

/// Bytes of the checksum at a snapshot's end.
const CHECKSUM: usize = 8;
/// Bytes of a snapshot's name and version.
const HEAD: usize = 9;
/// Bytes read or written at a time.
const PIECE: usize = 256 << 10;
/// While it is loaded the primary is told so often that somebody is still there.
const ALIVE_PERIOD: Duration = Duration::from_secs(1);

/// What has come so far.
pub(super) struct Receiving {
    file: io::BufWriter<File>,
    name: ReplicationId,
    offset: u64,
    length: u64,
    checksum: Crc64,
    /// The last bytes, which may be the checksum.
    tail: Vec<u8>,
    head: Vec<u8>,
}

/// All of it.
pub(super) struct Whole {
    file: File,
    name: ReplicationId,
    offset: u64,
}

impl Receiving {
    pub(super) fn begin(server: &Server, name: ReplicationId, offset: u64) -> Result<Self, String> {
        let path =
            Path::new(&server.config.text(config::DIRECTORY)).join(format!("temp-sync-{}.rdb", chance_digits(8)));
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        // It goes with whoever has it open, however that ends.
        let file = file.and_then(|file| std::fs::remove_file(&path).map(|()| file));
        let file = file.map_err(|error| format!("{}: {error}: a snapshot can't be kept there", path.display()))?;
        Ok(Self::on(file, name, offset))
    }

    pub(super) fn on(file: File, name: ReplicationId, offset: u64) -> Self {
        let file = io::BufWriter::with_capacity(PIECE, file);
        let (length, checksum, tail, head) = Default::default();
        Self { file, name, offset, length, checksum, tail, head }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn keep(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.length += bytes.len() as u64;
        self.head.extend_from_slice(&bytes[..bytes.len().min(HEAD - self.head.len())]);
        self.file.write_all(bytes).map_err(|error| format!("the primary's snapshot can't be kept: {error}"))?;
        // What is certainly not the checksum is summed up.
        self.tail.extend_from_slice(bytes);
        let certain = self.tail.len().saturating_sub(CHECKSUM);
        self.checksum.add(&self.tail[..certain]);
        self.tail.drain(..certain);
        Ok(())
    }

    /// It is one that can be loaded.
    pub(super) fn checked(self) -> Result<Whole, String> {
        let told: [u8; CHECKSUM] = self.tail.as_slice().try_into().map_err(|_| "the primary's snapshot is empty")?;
        let (told, found) = (u64::from_le_bytes(told), self.checksum.value());
        let mut is_known = false;
        // Nine bytes are no whole file, but what they begin is told.
        let _ = rdb::read(self.head.as_slice(), |event| {
            is_known |= matches!(event, rdb::Event::Begin { .. });
            Ok(())
        });
        if !is_known {
            let head = self.head.escape_ascii();
            return Err(format!("the primary's snapshot begins with {head}, which is no version that is known here"));
        }
        // 0: the primary has not summed up (`rdbchecksum no`).
        if told != 0 && told != found {
            return Err(format!("the primary's snapshot has the checksum {found:016x} and says {told:016x}"));
        }
        let mut file = self.file.into_inner().map_err(|error| format!("a snapshot can't be kept: {error}"))?;
        file.rewind().map_err(|error| format!("a snapshot can't be read again: {error}"))?;
        Ok(Whole { file, name: self.name, offset: self.offset })
    }
}

impl Whole {
    /// Puts it in place of all data, and the stream's position in place of the journal's. Returns the database that the stream goes on
    /// in.
    pub(super) fn load(
        self,
        server: &Arc<Server>,
        generation: u64,
        outbox: &mut Outbox,
        now: Millis,
        alive: &mut dyn FnMut(),
    ) -> Result<usize, Over> {
        // What the log holds is the former data as a whole; a new one begins with what has come.
        server.suspend_log();
        let done = self.replace(server, generation, outbox, now, alive);
        if !server.restraints.has(reason::LOADING) {
            server.resume_log();
        }
        done
    }

    fn replace(
        self,
        server: &Arc<Server>,
        generation: u64,
        outbox: &mut Outbox,
        now: Millis,
        alive: &mut dyn FnMut(),
    ) -> Result<usize, Over> {
        let history = History { epoch: server.journal.history().epoch, ..History::new(self.name) };
        server.change_role(generation, |data| {
            server.restraints.set(reason::LOADING, true);
            Applier::empty(server, data, now, outbox);
            server.replication.replicas.disconnect(outbox);
            server.journal.restart(history, self.offset);
            server.durability.diary.clear();
        })?;
        let source = Told { source: BufReader::with_capacity(PIECE, self.file), alive, told_at: Instant::now() };
        let loaded: Loaded = server
            .load(source, now, Expired::Kept)
            .map_err(|error| Over::Vain(format!("the primary's snapshot can't be loaded: {error}")))?;
        if !loaded.passed.is_empty() {
            let what: Vec<String> = loaded.passed.iter().map(|(what, count)| format!("{count} times {what}")).collect();
            server
                .replication
                .complain(format!("the primary's snapshot held what is not served here: {}", what.join(", ")));
        }
        let database = loaded.database.unwrap_or(0);
        server.change_role(generation, |_data| {
            server.journal.change_history(|history, _| history.epoch = history.epoch.max(loaded.epoch.unwrap_or(0)));
            server.journal.set_database(database);
            server.restraints.set(reason::LOADING, false);
        })?;
        Ok(database)
    }
}

/// A file whose reader says from time to time that it is still at it.
struct Told<'a> {
    source: BufReader<File>,
    alive: &'a mut dyn FnMut(),
    told_at: Instant,
}

impl Read for Told<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.source.read(into)
    }
}

impl BufRead for Told<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    /// Once a buffer, where `fill_buf` is asked for each byte.
    fn consume(&mut self, count: usize) {
        self.source.consume(count);
        if self.told_at.elapsed() > ALIVE_PERIOD {
            self.told_at = Instant::now();
            (self.alive)();
        }
    }
}

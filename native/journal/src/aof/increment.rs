//! The increment that is written: groups behind each other, each whole or not there. What has not reached the disk is kept, because
//! after a failed sync the kernel may forget pages that it could not write: they are written again.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::mark::{put_mark, put_names};
use crate::history::{History, ReplicationId};
use crate::words;

/// Bytes of the file that are kept until the disk has them. Beyond that a failed sync is mended by a rewrite only.
const UNSYNCED_MAX: usize = 64 << 20;
/// A buffer that has grown beyond this is given back.
const KEPT_MAX: usize = 1 << 20;

/// An open file, and what is known of it.
#[derive(Debug)]
pub(super) struct Increment {
    file: File,
    /// Bytes of it that are right, and those of them that the disk has.
    length: u64,
    synced: u64,
    /// What is between the two, unless that was too much.
    kept: Vec<u8>,
    has_forgotten: bool,
    /// A sync has failed: what is kept is to be written again.
    is_doubtful: bool,
    /// Names that it says, and the second of its last stamp.
    said: Option<(ReplicationId, Option<u64>)>,
    stamped: u64,
}

impl Increment {
    /// Goes on behind the last mark of a file.
    pub(super) fn behind(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let (kept, said) = (Vec::new(), None);
        Ok(Self { file, length, synced: length, kept, has_forgotten: false, is_doubtful: false, said, stamped: 0 })
    }

    /// An empty file becomes one that says where the stream is: its name, its offset, and the database of what follows, which is no
    /// part of the stream. Where that is not known, the stream says it next.
    pub(super) fn begin(file: File, history: &History, offset: u64, database: Option<usize>) -> io::Result<Self> {
        let mut begun = Self::behind(file)?;
        let mut select = Vec::new();
        database.into_iter().for_each(|database| words::put_select(&mut select, database));
        begun.write(&select, history, offset, None)?;
        begun.sync()?;
        Ok(begun)
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn is_synced(&self) -> bool {
        self.synced == self.length
    }

    /// Writes a group with a mark behind it: all of it or nothing.
    pub(super) fn write(&mut self, payload: &[u8], history: &History, end: u64, stamp: Option<u64>) -> io::Result<()> {
        let start = self.kept.len();
        let names = (history.replid, history.second_end);
        if self.said != Some(names) {
            put_names(&mut self.kept, history);
        }
        let stamp = stamp.filter(|second| *second != self.stamped);
        if let Some(second) = stamp {
            self.kept.extend_from_slice(format!("#TS:{second}\r\n").as_bytes());
        }
        self.kept.extend_from_slice(payload);
        let mut crc = crc32fast::Hasher::new();
        crc.update(&self.kept[start..]);
        put_mark(&mut self.kept, history.epoch, end, &mut crc);
        if let Err(error) = self.file.write_all_at(&self.kept[start..], self.length) {
            self.kept.truncate(start);
            // What was written of it is no part of the log; if this fails too, the next attempt writes over it.
            _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += (self.kept.len() - start) as u64;
        self.said = Some(names);
        self.stamped = stamp.unwrap_or(self.stamped);
        if self.kept.len() > UNSYNCED_MAX {
            self.forget();
        }
        Ok(())
    }

    /// The disk has failed, and what it may have lost is not kept any more.
    pub(super) fn is_lost(&self) -> bool {
        self.is_doubtful && self.has_forgotten
    }

    /// Nobody will ask the disk for what was written so far.
    pub(super) fn forget(&mut self) {
        self.has_forgotten = true;
        self.kept.clear();
        self.kept.shrink_to(KEPT_MAX);
    }

    /// Brings what was written to the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.is_doubtful {
            if self.has_forgotten {
                return Err(io::Error::other("what the disk has lost is not kept: a rewrite (BGREWRITEAOF) mends it"));
            }
            self.file.write_all_at(&self.kept, self.synced)?;
        }
        self.is_doubtful = true;
        self.file.sync_data()?;
        (self.synced, self.is_doubtful, self.has_forgotten) = (self.length, false, false);
        self.kept.clear();
        self.kept.shrink_to(KEPT_MAX);
        Ok(())
    }
}

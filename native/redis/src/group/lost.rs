//! What a member's log has beyond the point where its group went on without it: kept in a file, counted, and then given up.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;

use journal::aof::{Directory, Piece, read};

use crate::config;
use crate::server::Server;

/// A longer tail has more in it than notes.
const NOTES_MAX: u64 = 4096;
/// Commands by which a primary says something to its replicas: they change no data.
const NOTES: [&[u8]; 3] = [b"ping", b"replconf", b"select"];

impl Server {
    /// This server's data will be replaced by those of a primary that shares so many bytes of its log: what is behind them is set aside.
    /// Once for each end that the log has: a resync that has to begin again finds it done.
    pub(crate) fn set_aside(&self, shared: u64) {
        let (end, history) = (self.journal.end.get(), self.journal.history());
        if !self.group.is_member() || end <= shared || self.group.lost_end.swap(end, Relaxed) == end {
            return;
        }
        let mut tail = Vec::new();
        if end - shared <= NOTES_MAX
            && self.journal.read(shared, &mut tail, usize::MAX).is_ok()
            && has_only_notes(&tail)
        {
            return;
        }
        self.group.lost.fetch_add(end - shared, Relaxed);
        let path = Path::new(&self.config.text(config::DIRECTORY)).join(format!("lost-{}.aof", history.epoch));
        let name = String::from_utf8_lossy(&history.replid).into_owned();
        let whose = format!("#bytes {shared}..{end} of the log {name} in epoch {}", history.epoch);
        if let Err(error) = self.write_tail(&path, &whose, shared, end) {
            self.replication.complain(format!(
                "{}: {error}: {} bytes of the log are lost",
                path.display(),
                end - shared
            ));
        }
    }
}

impl Server {
    /// What memory holds; where that is not all of it, the log's last file, which holds more.
    fn write_tail(&self, path: &Path, whose: &str, shared: u64, end: u64) -> io::Result<()> {
        let from = shared.max(self.journal.start());
        if from > shared
            && let Some(log) = self.last_log_file()
        {
            let head = format!(
                "{whose}, which its group has gone on without; here is all since the log was last rewritten\r\n"
            );
            return write(path, head.as_bytes(), &mut File::open(log)?);
        }
        let mut bytes = Vec::new();
        let read = self.journal.read(from, &mut bytes, usize::MAX);
        let kept = if read.is_ok() { from..end } else { end..end };
        let head = format!("{whose}, which its group has gone on without; here are {}..{}\r\n", kept.start, kept.end);
        write(path, head.as_bytes(), &mut bytes.as_slice())
    }

    /// The file that the log is written to, with everything in it.
    fn last_log_file(&self) -> Option<PathBuf> {
        self.log_writer()?.flush();
        Directory::open(self.log_names()).ok()?.last()
    }
}

/// Nothing in these bytes of a log changes data.
fn has_only_notes(tail: &[u8]) -> bool {
    let mut are_all = true;
    let outcome = read(tail, 0, tail.len() as u64, &mut |piece| {
        are_all &= match piece {
            Piece::Command(words, _) => {
                words.first().is_some_and(|name| NOTES.iter().any(|note| name.eq_ignore_ascii_case(note)))
            }
            Piece::Mark(_) | Piece::Line(_) => false,
        };
        Ok(())
    });
    are_all && outcome.is_ok_and(|outcome| outcome.is_ok_and(|outcome| !outcome.is_truncated))
}

/// A file that is there already keeps what it has: it gets more behind it.
fn write(path: &Path, head: &[u8], tail: &mut impl Read) -> io::Result<()> {
    let is_new = fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(head)?;
    io::copy(tail, &mut file)?;
    file.sync_all()?;
    match path.parent() {
        Some(directory) if is_new => fs::File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use journal::words;

    use super::*;

    #[test]
    fn a_tail_of_notes_loses_nothing() {
        let told = |lines: &[&str]| {
            let mut tail = Vec::new();
            for line in lines {
                words::put(&mut tail, &line.split(' ').map(str::as_bytes).collect::<Vec<_>>());
            }
            tail
        };
        let notes = ["PING", "PING MEMC:epoch:7", "SELECT 3", "REPLCONF GETACK *"];
        assert!(has_only_notes(&told(&notes)));
        assert!(!has_only_notes(&told(&["PING", "SELECT 3", "SET a 1"])));
        let whole = told(&notes);
        assert!(!has_only_notes(&whole[..whole.len() - 1]), "nobody knows what half a command is");
        assert!(!has_only_notes(&whole[1..]), "nor what has no beginning");
    }
}

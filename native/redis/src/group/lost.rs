//! What a member's log has beyond the point where its group went on without it: kept in a file, counted, and then given up.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};
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
    /// What memory holds; where that is not all of it, the log's files, which hold more.
    fn write_tail(&self, path: &Path, whose: &str, shared: u64, end: u64) -> io::Result<()> {
        let from = shared.max(self.journal.start());
        if from > shared
            && let Some(log) = self.log_behind(shared)?
        {
            return log.write(path, whose);
        }
        let mut bytes = Vec::new();
        let read = self.journal.read(from, &mut bytes, usize::MAX);
        let kept = if read.is_ok() { from..end } else { end..end };
        let head = format!("{whose}, which its group has gone on without; here are {}..{}\r\n", kept.start, kept.end);
        write(path, head.as_bytes(), &mut [bytes.as_slice()])
    }

    /// The log's files in which all stands that is behind this offset.
    fn log_behind(&self, shared: u64) -> io::Result<Option<Behind>> {
        let Some(writer) = self.log_writer() else { return Ok(None) };
        writer.flush();
        if !writer.status().is_listed {
            // What the manifest names is an older log.
            return Ok(None);
        }
        let open = || {
            let directory = Directory::open(self.log_names()).map_err(io::Error::other)?;
            Behind::open(&directory, shared)
        };
        // A rewrite that ends at this moment takes files away; those that are named then stay.
        open().or_else(|error| if error.kind() == ErrorKind::NotFound { open() } else { Err(error) }).map(Some)
    }
}

/// The end of a log: increments in their order, and the base where the log was rewritten behind the offset that matters.
struct Behind {
    base: Option<PathBuf>,
    increments: Vec<File>,
}

impl Behind {
    fn open(directory: &Directory, shared: u64) -> io::Result<Self> {
        let (mut found, base) = (Self { base: None, increments: Vec::new() }, directory.base());
        for part in directory.parts().into_iter().rev() {
            if base.as_ref() == Some(&part) {
                found.base = base;
                break;
            }
            let file = File::open(&part)?;
            let is_first = begins_at(&file, file.metadata()?.len())?.is_some_and(|offset| offset <= shared);
            found.increments.insert(0, file);
            if is_first {
                break;
            }
        }
        Ok(found)
    }

    fn write(mut self, path: &Path, whose: &str) -> io::Result<()> {
        let (mut before, mut base) = (String::new(), path.to_owned());
        if let Some(rewritten) = &self.base {
            base.set_extension(format!("base.{}", rewritten.extension().unwrap_or_default().display()));
            // Its blocks are shared with the log's file as long as that is there.
            match fs::hard_link(rewritten, &base) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(_) => drop(fs::copy(rewritten, &base)?),
                Ok(()) => {}
            }
            before = format!(", and what was before that is in {}", base.display());
        }
        let head = format!(
            "{whose}, which its group has gone on without; here is all since the log was last rewritten{before}\r\n"
        );
        write(path, head.as_bytes(), &mut self.increments)
    }
}

/// Where the stream is at the beginning of an increment, by its first mark.
fn begins_at(file: &File, length: u64) -> io::Result<Option<u64>> {
    let mut file = file;
    let mut begins = None;
    // What is refused ends the reading.
    let _ = read(file, 0, length, &mut |piece| match piece {
        Piece::Mark(Some(position)) => {
            begins = Some(position.offset);
            Err(String::new())
        }
        // Before its first mark an increment has nothing but the database of what follows.
        Piece::Command(words, _) if words.first() != Some(&&b"SELECT"[..]) => Err(String::new()),
        Piece::Ahead(_) | Piece::Command(..) | Piece::Mark(None) | Piece::Line(_) => Ok(()),
    })?;
    file.rewind()?;
    Ok(begins)
}

/// Nothing in these bytes of a log changes data.
fn has_only_notes(tail: &[u8]) -> bool {
    let mut are_all = true;
    let outcome = read(tail, 0, tail.len() as u64, &mut |piece| {
        are_all &= match piece {
            Piece::Command(words, _) => {
                words.first().is_none_or(|name| NOTES.iter().any(|note| name.eq_ignore_ascii_case(note)))
            }
            // It is looked at when it comes.
            Piece::Ahead(_) => true,
            Piece::Mark(_) | Piece::Line(_) => false,
        };
        Ok(())
    });
    are_all && outcome.is_ok_and(|outcome| outcome.is_ok_and(|outcome| !outcome.is_truncated))
}

/// A file that is there already keeps what it has: it gets more behind it.
fn write(path: &Path, head: &[u8], tail: &mut [impl Read]) -> io::Result<()> {
    let is_new = fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(head)?;
    for part in tail {
        io::copy(part, &mut file)?;
    }
    file.sync_all()?;
    match path.parent() {
        Some(directory) if is_new => fs::File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use journal::aof::{Fsync, Names, Writer};
    use journal::{Journal, Want, words};

    use super::*;

    #[test]
    fn a_log_that_was_rewritten_meanwhile_is_kept_with_its_base() {
        let home = std::env::temp_dir().join(format!("memc-lost-{}", std::process::id()));
        fs::create_dir_all(&home).expect("a folder");
        let names = || Names { home: home.clone(), folder: "log".into(), file: "file".into() };
        let open = || Directory::open(names()).expect("the manifest is right");
        let journal = Arc::new(Journal::new([b'a'; 40]));
        journal.want(Want::File, true);
        let writer = Writer::start(journal.clone(), open(), false, Fsync::Never).expect("a log");
        let append = |value: &str| {
            let mut bytes = Vec::new();
            words::put(&mut bytes, &[b"SET", b"key", value.as_bytes()]);
            let end = journal.append(0, &bytes);
            journal.kick();
            writer.flush();
            end
        };
        let kept = |shared: u64| {
            let [path, base] = ["lost-1.aof", "lost-1.base.rdb"].map(|name| home.join(name));
            let _ = (fs::remove_file(&path), fs::remove_file(&base));
            Behind::open(&open(), shared).and_then(|log| log.write(&path, "#bytes")).expect("is written");
            let text = fs::read_to_string(path).expect("is there");
            let values = ["shared", "first", "second"].map(|value| text.contains(value));
            (values, text.contains("lost-1.base.rdb"), fs::read_to_string(base).ok())
        };
        let shared = append("shared");
        let rewritten = append("first");
        assert_eq!(kept(shared), ([true, true, false], false, None));
        fs::write(writer.temporary(), "data").expect("is written");
        writer.rotate();
        append("second");
        assert_eq!(kept(shared), ([true, true, true], false, None), "the rewrite is on its way");
        assert_eq!(kept(rewritten), ([false, false, true], false, None));
        writer.rebase("rdb").expect("is done");
        assert_eq!(kept(shared), ([false, false, true], true, Some("data".to_owned())));
        assert_eq!(kept(rewritten), ([false, false, true], false, None));
        writer.stop();
        fs::remove_dir_all(&home).expect("is removed");
    }

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

//! What a member's log has beyond the point where its group went on without it: kept in a file, counted, and then given up.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use crate::config;
use crate::server::Server;

impl Server {
    /// This server's data will be replaced by those of a primary that shares so many bytes of its log: what is behind them is set aside.
    /// Once for each end that the log has: a resync that has to begin again finds it done.
    pub(crate) fn set_aside(&self, shared: u64) {
        let (end, history) = (self.journal.end.get(), self.journal.history());
        if !self.group.is_member() || end <= shared || self.group.lost_end.swap(end, Relaxed) == end {
            return;
        }
        self.group.lost.fetch_add(end - shared, Relaxed);
        let path = Path::new(&self.config.text(config::DIRECTORY)).join(format!("lost-{}.aof", history.epoch));
        let name = String::from_utf8_lossy(&history.replid).into_owned();
        let from = shared.max(self.journal.start());
        let mut bytes = Vec::new();
        let read = self.journal.read(from, &mut bytes, usize::MAX);
        let kept = if read.is_ok() { from..end } else { end..end };
        let head = format!(
            "#bytes {shared}..{end} of the log {name} in epoch {}, which its group has gone on without; here are {}..{}\r\n",
            history.epoch, kept.start, kept.end
        );
        if let Err(error) = write(&path, head.as_bytes(), &bytes) {
            self.replication.complain(format!(
                "{}: {error}: {} bytes of the log are lost",
                path.display(),
                end - shared
            ));
        }
    }
}

/// A file that is there already keeps what it has: it gets more behind it.
fn write(path: &Path, head: &[u8], bytes: &[u8]) -> io::Result<()> {
    let is_new = fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(head)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    match path.parent() {
        Some(directory) if is_new => fs::File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

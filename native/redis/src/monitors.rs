//! MONITOR: connections that are told every command before it runs.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::ClientId;
use crate::clients::Client;
use crate::command::{Command, flag};
use crate::outbox::{Mail, Outbox};
use crate::redaction::redacted;

/// Who is told.
#[derive(Debug, Default)]
pub(crate) struct Monitors {
    /// So that nobody takes the lock while nobody is told.
    count: AtomicUsize,
    told: Mutex<Vec<ClientId>>,
}

impl Monitors {
    pub(crate) fn enter(&self, client: ClientId) {
        let mut told = self.told.lock();
        if !told.contains(&client) {
            told.push(client);
        }
        self.count.store(told.len(), Relaxed);
    }

    pub(crate) fn leave(&self, client: ClientId) {
        if self.count.load(Relaxed) == 0 {
            return;
        }
        let mut told = self.told.lock();
        told.retain(|known| *known != client);
        self.count.store(told.len(), Relaxed);
    }

    /// A command is about to run.
    #[inline]
    pub(crate) fn tell(
        &self,
        client: &Client,
        database: usize,
        command: &Command,
        words: &[&[u8]],
        outbox: &mut Outbox,
    ) {
        if self.count.load(Relaxed) > 0 && command.flags & (flag::ADMIN | flag::SKIP_MONITOR | flag::SHOWN_LATER) == 0 {
            self.send(client, database, &redacted(command, words), outbox);
        }
    }

    /// A transaction is done, whose commands have been told.
    pub(crate) fn show(&self, client: &Client, database: usize, words: &[&[u8]], outbox: &mut Outbox) {
        if self.count.load(Relaxed) > 0 {
            self.send(client, database, words, outbox);
        }
    }

    #[cold]
    fn send(&self, client: &Client, database: usize, words: &[&[u8]], outbox: &mut Outbox) {
        // Who stands in for a waiting connection tries a command that has been told already.
        if client.id.number == 0 {
            return;
        }
        let line: Arc<[u8]> = line(client, database, words).into_bytes().into();
        self.told.lock().iter().for_each(|to| outbox.put(*to, Mail::Push(line.clone())));
    }
}

/// `+1700000000.123456 [0 127.0.0.1:5000] "get" "key"`.
fn line(client: &Client, database: usize, words: &[&[u8]]) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut line = format!("+{}.{:06} [{database} {}]", since.as_secs(), since.subsec_micros(), client.peer.address);
    for word in words {
        line.push_str(" \"");
        for byte in *word {
            // A String takes everything that is written to it.
            let _ = match byte {
                b'\\' | b'"' => write!(line, "\\{}", char::from(*byte)),
                b'\n' => write!(line, "\\n"),
                b'\r' => write!(line, "\\r"),
                b'\t' => write!(line, "\\t"),
                0x07 => write!(line, "\\a"),
                0x08 => write!(line, "\\b"),
                b' '..=b'~' => write!(line, "{}", char::from(*byte)),
                _ => write!(line, "\\x{byte:02x}"),
            };
        }
        line.push('"');
    }
    line + "\r\n"
}

//! The thread that writes a Redis-mode node's data to files.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::redis_service::wall_clock;

/// How often it is looked whether a save point is reached.
const PERIOD: Duration = Duration::from_millis(100);

/// Writes until it is ended or dropped.
pub(crate) struct Files {
    is_ending: Arc<AtomicBool>,
    server: Arc<redis::Server>,
    thread: Option<JoinHandle<redis::Saver>>,
}

impl Files {
    pub(crate) fn start(server: Arc<redis::Server>) -> io::Result<Self> {
        let is_ending = Arc::new(AtomicBool::new(false));
        let (is_over, mut saver) = (is_ending.clone(), server.saver());
        let thread = Builder::new().name("files".to_owned()).spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                saver.turn(PERIOD, wall_clock);
            }
            saver
        })?;
        Ok(Self { is_ending, server, thread: Some(thread) })
    }

    /// Nobody changes anything any more: writes the node's file if that is wanted.
    ///
    /// # Errors
    /// What was not written, and why.
    pub(crate) fn end(mut self) -> Result<(), String> {
        self.join().map_or(Ok(()), |saver| saver.end(wall_clock))
    }

    fn join(&mut self) -> Option<redis::Saver> {
        self.is_ending.store(true, Ordering::Relaxed);
        self.server.give_up_saving();
        self.thread.take().and_then(|thread| thread.join().ok())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        drop(self.join());
    }
}

//! The thread that makes snapshots for replicas that need everything.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use redis::Server;
use redis::replication::Saver;

use crate::post::Post;

/// How long it waits at most before it looks whether it is to end.
const PATIENCE: Duration = Duration::from_millis(500);

/// Saves until it is dropped.
pub(crate) struct Saving {
    server: Arc<Server>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Saving {
    pub(crate) fn start(server: Arc<Server>, post: Arc<Post>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (told, saver) = (stop.clone(), Saver::new(server.clone(), move |worker| post.wake(worker)));
        let thread = Builder::new().name("saver".to_owned()).spawn(move || {
            while !told.load(Relaxed) {
                saver.serve(PATIENCE);
            }
        })?;
        Ok(Self { server, stop, thread: Some(thread) })
    }
}

impl Drop for Saving {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.server.end_replication();
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell.
            let _ = thread.join();
        }
    }
}

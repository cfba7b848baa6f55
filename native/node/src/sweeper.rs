//! The thread that keeps a store while nobody asks: expired memory comes back.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// How often the store is swept.
const PERIOD: Duration = Duration::from_millis(100);

/// Sweeps until it is dropped.
#[derive(Debug)]
pub(crate) struct Sweeper {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Sweeper {
    pub(crate) fn start(mut sweep: impl FnMut() + Send + 'static) -> io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let told = stop.clone();
        let thread = Builder::new().name("sweeper".to_owned()).spawn(move || {
            let (stopped, bell) = &*told;
            let mut stopped = stopped.lock();
            while !*stopped {
                bell.wait_for(&mut stopped, PERIOD);
                sweep();
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        *self.stop.0.lock() = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell.
            let _ = thread.join();
        }
    }
}

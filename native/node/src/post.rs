//! Mail between the workers of a Redis-mode node: each has a box, and is woken when something lies in it.

use parking_lot::Mutex;
use reactor::{Token, Waker};
use redis::Mail;

/// What lies in a box.
type Letters = Vec<(Token, Mail)>;

/// One box for each worker.
#[derive(Debug)]
pub(crate) struct Post {
    boxes: Vec<(Mutex<Letters>, Waker)>,
}

impl Post {
    pub(crate) fn new(wakers: Vec<Waker>) -> Self {
        Self { boxes: wakers.into_iter().map(|waker| (Mutex::default(), waker)).collect() }
    }

    /// Lays mail down for a connection of another worker.
    pub(crate) fn send(&self, worker: usize, to: Token, mail: Mail) {
        let Some((letters, waker)) = self.boxes.get(worker) else { return };
        let mut letters = letters.lock();
        letters.push((to, mail));
        if letters.len() == 1 {
            waker.wake();
        }
    }

    pub(crate) fn take(&self, worker: usize) -> Letters {
        self.boxes.get(worker).map(|(letters, _)| std::mem::take(&mut *letters.lock())).unwrap_or_default()
    }
}

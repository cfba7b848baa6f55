//! Mail between the workers of a Redis-mode node: each has a box, and is woken when something lies in it.

use std::collections::HashSet;

use parking_lot::Mutex;
use reactor::{Token, Waker};
use redis::Mail;

/// Bytes of messages that may lie in a box, for a worker that is busy with something long. A connection that there is no room for
/// is closed: it must not miss a message and not know it.
const BYTES_MAX: usize = 256 << 20;

/// What lies in a box.
#[derive(Debug, Default)]
struct Letters {
    letters: Vec<(Token, Mail)>,
    /// Of its messages.
    bytes: usize,
    /// Connections that there was no room for.
    closed: HashSet<Token>,
}

impl Letters {
    fn put(&mut self, to: Token, mail: Mail) {
        let length = match &mail {
            Mail::Held(mail, _) => length_of(mail),
            mail => length_of(mail),
        };
        if self.bytes + length <= BYTES_MAX {
            self.bytes += length;
            self.letters.push((to, mail));
        } else if self.closed.insert(to) {
            self.letters.push((to, Mail::Close));
        }
    }
}

/// Bytes of a message.
fn length_of(mail: &Mail) -> usize {
    if let Mail::Push(bytes) = mail { bytes.len() } else { 0 }
}

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
        letters.put(to, mail);
        if letters.letters.len() == 1 {
            waker.wake();
        }
    }

    /// Wakes a worker that has something to look at besides its box.
    pub(crate) fn wake(&self, worker: usize) {
        if let Some((_, waker)) = self.boxes.get(worker) {
            waker.wake();
        }
    }

    /// Takes everything that lies in a worker's box.
    pub(crate) fn take(&self, worker: usize) -> Vec<(Token, Mail)> {
        self.boxes.get(worker).map(|(letters, _)| std::mem::take(&mut *letters.lock()).letters).unwrap_or_default()
    }
}

//! The connections of one worker that are fed with the stream: at the end of each turn they get what has come since the last one, and
//! another worker's changes wake this one. Who waits for copies is looked at as well.

use std::sync::Arc;

use journal::Bell;
use reactor::{Links, Token};
use redis::replication::Filled;
use redis::{OutputLimits, Worker};

use crate::post::Post;
use crate::redis_service::wall_clock;

/// One worker's part of it.
pub(crate) struct Feeds {
    /// Rings when the stream has got longer.
    bell: Arc<Bell>,
    /// Rings when more of it is on the disk, for who waits for that.
    disk: Arc<Bell>,
    post: Arc<Post>,
    number: usize,
    limits: OutputLimits,
    /// Somebody is fed.
    is_any: bool,
}

impl Feeds {
    pub(crate) fn new(worker: &Worker, number: usize, post: Arc<Post>) -> Self {
        let waker = post.clone();
        let wake = move || waker.wake(number);
        let journal = worker.server().journal();
        let (bell, disk) = (journal.end.bell(wake.clone()), journal.synced.bell(wake));
        Self { bell, disk, post, number, limits: worker.feed_limits(), is_any: false }
    }

    /// This worker is about to change something, and looks at the stream itself when it is done.
    #[inline]
    pub(crate) fn begin_turn(&self) {
        if self.is_any {
            self.bell.disarm();
        }
    }

    pub(crate) fn tick(&mut self, worker: &Worker) {
        self.limits = worker.feed_limits();
    }

    /// Gives each what is next.
    #[inline]
    pub(crate) fn turn(&mut self, worker: &mut Worker, links: &mut Links) {
        self.is_any = !worker.replicas().is_empty();
        if self.is_any {
            self.feed(worker, links);
        }
        if worker.has_waiting() {
            self.disk.arm();
            worker.look_at_waiting();
        }
    }

    fn feed(&mut self, worker: &mut Worker, links: &mut Links) {
        // First the bell, then the look: what comes between them is heard.
        self.bell.arm();
        let (now, mut is_more) = (wall_clock(), false);
        for replica in worker.replicas() {
            let token = Token(replica.token());
            let Some(reply) = links.reply(token) else { continue };
            let (waiting, before) = (reply.len(), reply.buffer().len());
            let filled = replica.fill(waiting, reply.buffer(), self.limits, now);
            let count = reply.buffer().len() - before;
            match filled {
                Filled::All => {}
                // When nothing was put, the connection is full: it is heard of when it has drained.
                Filled::More => is_more |= count > 0,
                Filled::Hopeless => links.abort(token),
            }
        }
        if is_more {
            self.post.wake(self.number);
        }
    }
}

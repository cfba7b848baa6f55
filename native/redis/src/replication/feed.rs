//! What is still to be sent to one replica: first a snapshot, piece by piece as it is made, then the stream from the point at which the
//! snapshot was taken. The journal keeps what it needs (`Hold`), so a slow one costs memory, up to a limit; then it is dropped.
//!
//! ```text
//!   saver ── push(piece), waits while the queue is full ──> pieces ──┐
//!                                                                    ├── fill(reply) ──> the connection
//!   journal ── hold ─────────────────────────────────────────────────┘  once the pieces have gone
//! ```

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use dataset::Millis;
use journal::{Gone, Hold};
use parking_lot::{Condvar, Mutex};

use crate::outbox::OutputLimits;

/// Bytes of a snapshot that wait between the saver and the connection.
const QUEUE_MAX: usize = 4 << 20;
/// Bytes that lie in a connection's reply at most before more are put there.
const WINDOW: usize = 256 << 10;

/// What a replica still needs.
#[derive(Debug)]
pub(crate) struct Feed {
    state: Mutex<State>,
    /// Rings when the queue has got shorter, or the feed has ended.
    moved: Condvar,
}

#[derive(Debug)]
struct State {
    pieces: VecDeque<Arc<[u8]>>,
    /// Bytes of them.
    queued: usize,
    /// Where the stream goes on for it; none before its snapshot has begun, or if it wants none.
    hold: Option<Hold>,
    phase: Phase,
    /// What comes is the snapshot: nothing else may come between.
    has_begun: bool,
    /// Since when it has been beyond the soft limit.
    slow_since: Option<Millis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Pieces of a snapshot come, or will come.
    Snapshot,
    /// All pieces have come, and there will be no more; the stream follows upon the next acknowledgement.
    AwaitsAck,
    Stream,
    /// The connection is gone, or it is to be closed.
    Ended,
}

/// What `fill` came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// All there is at the moment lies in the reply.
    All,
    /// There is more: to be asked again when the reply has got shorter, or at once if it was all sent.
    More,
    /// The replica can't be served: it is too slow, or what it needs is gone.
    Hopeless,
}

impl Feed {
    /// One for a replica that needs everything.
    pub(crate) fn of_snapshot() -> Self {
        Self::new(None, Phase::Snapshot)
    }

    /// One for a replica that goes on.
    pub(crate) fn of_stream(hold: Hold) -> Self {
        Self::new(Some(hold), Phase::Stream)
    }

    fn new(hold: Option<Hold>, phase: Phase) -> Self {
        let state = State { pieces: VecDeque::new(), queued: 0, hold, phase, has_begun: false, slow_since: None };
        Self { state: Mutex::new(state), moved: Condvar::new() }
    }

    pub(crate) fn is_streaming(&self) -> bool {
        self.state.lock().phase == Phase::Stream
    }

    /// The stream will go on from there.
    pub(crate) fn hold(&self, hold: Option<Hold>) {
        self.state.lock().hold = hold;
    }

    /// Its snapshot begins.
    pub(crate) fn begin(&self) {
        self.state.lock().has_begun = true;
    }

    /// Says that this server is still there, to who waits for a snapshot to begin.
    pub(crate) fn keep_alive(&self) {
        let mut state = self.state.lock();
        if state.phase == Phase::Snapshot && !state.has_begun {
            state.queued += 1;
            state.pieces.push_back(b"\n"[..].into());
        }
    }

    /// Appends a piece of the snapshot; waits while too much lies here. False when nobody wants it any more, or nothing has moved
    /// for so long.
    pub(crate) fn push(&self, piece: &Arc<[u8]>, patience: Duration) -> bool {
        let mut state = self.state.lock();
        while state.phase == Phase::Snapshot && state.queued > QUEUE_MAX {
            if self.moved.wait_for(&mut state, patience).timed_out() && state.queued > QUEUE_MAX {
                state.phase = Phase::Ended;
            }
        }
        if state.phase != Phase::Snapshot {
            return false;
        }
        state.queued += piece.len();
        state.pieces.push_back(piece.clone());
        true
    }

    /// All pieces have been pushed, but for the mark that ends them, if they end with one: who gets that tells it from the stream only
    /// if the stream waits until it has acknowledged.
    pub(crate) fn finish(&self, mark: Option<&[u8]>) {
        let mut state = self.state.lock();
        if state.phase != Phase::Snapshot {
            return;
        }
        state.phase = if mark.is_some() { Phase::AwaitsAck } else { Phase::Stream };
        if let Some(mark) = mark {
            state.queued += mark.len();
            state.pieces.push_back(mark.into());
        }
    }

    /// It is of no use any more.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock();
        state.phase = Phase::Ended;
        state.hold = None;
        state.pieces.clear();
        state.queued = 0;
        self.moved.notify_all();
    }

    /// The replica has said where it is.
    pub(crate) fn acknowledged(&self) {
        let mut state = self.state.lock();
        if state.phase == Phase::AwaitsAck && state.pieces.is_empty() {
            state.phase = Phase::Stream;
        }
    }

    /// The stream can't be awaited to begin by itself: an acknowledgement has to come.
    pub(crate) fn awaits_ack(&self) -> bool {
        let state = self.state.lock();
        state.phase == Phase::AwaitsAck && state.pieces.is_empty()
    }

    /// It lacks something that there is.
    pub(crate) fn needs_more(&self) -> bool {
        let state = self.state.lock();
        state.phase == Phase::Stream && state.hold.as_ref().is_some_and(|hold| hold.behind() > 0)
    }

    /// Puts what is next behind a reply in which `waiting` bytes lie already.
    pub(crate) fn fill(&self, mut waiting: usize, out: &mut Vec<u8>, limits: OutputLimits, now: Millis) -> Filled {
        let state = &mut *self.state.lock();
        while waiting < WINDOW
            && let Some(piece) = state.pieces.pop_front()
        {
            state.queued -= piece.len();
            waiting += piece.len();
            out.extend_from_slice(&piece);
            self.moved.notify_all();
        }
        if !state.pieces.is_empty() {
            return if state.is_too_slow(waiting, limits, now) { Filled::Hopeless } else { Filled::More };
        }
        match state.phase {
            Phase::Ended => Filled::Hopeless,
            Phase::Stream => state.stream(waiting, out, limits, now),
            Phase::Snapshot | Phase::AwaitsAck => {
                if state.is_too_slow(waiting, limits, now) {
                    Filled::Hopeless
                } else {
                    Filled::All
                }
            }
        }
    }
}

impl State {
    fn stream(&mut self, mut waiting: usize, out: &mut Vec<u8>, limits: OutputLimits, now: Millis) -> Filled {
        let Some(hold) = &mut self.hold else { return Filled::All };
        while waiting < WINDOW && hold.behind() > 0 {
            match hold.read(out, WINDOW - waiting) {
                Ok(count) => waiting += count,
                Err(Gone) => return Filled::Hopeless,
            }
        }
        let is_behind = hold.behind() > 0;
        match is_behind {
            _ if self.is_too_slow(waiting, limits, now) => Filled::Hopeless,
            true => Filled::More,
            false => Filled::All,
        }
    }

    /// Bytes that wait for it, in its reply and in the journal, are more than the limits allow.
    fn is_too_slow(&mut self, waiting: usize, limits: OutputLimits, now: Millis) -> bool {
        let waiting = waiting + self.hold.as_ref().map_or(0, Hold::behind);
        if waiting <= limits.soft {
            self.slow_since = None;
            return waiting > limits.hard;
        }
        let since = *self.slow_since.get_or_insert(now);
        waiting > limits.hard || now.saturating_sub(since) / 1000 >= limits.soft_seconds
    }
}

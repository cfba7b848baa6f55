//! A command for every node with one answer for all: theirs if they agree that it is done, else the first complaint.

use reactor::Reply;

use super::{Asker, Join, Next, Target, keep};
use crate::answer::{Expect, Verdict};
use crate::body::{Answer, Body};

/// `flush_all`, `verbosity`, `stats reset`.
pub struct AllNodes {
    targets: Vec<Target>,
    request: Vec<u8>,
    expect: Expect,
    waiting: usize,
    done: Body,
    /// The part that complained, and how.
    complaint: Option<(u32, Body)>,
}

impl AllNodes {
    /// A command that is said to each node as it is.
    #[must_use]
    pub fn new(targets: Vec<Target>, request: Vec<u8>, expect: Expect) -> Self {
        Self { targets, request, expect, waiting: 0, done: Body::NOTHING, complaint: None }
    }

    fn take(&mut self, part: u32, body: Body, verdict: Verdict) {
        self.waiting -= 1;
        if verdict == Verdict::Fine {
            self.done = body;
        } else if self.complaint.as_ref().is_none_or(|(first, _)| part < *first) {
            self.complaint = Some((part, body));
        }
    }
}

impl Join for AllNodes {
    fn ask(&mut self, asker: &mut dyn Asker) -> Next {
        self.waiting = self.targets.len();
        for (part, target) in self.targets.clone().into_iter().enumerate() {
            if let Err((body, verdict)) = asker.ask(target, part as u32, &self.request, self.expect) {
                self.take(part as u32, body, verdict);
            }
        }
        if self.waiting == 0 { Next::Done } else { Next::Wait }
    }

    fn part(&mut self, part: u32, answer: Answer<'_>, length: usize, verdict: Verdict) -> Next {
        self.take(part, keep(answer, length), verdict);
        if self.waiting == 0 { Next::Done } else { Next::Wait }
    }

    fn write(self: Box<Self>, reply: &mut Reply, _is_line_failed: bool) -> bool {
        self.complaint.as_ref().map_or(&self.done, |(_, body)| body).write(reply);
        false
    }
}

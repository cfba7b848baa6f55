//! One key on several nodes.
//!
//! - A read goes to the nearest node, and on to the next one upon a miss or a failure.
//! - A plain write goes to all of them; the answer is the first choice's, unless it failed.
//! - A write that depends on what is there (`cas`, `incr`, `add`, …) is decided by the first choice alone; when it succeeds the
//!   other nodes lose the key, so that none of them holds an older value or counts by itself.

use reactor::Reply;

use super::{Asker, Join, Next, Target, keep};
use crate::answer::{Expect, Verdict};
use crate::body::{Answer, Body};

/// A read of one key.
pub struct Read {
    targets: Vec<Target>,
    asked: usize,
    request: Vec<u8>,
    expect: Expect,
    best: Body,
    verdict: Verdict,
}

impl Read {
    /// A read that tries these nodes in order.
    #[must_use]
    pub fn new(targets: Vec<Target>, request: Vec<u8>, expect: Expect) -> Self {
        Self { targets, asked: 0, request, expect, best: Body::NOTHING, verdict: Verdict::Failed }
    }

    /// A miss of one node is worth more than a failure of another: the client may fill the cache again.
    fn take(&mut self, body: Body, verdict: Verdict) -> Next {
        let is_quiet_miss = self.expect == Expect::Quiet && body.len() == 0;
        let verdict = if is_quiet_miss { Verdict::Miss } else { verdict };
        if verdict != Verdict::Failed || self.verdict == Verdict::Failed {
            (self.best, self.verdict) = (body, verdict);
        }
        let is_answered = matches!(verdict, Verdict::Fine | Verdict::Refused);
        if is_answered || self.asked == self.targets.len() { Next::Done } else { Next::Ask }
    }
}

impl Join for Read {
    fn ask(&mut self, asker: &mut dyn Asker) -> Next {
        while let Some(&target) = self.targets.get(self.asked) {
            self.asked += 1;
            match asker.ask(target, 0, &self.request, self.expect) {
                Ok(()) => return Next::Wait,
                Err((body, verdict)) => {
                    self.take(body, verdict);
                }
            }
        }
        Next::Done
    }

    fn part(&mut self, _part: u32, answer: Answer<'_>, length: usize, verdict: Verdict) -> Next {
        self.take(keep(answer, length), verdict)
    }

    fn write(self: Box<Self>, reply: &mut Reply, _is_line_failed: bool) -> bool {
        self.best.write(reply);
        false
    }
}

/// A write of one key.
pub struct Write {
    targets: Vec<Target>,
    request: Vec<u8>,
    expect: Expect,
    /// How the other nodes lose the key once the first has decided; `None` for a write that all of them get.
    forget: Option<(Vec<u8>, Expect)>,
    /// The node that decides, by its place among the targets; only for writes that one node decides.
    decider: usize,
    is_decided: bool,
    waiting: usize,
    /// By place among the targets; of a decided write, only the decider's counts.
    answers: Vec<Option<(Body, Verdict)>>,
}

impl Write {
    /// A write that all nodes get, or, with `forget`, one that the first decides.
    #[must_use]
    pub fn new(targets: Vec<Target>, request: Vec<u8>, expect: Expect, forget: Option<(Vec<u8>, Expect)>) -> Self {
        let answers = targets.iter().map(|_| None).collect();
        Self { targets, request, expect, forget, decider: 0, is_decided: false, waiting: 0, answers }
    }

    fn ask_all(&mut self, asker: &mut dyn Asker) -> Next {
        for (place, target) in self.targets.clone().into_iter().enumerate() {
            match asker.ask(target, place as u32, &self.request, self.expect) {
                Ok(()) => self.waiting += 1,
                Err(failed) => self.answers[place] = Some(failed),
            }
        }
        self.rest()
    }

    fn ask_decider(&mut self, asker: &mut dyn Asker) -> Next {
        while let Some(&target) = self.targets.get(self.decider) {
            match asker.ask(target, self.decider as u32, &self.request, self.expect) {
                Ok(()) => {
                    self.waiting = 1;
                    return Next::Wait;
                }
                Err(failed) => self.answers[self.decider] = Some(failed),
            }
            self.decider += 1;
        }
        Next::Done
    }

    fn ask_others_to_forget(&mut self, asker: &mut dyn Asker) -> Next {
        let Some((request, expect)) = self.forget.take() else { return Next::Done };
        for (place, target) in self.targets.clone().into_iter().enumerate() {
            if place != self.decider && asker.ask(target, place as u32, &request, expect).is_ok() {
                self.waiting += 1;
            }
        }
        self.rest()
    }

    fn decide(&mut self, verdict: Verdict) -> Next {
        match verdict {
            Verdict::Failed if self.decider + 1 < self.targets.len() => {
                self.decider += 1;
                Next::Ask
            }
            Verdict::Fine => {
                self.is_decided = true;
                Next::Ask
            }
            _ => Next::Done,
        }
    }

    fn rest(&self) -> Next {
        if self.waiting == 0 { Next::Done } else { Next::Wait }
    }
}

impl Join for Write {
    fn ask(&mut self, asker: &mut dyn Asker) -> Next {
        match (&self.forget, self.is_decided) {
            (None, _) => self.ask_all(asker),
            (Some(_), false) => self.ask_decider(asker),
            (Some(_), true) => self.ask_others_to_forget(asker),
        }
    }

    fn part(&mut self, part: u32, answer: Answer<'_>, length: usize, verdict: Verdict) -> Next {
        self.waiting -= 1;
        let place = part as usize;
        if self.is_decided && place != self.decider {
            return self.rest();
        }
        self.answers[place] = Some((keep(answer, length), verdict));
        if self.forget.is_some() && !self.is_decided { self.decide(verdict) } else { self.rest() }
    }

    fn write(self: Box<Self>, reply: &mut Reply, _is_line_failed: bool) -> bool {
        let given = || self.answers.iter().flatten();
        let served = given().find(|(_, verdict)| *verdict != Verdict::Failed);
        if let Some((body, _)) = served.or_else(|| given().next()) {
            body.write(reply);
        }
        false
    }
}

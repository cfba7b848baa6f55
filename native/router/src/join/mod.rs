//! Requests that more than one answer belongs to: keys of several nodes, all nodes, replicas.

mod nodes;
mod replicas;
mod statistics;
mod values;

use reactor::Reply;

use crate::answer::{Expect, Verdict};
use crate::body::{Answer, Body};

pub use nodes::AllNodes;
pub use replicas::{Read, Write};
pub use statistics::{Manner, Statistics, put_rows};
pub use values::{Share, Values};

/// What a join needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Other parts.
    Wait,
    /// To ask again (`Join::ask`).
    Ask,
    /// Nothing: it can be written.
    Done,
}

/// A node as one of its pools sees it: indices into the topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whose timeouts and policy hold.
    pub pool: u32,
    /// Who is asked.
    pub node: u32,
}

/// What puts a join's questions to nodes.
pub trait Asker {
    /// Asks a node.
    ///
    /// # Errors
    /// What stands in for the answer of a node that can't be asked.
    fn ask(&mut self, target: Target, part: u32, request: &[u8], expect: Expect) -> Result<(), (Body, Verdict)> {
        self.ask_keys(target, part, 1, request, expect)
    }

    /// Asks a node for so many keys.
    ///
    /// # Errors
    /// What stands in for the answer of a node that can't be asked.
    fn ask_keys(
        &mut self,
        target: Target,
        part: u32,
        keys: usize,
        request: &[u8],
        expect: Expect,
    ) -> Result<(), (Body, Verdict)>;
}

/// One request, several answers.
pub trait Join: Send {
    /// Takes the answer to one part: its first `length` bytes.
    fn part(&mut self, part: u32, answer: Answer<'_>, length: usize, verdict: Verdict) -> Next;

    /// Asks what is to be asked now. `Next::Wait`, or `Next::Done` if nothing could be asked.
    fn ask(&mut self, _asker: &mut dyn Asker) -> Next {
        Next::Done
    }

    /// Writes the joint answer. `is_line_failed`: an earlier part of the same line of keys has failed, and said so; returns
    /// whether that holds for the parts that follow.
    fn write(self: Box<Self>, reply: &mut Reply, is_line_failed: bool) -> bool;

    /// Keys that it is about.
    fn weight(&self) -> usize {
        1
    }

    /// Keys that a part is about.
    fn part_weight(&self, _part: u32) -> usize {
        1
    }
}

/// The last line of an answer: the error, if it is one.
fn last_line(answer: &[u8]) -> &[u8] {
    let inner = answer.strip_suffix(b"\n").unwrap_or(answer);
    memchr::memrchr(b'\n', inner).map_or(answer, |at| &answer[at + 1..])
}

/// Keeps the first bytes of an answer.
fn keep(answer: Answer<'_>, length: usize) -> Body {
    answer.keep().cut(length)
}

/// A join that says nothing: its request was `noreply`.
pub struct Silent(pub Box<dyn Join>);

impl Join for Silent {
    fn part(&mut self, part: u32, answer: Answer<'_>, length: usize, verdict: Verdict) -> Next {
        self.0.part(part, answer, length, verdict)
    }

    fn ask(&mut self, asker: &mut dyn Asker) -> Next {
        self.0.ask(asker)
    }

    fn write(self: Box<Self>, _reply: &mut Reply, _is_line_failed: bool) -> bool {
        false
    }
}

//! `stats` over all nodes: the general ones as of one server (counters summed, the proxy's own view where a sum says nothing),
//! other groups node by node, each line under its node's name.

use reactor::Reply;

use super::{Asker, Join, Next, Target, keep};
use crate::answer::{Expect, Verdict};
use crate::body::{Answer, Body};

/// Statistics that are not a sum: the first node's word holds for all.
const FIRST: &[&str] = &["pointer_size", "hash_power_level", "max_connections"];

/// How the nodes' answers become one.
pub enum Manner {
    /// Summed; these of the proxy's own come first and hide the nodes'.
    Summed(Vec<(String, String)>),
    /// As they are, under each node's name.
    Named,
}

/// One `stats` to all nodes.
pub struct Statistics {
    targets: Vec<Target>,
    names: Vec<String>,
    request: Vec<u8>,
    manner: Manner,
    waiting: usize,
    answers: Vec<Body>,
    complaint: Option<Body>,
}

impl Statistics {
    /// The same question for each node.
    #[must_use]
    pub fn new(targets: Vec<Target>, names: Vec<String>, request: Vec<u8>, manner: Manner) -> Self {
        let answers = targets.iter().map(|_| Body::NOTHING).collect();
        Self { targets, names, request, manner, waiting: 0, answers, complaint: None }
    }

    /// A node that is down is left out of the sum: the others' numbers are still worth having.
    fn take(&mut self, part: u32, body: Body, verdict: Verdict) {
        self.waiting -= 1;
        match verdict {
            Verdict::Fine | Verdict::Miss => self.answers[part as usize] = body,
            Verdict::Refused => self.complaint = Some(body),
            Verdict::Failed => {}
        }
    }

    fn sum(&self, own: &[(String, String)]) -> Vec<(String, String)> {
        let mut sums: Vec<(String, String)> = own.to_vec();
        for (name, value) in self.answers.iter().flat_map(|answer| lines(answer.as_slice())) {
            if own.iter().any(|(known, _)| *known == name) {
                continue;
            }
            match sums.iter_mut().find(|(known, _)| *known == name) {
                None => sums.push((name, value)),
                Some((_, sum)) if !FIRST.contains(&name.as_str()) => *sum = add(sum, &value),
                Some(_) => {}
            }
        }
        sums
    }

    fn named(&self) -> Vec<(String, String)> {
        let of = |(node, answer): (&String, &Body)| {
            let node = node.clone();
            lines(answer.as_slice()).map(|(name, value)| (format!("{node}/{name}"), value)).collect::<Vec<_>>()
        };
        self.names.iter().zip(&self.answers).flat_map(of).collect()
    }
}

impl Join for Statistics {
    fn ask(&mut self, asker: &mut dyn Asker) -> Next {
        self.waiting = self.targets.len();
        for (part, target) in self.targets.clone().into_iter().enumerate() {
            if let Err((body, verdict)) = asker.ask(target, part as u32, &self.request, Expect::Stats) {
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
        if let Some(complaint) = &self.complaint {
            complaint.write(reply);
            return false;
        }
        let rows = match &self.manner {
            Manner::Summed(own) => self.sum(own),
            Manner::Named => self.named(),
        };
        put_rows(&rows, reply);
        false
    }
}

/// Writes statistics as memcached does.
pub fn put_rows(rows: &[(String, String)], reply: &mut Reply) {
    for (name, value) in rows {
        for piece in ["STAT ", name, " ", value, "\r\n"] {
            reply.put(piece.as_bytes());
        }
    }
    reply.put(b"END\r\n");
}

fn lines(answer: &[u8]) -> impl Iterator<Item = (String, String)> + '_ {
    answer.split(|&byte| byte == b'\n').filter_map(|line| {
        let text = String::from_utf8_lossy(line.strip_prefix(b"STAT ")?).trim_end().to_owned();
        let (name, value) = text.split_once(' ').unwrap_or((&text, ""));
        Some((name.to_owned(), value.to_owned()))
    })
}

/// Whole numbers add up, fractions too; anything else stays as it was.
fn add(left: &str, right: &str) -> String {
    if let (Ok(left), Ok(right)) = (left.parse::<u64>(), right.parse::<u64>()) {
        return left.wrapping_add(right).to_string();
    }
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => format!("{:.6}", left + right),
        _ => left.to_owned(),
    }
}

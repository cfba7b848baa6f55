//! Sorted sets: members with scores. A kind of command a file; what they share is how ranges are written and how scores are.

pub(super) mod add;
mod bounds;
pub(super) mod combine;
pub(super) mod pop;
pub(super) mod random;
pub(super) mod range;
pub(super) mod read;
pub(super) mod remove;
mod sources;

use resp::Writer;

use crate::command::flag;
use crate::numbers;

/// Every command is of it.
const CATEGORY: &[&str] = &["sortedset"];
const READ: u32 = flag::READONLY;
const READ_FAST: u32 = flag::READONLY | flag::FAST;
const WRITE: u32 = flag::WRITE;
const WRITE_FAST: u32 = flag::WRITE | flag::FAST;

/// Integers of this size have a digit for each power of ten, as `numbers` writes them.
const PLAIN: f64 = 1e15;

/// A score: a double in RESP3, a string in RESP2.
fn write_score(reply: &mut Writer<'_>, score: f64) {
    let whole = score as i64;
    // Most scores are integers, and these need neither the search for digits nor a buffer.
    if whole as f64 == score && score.abs() < PLAIN && (whole != 0 || score.is_sign_positive()) {
        reply.double_text(itoa::Buffer::new().format(whole).as_bytes());
    } else {
        reply.double_text(&numbers::double_text(score));
    }
}

/// Members, with their scores if wanted: one flat array in RESP2, an array of pairs in RESP3.
fn write_members<'s>(
    reply: &mut Writer<'_>,
    count: usize,
    members: impl Iterator<Item = (&'s [u8], f64)>,
    with_scores: bool,
) {
    let in_pairs = with_scores && reply.version() == resp::Version::Three;
    reply.array(if with_scores && !in_pairs { 2 * count } else { count });
    for (member, score) in members {
        if in_pairs {
            reply.array(2);
        }
        reply.bulk(member);
        if with_scores {
            write_score(reply, score);
        }
    }
}

//! Members go: ZREM and the ZREMRANGE commands.

use dataset::SortedSet;

use super::bounds::{By, Span};
use super::{CATEGORY, WRITE, WRITE_FAST};
use crate::call::Call;
use crate::command::{Command, FIRST};
use crate::events::Class;
use crate::fault::Outcome;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("zrem", -3, WRITE_FAST, FIRST, zrem).of(CATEGORY).about("1.2.0", "Removes members."),
    Command::new("zremrangebyrank", 4, WRITE, FIRST, zremrangebyrank)
        .of(CATEGORY)
        .about("2.0.0", "Removes the members of a range of ranks."),
    Command::new("zremrangebyscore", 4, WRITE, FIRST, zremrangebyscore)
        .of(CATEGORY)
        .about("1.2.0", "Removes the members of a range of scores."),
    Command::new("zremrangebylex", 4, WRITE, FIRST, zremrangebylex)
        .of(CATEGORY)
        .about("2.8.9", "Removes the members between two members."),
];

fn zrem(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    remove(call, words[1], "zrem", |set| words[2..].iter().filter(|member| set.remove(member)).count())
}

fn zremrangebyrank(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    remove_span(call, words, By::Rank, "zremrangebyrank")
}

fn zremrangebyscore(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    remove_span(call, words, By::Score, "zremrangebyscore")
}

fn zremrangebylex(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    remove_span(call, words, By::Member, "zremrangebylex")
}

fn remove_span(call: &mut Call<'_, '_>, words: &[&[u8]], by: By, event: &str) -> Outcome {
    let span = Span::parse(by, words[2], words[3])?;
    remove(call, words[1], event, |set| {
        let ranks = span.ranks(set, false);
        set.remove_ranks(ranks.clone());
        ranks.len()
    })
}

/// Answers how many went.
fn remove(call: &mut Call<'_, '_>, key: &[u8], event: &str, work: impl FnOnce(&mut SortedSet) -> usize) -> Outcome {
    let count = call.change(key, work)?.unwrap_or(0);
    if count > 0 {
        call.modified(key, Class::SortedSet, event);
    }
    call.reply.integer(count as i64);
    Ok(())
}

//! Members by chance: ZRANDMEMBER.

use dataset::SortedSet;

use super::{CATEGORY, READ, write_members};
use crate::call::Call;
use crate::command::{Command, FIRST};
use crate::fault::{Fault, Outcome};
use crate::random;
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[Command::new("zrandmember", -2, READ, FIRST, zrandmember)
    .of(CATEGORY)
    .about("6.2.0", "Members picked at random.")];

/// More members are not answered: a reply of any size could be asked for with one word.
const REPEATS_MAX: u64 = 1 << 24;

fn zrandmember(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let Some((count, with_scores)) = wanted(&words[2..])? else {
        let (set, reply) = call.read::<SortedSet>(words[1])?;
        match set.and_then(|set| set.at(random::below(set.len()))) {
            Some((member, _)) => reply.bulk(member),
            None => reply.null(),
        }
        return Ok(());
    };
    let (set, reply) = call.read::<SortedSet>(words[1])?;
    let Some(set) = set.filter(|_| count != 0) else {
        reply.array(0);
        return Ok(());
    };
    let number = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let at = |rank: usize| set.at(rank).unwrap_or_default();
    if count < 0 {
        let picked = (0..number).map(|_| at(random::below(set.len())));
        write_members(reply, number, picked, with_scores);
    } else if number >= set.len() {
        write_members(reply, set.len(), set.iter(), with_scores);
    } else {
        let picked = random::different(number, set.len());
        write_members(reply, picked.len(), picked.into_iter().map(at), with_scores);
    }
    Ok(())
}

/// How many, and with their scores; `None` is one, not in an array.
fn wanted(options: &[&[u8]]) -> Result<Option<(i64, bool)>, Fault> {
    let [count, rest @ ..] = options else { return Ok(None) };
    let count = words::symmetric(count)?;
    let with_scores = match rest {
        [] => false,
        [option] if words::is(option, "WITHSCORES") => true,
        _ => return Err(Fault::SYNTAX),
    };
    let is_beyond = with_scores && count.unsigned_abs() > i64::MAX as u64 / 2;
    if is_beyond || count < 0 && count.unsigned_abs() > REPEATS_MAX {
        return Err(Fault::of("ERR value is out of range"));
    }
    Ok(Some((count, with_scores)))
}

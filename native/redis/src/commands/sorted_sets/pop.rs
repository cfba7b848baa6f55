//! The members with the lowest or highest scores go: ZPOPMIN, ZPOPMAX, ZMPOP, and those that wait for one.

use dataset::SortedSet;
use resp::Version;

use super::{CATEGORY, WRITE, WRITE_FAST, write_score};
use crate::blocking::AtDeadline;
use crate::call::Call;
use crate::command::{Command, FIRST, Keys, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::timeouts;
use crate::words;

const WAITS: u32 = flag::WRITE | flag::BLOCKING;
const ALL_BUT_LAST: Keys = Keys::Range { first: 1, last: -2, step: 1 };

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("zpopmin", -2, WRITE_FAST, FIRST, zpopmin)
        .of(CATEGORY)
        .about("5.0.0", "Removes and returns the members with the lowest scores."),
    Command::new("zpopmax", -2, WRITE_FAST, FIRST, zpopmax)
        .of(CATEGORY)
        .about("5.0.0", "Removes and returns the members with the highest scores."),
    Command::new("bzpopmin", -3, WAITS | flag::FAST | flag::NOSCRIPT, ALL_BUT_LAST, bzpopmin)
        .of(CATEGORY)
        .about("5.0.0", "ZPOPMIN of the first key that has a member; waits for one."),
    Command::new("bzpopmax", -3, WAITS | flag::FAST | flag::NOSCRIPT, ALL_BUT_LAST, bzpopmax)
        .of(CATEGORY)
        .about("5.0.0", "ZPOPMAX of the first key that has a member; waits for one."),
    Command::new("zmpop", -4, WRITE | flag::MOVABLE_KEYS, Keys::Counted { at: 1, also: 0 }, zmpop)
        .of(CATEGORY)
        .about("7.0.0", "Removes and returns members of the first key that has any."),
    Command::new("bzmpop", -5, WAITS | flag::MOVABLE_KEYS, Keys::Counted { at: 2, also: 0 }, bzmpop)
        .of(CATEGORY)
        .about("7.0.0", "ZMPOP; waits for a member."),
];

/// Which members go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Lowest,
    Highest,
}

impl End {
    fn event(self) -> &'static str {
        if self == Self::Lowest { "zpopmin" } else { "zpopmax" }
    }
}

/// How popped members are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Members and scores in turn.
    Flat,
    /// Each with its score in an array.
    Pairs,
    /// The key, then members and scores in turn, in one array.
    KeyAndFlat,
    /// The key, then an array of pairs.
    KeyAndPairs,
}

fn zpopmin(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    pop_one_key(call, words, End::Lowest)
}

fn zpopmax(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    pop_one_key(call, words, End::Highest)
}

fn bzpopmin(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    pop_or_wait(call, words, End::Lowest)
}

fn bzpopmax(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    pop_or_wait(call, words, End::Highest)
}

fn pop_one_key(call: &mut Call<'_, '_>, words: &[&[u8]], end: End) -> Outcome {
    let (count, in_pairs) = match words[2..] {
        [] => (1, false),
        [count] => (words::positive(count)?, true),
        _ => return Err(Fault::SYNTAX),
    };
    let in_pairs = in_pairs && call.reply.version() == Version::Three;
    if !pop(call, words[1], end, count, if in_pairs { Shape::Pairs } else { Shape::Flat })? {
        call.reply.array(0);
    }
    Ok(())
}

fn pop_or_wait(call: &mut Call<'_, '_>, words: &[&[u8]], end: End) -> Outcome {
    let (keys, timeout) = (&words[1..words.len() - 1], words[words.len() - 1]);
    let timeout = timeouts::seconds(timeout, call.now)?;
    if !pop_first(call, keys, end, 1, Shape::KeyAndFlat)? {
        call.wait_for(keys, timeout, AtDeadline::NullArray);
    }
    Ok(())
}

fn zmpop(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (keys, end, count) = several(&words[1..])?;
    if !pop_first(call, keys, end, count, Shape::KeyAndPairs)? {
        call.reply.null_array();
    }
    Ok(())
}

fn bzmpop(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let timeout = timeouts::seconds(words[1], call.now)?;
    let (keys, end, count) = several(&words[2..])?;
    if !pop_first(call, keys, end, count, Shape::KeyAndPairs)? {
        call.wait_for(keys, timeout, AtDeadline::NullArray);
    }
    Ok(())
}

/// A count of keys, the keys, an end, and how many members.
fn several<'a, 'w>(words: &'a [&'w [u8]]) -> Result<(&'a [&'w [u8]], End, usize), Fault> {
    let number = words::at_least(1, words[0], Fault::of("ERR numkeys should be greater than 0"))?;
    let (keys, rest) = words[1..].split_at_checked(number).ok_or(Fault::SYNTAX)?;
    let (end, options) = match rest {
        [end, options @ ..] if words::is(end, "MIN") => (End::Lowest, options),
        [end, options @ ..] if words::is(end, "MAX") => (End::Highest, options),
        _ => return Err(Fault::SYNTAX),
    };
    let count = match options {
        [] => 1,
        [option, count, rest @ ..] if words::is(option, "COUNT") => {
            let count = words::at_least(1, count, Fault::of("ERR count should be greater than 0"))?;
            if rest.is_empty() { count } else { return Err(Fault::SYNTAX) }
        }
        _ => return Err(Fault::SYNTAX),
    };
    Ok((keys, end, count))
}

/// Pops from the first of the keys that is there; false when none is.
fn pop_first(call: &mut Call<'_, '_>, keys: &[&[u8]], end: End, count: usize, shape: Shape) -> Result<bool, Fault> {
    for key in keys {
        if pop(call, key, end, count, shape)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Pops members and answers them; false, with nothing answered, when the key is not there.
fn pop(call: &mut Call<'_, '_>, key: &[u8], end: End, count: usize, shape: Shape) -> Result<bool, Fault> {
    let (set, reply) = call.read::<SortedSet>(key)?;
    let Some(set) = set else { return Ok(false) };
    if count == 0 {
        reply.array(0);
        return Ok(true);
    }
    let count = count.min(set.len());
    match shape {
        Shape::Flat => reply.array(2 * count),
        Shape::Pairs => reply.array(count),
        Shape::KeyAndFlat => reply.array(1 + 2 * count),
        Shape::KeyAndPairs => reply.array(2),
    }
    if matches!(shape, Shape::KeyAndFlat | Shape::KeyAndPairs) {
        reply.bulk(key);
    }
    if shape == Shape::KeyAndPairs {
        reply.array(count);
    }
    let mut answer = |(member, score): (&[u8], f64)| {
        if matches!(shape, Shape::Pairs | Shape::KeyAndPairs) {
            reply.array(2);
        }
        reply.bulk(member);
        write_score(reply, score);
    };
    let ranks = match end {
        End::Lowest => 0..count,
        End::Highest => set.len() - count..set.len(),
    };
    match end {
        End::Lowest => set.ascending(ranks.clone()).for_each(&mut answer),
        End::Highest => set.descending(ranks.clone()).for_each(&mut answer),
    }
    call.change::<SortedSet, _>(key, |set| set.remove_ranks(ranks))?;
    call.modified(key, Class::SortedSet, end.event());
    let name: &[u8] = if end == End::Lowest { b"ZPOPMIN" } else { b"ZPOPMAX" };
    call.say(&[name, key, itoa::Buffer::new().format(count).as_bytes()]);
    Ok(true)
}

//! Members of a range: ZRANGE in all its forms, its older names, and ZRANGESTORE.

use std::ops::Range;

use dataset::{SortedSet, Value};

use super::bounds::{By, Span};
use super::{CATEGORY, READ, WRITE, write_members};
use crate::call::Call;
use crate::command::{Command, FIRST, Keys, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("zrange", -4, READ, FIRST, zrange).of(CATEGORY).about("1.2.0", "The members of a range."),
    Command::new("zrevrange", -4, READ, FIRST, zrevrange)
        .of(CATEGORY)
        .about("1.2.0", "The members of a range of ranks, from the highest score."),
    Command::new("zrangebyscore", -4, READ, FIRST, zrangebyscore)
        .of(CATEGORY)
        .about("1.0.5", "The members of a range of scores."),
    Command::new("zrevrangebyscore", -4, READ, FIRST, zrevrangebyscore)
        .of(CATEGORY)
        .about("2.2.0", "The members of a range of scores, from the highest."),
    Command::new("zrangebylex", -4, READ, FIRST, zrangebylex)
        .of(CATEGORY)
        .about("2.8.9", "The members between two members."),
    Command::new("zrevrangebylex", -4, READ, FIRST, zrevrangebylex)
        .of(CATEGORY)
        .about("2.8.9", "The members between two members, from the highest."),
    Command::new("zrangestore", -5, WRITE | flag::DENYOOM, Keys::Range { first: 1, last: 2, step: 1 }, zrangestore)
        .of(CATEGORY)
        .about("6.2.0", "Stores the members of a range under another key."),
];

/// What is asked for.
#[derive(Debug)]
struct Selection<'w> {
    span: Span<'w>,
    is_reverse: bool,
    offset: i64,
    /// Negative: all.
    limit: i64,
    with_scores: bool,
}

/// What a command's name decides already.
#[derive(Clone, Copy, Debug, Default)]
struct Preset {
    by: Option<By>,
    is_reverse: Option<bool>,
    is_store: bool,
}

const FORWARD: Option<bool> = Some(false);
const REVERSE: Option<bool> = Some(true);

fn zrange(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    show(call, words, Preset::default())
}

fn zrevrange(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    show(call, words, Preset { by: Some(By::Rank), is_reverse: REVERSE, is_store: false })
}

fn zrangebyscore(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    show(call, words, Preset { by: Some(By::Score), is_reverse: FORWARD, is_store: false })
}

fn zrevrangebyscore(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    show(call, words, Preset { by: Some(By::Score), is_reverse: REVERSE, is_store: false })
}

fn zrangebylex(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    show(call, words, Preset { by: Some(By::Member), is_reverse: FORWARD, is_store: false })
}

fn zrevrangebylex(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    show(call, words, Preset { by: Some(By::Member), is_reverse: REVERSE, is_store: false })
}

impl<'w> Selection<'w> {
    /// Two ends and the options behind them.
    fn parse(words: &[&'w [u8]], preset: Preset) -> Result<Self, Fault> {
        let Preset { mut by, mut is_reverse, is_store } = preset;
        let (mut offset, mut limit, mut with_scores) = (0, -1, false);
        let mut rest = &words[2..];
        while let [option, after @ ..] = rest {
            rest = after;
            match option.to_ascii_uppercase().as_slice() {
                b"WITHSCORES" if !is_store => with_scores = true,
                b"LIMIT" if after.len() >= 2 => {
                    (offset, limit) = (words::integer(after[0])?, words::integer(after[1])?);
                    rest = &after[2..];
                }
                b"REV" if is_reverse.is_none() => is_reverse = REVERSE,
                b"BYLEX" if by.is_none() => by = Some(By::Member),
                b"BYSCORE" if by.is_none() => by = Some(By::Score),
                _ => return Err(Fault::SYNTAX),
            }
        }
        let (by, is_reverse) = (by.unwrap_or(By::Rank), is_reverse.unwrap_or(false));
        if limit != -1 && by == By::Rank {
            return Err(Fault::of(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if with_scores && by == By::Member {
            return Err(Fault::of("ERR syntax error, WITHSCORES not supported in combination with BYLEX"));
        }
        let is_swapped = is_reverse && by != By::Rank;
        let (from, to) = if is_swapped { (words[1], words[0]) } else { (words[0], words[1]) };
        Ok(Self { span: Span::parse(by, from, to)?, is_reverse, offset, limit, with_scores })
    }

    fn ranks(&self, set: &SortedSet) -> Range<usize> {
        let Range { start, end } = self.span.ranks(set, self.is_reverse);
        if matches!(self.span, Span::Ranks(..)) {
            return start..end;
        }
        // A negative offset passes everything.
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX).min(end - start);
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX).min(end - start - offset);
        if self.is_reverse { end - offset - limit..end - offset } else { start + offset..start + offset + limit }
    }
}

fn show(call: &mut Call<'_, '_>, words: &[&[u8]], preset: Preset) -> Outcome {
    let selection = Selection::parse(&words[2..], preset)?;
    let (set, reply) = call.read::<SortedSet>(words[1])?;
    let Some(set) = set else {
        reply.array(0);
        return Ok(());
    };
    let ranks = selection.ranks(set);
    if selection.is_reverse {
        write_members(reply, ranks.len(), set.descending(ranks), selection.with_scores);
    } else {
        write_members(reply, ranks.len(), set.ascending(ranks), selection.with_scores);
    }
    Ok(())
}

fn zrangestore(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let selection = Selection::parse(&words[3..], Preset { is_store: true, ..Preset::default() })?;
    let (set, _) = call.read::<SortedSet>(words[2])?;
    let mut result = SortedSet::default();
    if let Some(set) = set {
        set.ascending(selection.ranks(set)).for_each(|(member, score)| _ = result.insert(member, score));
    }
    store(call, words[1], result, "zrangestore");
    Ok(())
}

/// Puts a result in place of what a key held; an empty one removes the key. Answers how many members it has.
pub(in crate::commands) fn store(call: &mut Call<'_, '_>, key: &[u8], result: SortedSet, event: &str) {
    call.reply.integer(result.len() as i64);
    if result.is_empty() {
        call.remove(key);
    } else {
        call.set(key, Value::SortedSet(Box::new(result)));
        call.modified(key, Class::SortedSet, event);
    }
}

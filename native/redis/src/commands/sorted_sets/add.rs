//! Members come and get other scores: ZADD, ZINCRBY.

use dataset::SortedSet;
use smallvec::SmallVec;

use super::{CATEGORY, WRITE_FAST, write_score};
use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::numbers;
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("zadd", -4, WRITE_FAST | flag::DENYOOM, FIRST, zadd)
        .of(CATEGORY)
        .about("1.2.0", "Adds members or changes their scores."),
    Command::new("zincrby", 4, WRITE_FAST | flag::DENYOOM, FIRST, zincrby)
        .of(CATEGORY)
        .about("1.2.0", "Adds to the score of a member."),
];

/// When a score is taken, and what is answered.
#[derive(Clone, Copy, Debug, Default)]
struct Terms {
    only_new: bool,
    only_old: bool,
    only_greater: bool,
    only_less: bool,
    count_changes: bool,
    is_increment: bool,
}

/// What became of one member.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Added(f64),
    Changed(f64),
    Same(f64),
    Refused,
    NotANumber,
}

pub(crate) fn zadd(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    add(call, words, Terms::default())
}

fn zincrby(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    add(call, words, Terms { is_increment: true, ..Terms::default() })
}

impl Terms {
    /// Reads the options; returns the scores and members behind them.
    fn parse<'a, 'w>(&mut self, words: &'a [&'w [u8]]) -> Result<&'a [&'w [u8]], Fault> {
        let mut rest = &words[2..];
        while let [option, after @ ..] = rest {
            let named = [
                ("NX", &mut self.only_new),
                ("XX", &mut self.only_old),
                ("GT", &mut self.only_greater),
                ("LT", &mut self.only_less),
                ("CH", &mut self.count_changes),
                ("INCR", &mut self.is_increment),
            ];
            let Some((_, chosen)) = named.into_iter().find(|(name, _)| words::is(option, name)) else { break };
            *chosen = true;
            rest = after;
        }
        if rest.is_empty() || !rest.len().is_multiple_of(2) {
            return Err(Fault::SYNTAX);
        }
        if self.only_new && self.only_old {
            return Err(Fault::of("ERR XX and NX options at the same time are not compatible"));
        }
        if [self.only_greater, self.only_less, self.only_new].into_iter().filter(|is_set| *is_set).count() > 1 {
            return Err(Fault::of("ERR GT, LT, and/or NX options at the same time are not compatible"));
        }
        if self.is_increment && rest.len() > 2 {
            return Err(Fault::of("ERR INCR option supports a single increment-element pair"));
        }
        Ok(rest)
    }

    fn apply(self, set: &mut SortedSet, member: &[u8], score: f64) -> Fate {
        // Nothing to ask first: one look-up is enough.
        if !(self.only_new || self.only_old || self.only_greater || self.only_less || self.is_increment) {
            return match set.insert(member, score) {
                None => Fate::Added(score),
                Some(former) if former == score => Fate::Same(score),
                Some(_) => Fate::Changed(score),
            };
        }
        let Some(former) = set.score(member) else {
            if self.only_old {
                return Fate::Refused;
            }
            set.insert(member, score);
            return Fate::Added(score);
        };
        if self.only_new {
            return Fate::Refused;
        }
        let score = if self.is_increment { former + score } else { score };
        if score.is_nan() {
            return Fate::NotANumber;
        }
        if self.only_greater && score <= former || self.only_less && score >= former {
            return Fate::Refused;
        }
        if score == former {
            return Fate::Same(score);
        }
        set.insert(member, score);
        Fate::Changed(score)
    }
}

fn add(call: &mut Call<'_, '_>, words: &[&[u8]], mut terms: Terms) -> Outcome {
    let key = words[1];
    let pairs = terms.parse(words)?;
    let scores: SmallVec<[f64; 8]> =
        pairs.iter().step_by(2).map(|word| numbers::float(word)).collect::<Result<_, _>>()?;
    let members = pairs.iter().skip(1).step_by(2);
    let (mut added, mut changed, mut last) = (0, 0, Fate::Refused);
    let work = |set: &mut SortedSet| {
        for (member, score) in members.zip(scores) {
            last = terms.apply(set, member, score);
            added += usize::from(matches!(last, Fate::Added(_)));
            changed += usize::from(matches!(last, Fate::Changed(_)));
        }
    };
    if terms.only_old {
        call.change(key, work)?;
    } else {
        call.change_or_make(key, work)?;
    }
    if added + changed > 0 {
        call.modified(key, Class::SortedSet, if terms.is_increment { "zincr" } else { "zadd" });
    }
    match last {
        Fate::NotANumber => return Err(Fault::of("ERR resulting score is not a number (NaN)")),
        _ if !terms.is_increment => {
            call.reply.integer((if terms.count_changes { added + changed } else { added }) as i64);
        }
        Fate::Refused => call.reply.null(),
        Fate::Added(score) | Fate::Changed(score) | Fate::Same(score) => write_score(&mut call.reply, score),
    }
    Ok(())
}

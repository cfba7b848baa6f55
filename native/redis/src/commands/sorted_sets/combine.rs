//! Several sorted sets make one: ZUNION, ZINTER, ZDIFF, stored or shown, and ZINTERCARD.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use dataset::SortedSet;
use resp::Writer;

use super::range::store;
use super::sources::Source;
use super::{CATEGORY, READ, WRITE, write_members};
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::numbers;
use crate::words;

const STORES: u32 = WRITE | flag::DENYOOM | flag::MOVABLE_KEYS;
const SHOWS: u32 = READ | flag::MOVABLE_KEYS;
const AFTER_COUNT: Keys = Keys::Counted { at: 1, also: 0 };
const AFTER_TARGET: Keys = Keys::Counted { at: 2, also: 1 };

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("zunionstore", -4, STORES, AFTER_TARGET, zunionstore)
        .of(CATEGORY)
        .about("2.0.0", "Stores the members of any of the sets."),
    Command::new("zinterstore", -4, STORES, AFTER_TARGET, zinterstore)
        .of(CATEGORY)
        .about("2.0.0", "Stores the members of all the sets."),
    Command::new("zdiffstore", -4, STORES, AFTER_TARGET, zdiffstore)
        .of(CATEGORY)
        .about("6.2.0", "Stores the members of the first set that are in no other."),
    Command::new("zunion", -3, SHOWS, AFTER_COUNT, zunion)
        .of(CATEGORY)
        .about("6.2.0", "The members of any of the sets."),
    Command::new("zinter", -3, SHOWS, AFTER_COUNT, zinter).of(CATEGORY).about("6.2.0", "The members of all the sets."),
    Command::new("zdiff", -3, SHOWS, AFTER_COUNT, zdiff)
        .of(CATEGORY)
        .about("6.2.0", "The members of the first set that are in no other."),
    Command::new("zintercard", -3, SHOWS, AFTER_COUNT, zintercard)
        .of(CATEGORY)
        .about("7.0.0", "How many members are in all the sets."),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

/// What becomes of two scores of one member.
#[derive(Clone, Copy, Debug)]
enum Aggregate {
    Sum,
    Least,
    Greatest,
}

/// Where the result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Show,
    Store,
    Count,
}

/// What is behind the keys.
#[derive(Debug)]
struct Options {
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
    /// 0: none.
    limit: usize,
}

/// What is combined, how, and where the answer goes.
type Prepared<'c, 'b> = (Vec<Source<'c>>, Options, &'c mut Writer<'b>);
type Scored<'s> = Vec<(Cow<'s, [u8]>, f64)>;

fn zunionstore(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    combine_and_store(call, words, Operation::Union, "zunionstore")
}

fn zinterstore(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    combine_and_store(call, words, Operation::Intersection, "zinterstore")
}

fn zdiffstore(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    combine_and_store(call, words, Operation::Difference, "zdiffstore")
}

fn zunion(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    combine_and_show(call, words, Operation::Union, "zunion")
}

fn zinter(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    combine_and_show(call, words, Operation::Intersection, "zinter")
}

fn zdiff(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    combine_and_show(call, words, Operation::Difference, "zdiff")
}

fn zintercard(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (sources, options, reply) = prepare(call, &words[1..], Operation::Intersection, Purpose::Count, "zintercard")?;
    reply.integer(intersection(sources, &options).len() as i64);
    Ok(())
}

fn combine_and_store(call: &mut Call<'_, '_>, words: &[&[u8]], operation: Operation, name: &str) -> Outcome {
    let (sources, options, _) = prepare(call, &words[2..], operation, Purpose::Store, name)?;
    let members = combined(sources, operation, &options);
    let longest = members.iter().map(|(member, _)| member.len()).max().unwrap_or(0);
    let mut result = SortedSet::expecting(members.len(), longest);
    members.iter().for_each(|(member, score)| _ = result.insert(member, *score));
    store(call, words[1], result, name);
    Ok(())
}

fn combine_and_show(call: &mut Call<'_, '_>, words: &[&[u8]], operation: Operation, name: &str) -> Outcome {
    let (sources, options, reply) = prepare(call, &words[1..], operation, Purpose::Show, name)?;
    let result = combined(sources, operation, &options);
    let members = result.iter().map(|(member, score)| (&**member, *score));
    write_members(reply, result.len(), members, options.with_scores);
    Ok(())
}

/// Reads a count of keys, the keys' values, and the options.
fn prepare<'c, 'b>(
    call: &'c mut Call<'b, '_>,
    words: &[&[u8]],
    operation: Operation,
    purpose: Purpose,
    name: &str,
) -> Result<Prepared<'c, 'b>, Fault> {
    let number = words::integer(words[0])?;
    if number < 1 {
        return Err(Fault::made(format!("ERR at least 1 input key is needed for '{name}' command")));
    }
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    let (keys, rest) = words[1..].split_at_checked(number).ok_or(Fault::SYNTAX)?;
    let (database, now) = (call.session.database, call.now);
    keys.iter().for_each(|key| _ = call.view(key));
    let Call { data, reply, .. } = call;
    let data = &**data;
    let look = |key: &&[u8]| {
        let (database, hash) = data.at(database, key);
        Source::of(database.get(hash, key, now))
    };
    let mut sources: Vec<Source<'_>> = keys.iter().map(look).collect::<Result<_, _>>()?;
    let options = Options::parse(rest, number, operation, purpose)?;
    options.weights.iter().zip(&mut sources).for_each(|(weight, source)| source.weight = *weight);
    Ok((sources, options, reply))
}

impl Options {
    fn parse(mut rest: &[&[u8]], keys: usize, operation: Operation, purpose: Purpose) -> Result<Self, Fault> {
        let mut options = Self { weights: Vec::new(), aggregate: Aggregate::Sum, with_scores: false, limit: 0 };
        let may_weigh = operation != Operation::Difference && purpose != Purpose::Count;
        while let [option, after @ ..] = rest {
            let taken = if may_weigh && after.len() >= keys && words::is(option, "WEIGHTS") {
                let weight = |word: &&[u8]| numbers::double(word).ok_or(Fault::of("ERR weight value is not a float"));
                options.weights = after[..keys].iter().map(weight).collect::<Result<_, _>>()?;
                keys
            } else if may_weigh && !after.is_empty() && words::is(option, "AGGREGATE") {
                options.aggregate = match after[0] {
                    word if words::is(word, "SUM") => Aggregate::Sum,
                    word if words::is(word, "MIN") => Aggregate::Least,
                    word if words::is(word, "MAX") => Aggregate::Greatest,
                    _ => return Err(Fault::SYNTAX),
                };
                1
            } else if purpose == Purpose::Show && words::is(option, "WITHSCORES") {
                options.with_scores = true;
                0
            } else if purpose == Purpose::Count && !after.is_empty() && words::is(option, "LIMIT") {
                let limit = words::canonical(after[0]).and_then(|limit| usize::try_from(limit).ok());
                options.limit = limit.ok_or(Fault::of("ERR LIMIT can't be negative"))?;
                1
            } else {
                return Err(Fault::SYNTAX);
            };
            rest = &after[taken..];
        }
        Ok(options)
    }
}

impl Aggregate {
    fn of(self, one: f64, other: f64) -> f64 {
        match self {
            // Opposite infinities make no number: 0 instead.
            Self::Sum if (one + other).is_nan() => 0.0,
            Self::Sum => one + other,
            Self::Least => {
                if other < one {
                    other
                } else {
                    one
                }
            }
            Self::Greatest => {
                if other > one {
                    other
                } else {
                    one
                }
            }
        }
    }
}

/// The result, in its order.
fn combined<'s>(mut sources: Vec<Source<'s>>, operation: Operation, options: &Options) -> Scored<'s> {
    let mut result = match operation {
        Operation::Union => {
            sources.sort_by_key(Source::len);
            union(&sources, options.aggregate)
        }
        Operation::Intersection => intersection(sources, options),
        Operation::Difference => difference(&sources),
    };
    result.sort_unstable_by(|one, other| {
        one.1.partial_cmp(&other.1).unwrap_or(Ordering::Equal).then_with(|| one.0.cmp(&other.0))
    });
    result
}

/// The order in which scores are added up is Redis's: the smallest set first.
fn union<'s>(sources: &[Source<'s>], aggregate: Aggregate) -> Scored<'s> {
    let mut scores: HashMap<Cow<'s, [u8]>, f64> = HashMap::new();
    for source in sources {
        for (member, score) in source.iter() {
            let score = source.weighted(score);
            match scores.entry(member) {
                Entry::Vacant(entry) => _ = entry.insert(score),
                Entry::Occupied(mut entry) => *entry.get_mut() = aggregate.of(*entry.get(), score),
            }
        }
    }
    scores.into_iter().collect()
}

fn intersection<'s>(mut sources: Vec<Source<'s>>, options: &Options) -> Scored<'s> {
    sources.sort_by_key(Source::len);
    let Some((first, others)) = sources.split_first() else { return Vec::new() };
    let in_all = |(member, score): (Cow<'s, [u8]>, f64)| {
        let mut total = first.weighted(score);
        for other in others {
            let its = if other.is(first) { score } else { other.score(&member)? };
            total = options.aggregate.of(total, its * other.weight);
        }
        Some((member, total))
    };
    let limit = if options.limit == 0 { usize::MAX } else { options.limit };
    first.iter().filter_map(in_all).take(limit).collect()
}

fn difference<'s>(sources: &[Source<'s>]) -> Scored<'s> {
    let Some((first, others)) = sources.split_first() else { return Vec::new() };
    first.iter().filter(|(member, _)| others.iter().all(|other| other.score(member).is_none())).collect()
}

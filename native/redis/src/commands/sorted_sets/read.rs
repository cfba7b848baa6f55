//! What is asked about members and counts: ZSCORE, ZMSCORE, ZCARD, ZRANK, ZCOUNT, ZSCAN and their kin.

use dataset::SortedSet;

use super::bounds::{By, Span};
use super::{CATEGORY, READ, READ_FAST, write_score};
use crate::call::Call;
use crate::command::{Command, FIRST};
use crate::fault::{Fault, Outcome};
use crate::scans;
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("zscore", 3, READ_FAST, FIRST, zscore).of(CATEGORY).about("1.2.0", "The score of a member."),
    Command::new("zmscore", -3, READ_FAST, FIRST, zmscore).of(CATEGORY).about("6.2.0", "The scores of members."),
    Command::new("zcard", 2, READ_FAST, FIRST, zcard).of(CATEGORY).about("1.2.0", "How many members there are."),
    Command::new("zcount", 4, READ_FAST, FIRST, zcount)
        .of(CATEGORY)
        .about("2.0.0", "How many members have scores in a range."),
    Command::new("zlexcount", 4, READ_FAST, FIRST, zlexcount)
        .of(CATEGORY)
        .about("2.8.9", "How many members lie in a range of members."),
    Command::new("zrank", -3, READ_FAST, FIRST, zrank)
        .of(CATEGORY)
        .about("2.0.0", "The rank of a member, from the lowest score."),
    Command::new("zrevrank", -3, READ_FAST, FIRST, zrevrank)
        .of(CATEGORY)
        .about("2.0.0", "The rank of a member, from the highest score."),
    Command::new("zscan", -3, READ, FIRST, zscan).of(CATEGORY).about("2.8.0", "Walks over members with a cursor."),
];

fn zscore(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (set, reply) = call.read::<SortedSet>(words[1])?;
    match set.and_then(|set| set.score(words[2])) {
        Some(score) => write_score(reply, score),
        None => reply.null(),
    }
    Ok(())
}

fn zmscore(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (set, reply) = call.read::<SortedSet>(words[1])?;
    reply.array(words.len() - 2);
    for member in &words[2..] {
        match set.and_then(|set| set.score(member)) {
            Some(score) => write_score(reply, score),
            None => reply.null(),
        }
    }
    Ok(())
}

fn zcard(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (set, reply) = call.read::<SortedSet>(words[1])?;
    reply.integer(set.map_or(0, SortedSet::len) as i64);
    Ok(())
}

fn zcount(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    count(call, words, By::Score)
}

fn zlexcount(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    count(call, words, By::Member)
}

fn count(call: &mut Call<'_, '_>, words: &[&[u8]], by: By) -> Outcome {
    let span = Span::parse(by, words[2], words[3])?;
    let (set, reply) = call.read::<SortedSet>(words[1])?;
    reply.integer(set.map_or(0, |set| span.ranks(set, false).len()) as i64);
    Ok(())
}

fn zrank(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    rank(call, words, false)
}

fn zrevrank(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    rank(call, words, true)
}

fn rank(call: &mut Call<'_, '_>, words: &[&[u8]], is_reverse: bool) -> Outcome {
    let with_score = match words[3..] {
        [] => false,
        [option] if words::is(option, "WITHSCORE") => true,
        [_] => return Err(Fault::SYNTAX),
        _ => return Err(Fault::arity(if is_reverse { "zrevrank" } else { "zrank" })),
    };
    let (set, reply) = call.read::<SortedSet>(words[1])?;
    match set.and_then(|set| Some((set.len(), set.find(words[2])?))) {
        None if with_score => reply.null_array(),
        None => reply.null(),
        Some((count, (rank, score))) => {
            if with_score {
                reply.array(2);
            }
            reply.integer((if is_reverse { count - 1 - rank } else { rank }) as i64);
            if with_score {
                write_score(reply, score);
            }
        }
    }
    Ok(())
}

fn zscan(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let cursor = scans::cursor(words[2])?;
    let (set, reply) = call.read::<SortedSet>(words[1])?;
    let Some(set) = set else {
        scans::reply_head(reply, 0, 0);
        return Ok(());
    };
    let step = scans::Step::parse(cursor, &words[3..], |_| Err(Fault::SYNTAX))?;
    let mut met = Vec::new();
    let next = set.scan(step.cursor, step.count, |member, score| {
        if step.wants(member) {
            met.push((member, score));
        }
    });
    scans::reply_head(reply, next, 2 * met.len());
    for (member, score) in met {
        reply.bulk(member);
        // A string in RESP3 too.
        reply.bulk(&crate::numbers::double_text(score));
    }
    Ok(())
}

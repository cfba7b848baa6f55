//! What keys there are: KEYS, SCAN, RANDOMKEY, DBSIZE.

use dataset::{Item, SHARDS};

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::{glob, random, scans, words};

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("keys", 2, flag::READONLY, Keys::All, keys)
        .of(&["keyspace", "dangerous"])
        .about("1.0.0", "All keys that match a pattern."),
    Command::new("scan", -2, flag::READONLY, Keys::All, scan)
        .of(&["keyspace"])
        .about("2.8.0", "The next keys of a walk over all of them."),
    Command::new("randomkey", 1, flag::READONLY, Keys::All, randomkey).of(&["keyspace"]).about("1.0.0", "Any key."),
    Command::new("dbsize", 1, flag::READONLY | flag::FAST, Keys::All, dbsize)
        .of(&["keyspace"])
        .about("1.0.0", "How many keys there are."),
];

fn keys(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (pattern, now) = (words[1], call.now);
    let is_meant = |item: &&Item| !item.is_expired(now) && glob::matches(pattern, item.key());
    let items = || call.data.parts(call.session.database).flat_map(|(_, part)| part.items()).filter(is_meant);
    let found: Vec<&Item> = items().collect();
    call.reply.array(found.len());
    found.iter().for_each(|item| call.reply.bulk(item.key()));
    Ok(())
}

fn dbsize(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let count: usize = call.data.parts(call.session.database).map(|(_, part)| part.len()).sum();
    call.reply.integer(count as i64);
    Ok(())
}

/// Picks of a random key that may be found expired before none is returned.
const PICKS_MAX: usize = 100;

fn randomkey(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let database = call.session.database;
    let count: usize = call.data.parts(database).map(|(_, part)| part.len()).sum();
    let pick = || {
        let mut left = random::below(count.max(1));
        let mut parts = call.data.parts(database).map(|(_, part)| part);
        let part = parts.find(|part| {
            let is_here = left < part.len();
            left -= if is_here { 0 } else { part.len() };
            is_here
        });
        part?.random(random::number)
    };
    let live = (0..PICKS_MAX).find_map(|_| pick().filter(|item| !item.is_expired(call.now)));
    match live {
        Some(item) => call.reply.bulk(item.key()),
        None => call.reply.null(),
    }
    Ok(())
}

/// Bits of a cursor that say where a shard's walk is; those above say which shard.
const WALK_BITS: u32 = 32;

fn scan(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let mut kind = None;
    let step = scans::Step::parse(scans::cursor(words[1])?, &words[2..], |rest| match rest {
        [option, value, ..] if words::is(option, "type") => {
            kind = Some(value.to_ascii_lowercase());
            Ok(2)
        }
        _ => Err(Fault::SYNTAX),
    })?;
    let is_kind = |item: &Item| kind.as_ref().is_none_or(|kind| item.view().kind().name().as_bytes() == kind);
    let (now, mut found, mut met) = (call.now, Vec::new(), 0);
    let mut next = step.cursor;
    for (shard, part) in call.data.parts(call.session.database).skip((next >> WALK_BITS) as usize) {
        if met >= step.count {
            break;
        }
        let from = if shard as u64 == next >> WALK_BITS { next & ((1 << WALK_BITS) - 1) } else { 0 };
        let rest = part.scan(from, step.count - met, |item| {
            met += 1;
            if !item.is_expired(now) && step.wants(item.key()) && is_kind(item) {
                found.push(item);
            }
        });
        next = if rest == 0 { (shard as u64 + 1) << WALK_BITS } else { (shard as u64) << WALK_BITS | rest };
    }
    let next = if next >> WALK_BITS >= SHARDS as u64 { 0 } else { next };
    scans::reply_head(&mut call.reply, next, found.len());
    found.iter().for_each(|item| call.reply.bulk(item.key()));
    Ok(())
}

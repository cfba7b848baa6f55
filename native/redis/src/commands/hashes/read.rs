//! Reading a hash: HGET, HMGET, HGETALL, HKEYS, HVALS, HLEN, HEXISTS, HSTRLEN, HSCAN.

use dataset::Hash;

use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::fault::{Fault, Outcome};
use crate::scans;

const FAST: u32 = flag::READONLY | flag::FAST;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("hget", 3, FAST, FIRST, hget).of(&["hash"]).about("2.0.0", "The value of a hash's field."),
    Command::new("hmget", -3, FAST, FIRST, hmget).of(&["hash"]).about("2.0.0", "The values of some fields of a hash."),
    Command::new("hgetall", 2, flag::READONLY, FIRST, hgetall)
        .of(&["hash"])
        .about("2.0.0", "All fields of a hash with their values."),
    Command::new("hkeys", 2, flag::READONLY, FIRST, hkeys).of(&["hash"]).about("2.0.0", "All fields of a hash."),
    Command::new("hvals", 2, flag::READONLY, FIRST, hvals).of(&["hash"]).about("2.0.0", "All values of a hash."),
    Command::new("hlen", 2, FAST, FIRST, hlen).of(&["hash"]).about("2.0.0", "How many fields a hash has."),
    Command::new("hexists", 3, FAST, FIRST, hexists).of(&["hash"]).about("2.0.0", "Whether a hash has a field."),
    Command::new("hstrlen", 3, FAST, FIRST, hstrlen)
        .of(&["hash"])
        .about("3.2.0", "The length of the value of a hash's field."),
    Command::new("hscan", -3, flag::READONLY, FIRST, hscan)
        .of(&["hash"])
        .about("2.8.0", "The next fields and values of a walk over a hash."),
];

fn hget(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (hash, reply) = call.read::<Hash>(words[1])?;
    reply.bulk_or_null(hash.and_then(|hash| hash.get(words[2])));
    Ok(())
}

fn hmget(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (hash, reply) = call.read::<Hash>(words[1])?;
    reply.array(words.len() - 2);
    words[2..].iter().for_each(|field| reply.bulk_or_null(hash.and_then(|hash| hash.get(field))));
    Ok(())
}

fn hgetall(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (hash, reply) = call.read::<Hash>(words[1])?;
    reply.map(hash.map_or(0, Hash::len));
    if let Some(hash) = hash {
        hash.each(|field, value| {
            reply.bulk(field);
            reply.bulk(value);
        });
    }
    Ok(())
}

fn hkeys(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (hash, reply) = call.read::<Hash>(words[1])?;
    reply.array(hash.map_or(0, Hash::len));
    if let Some(hash) = hash {
        hash.each(|field, _| reply.bulk(field));
    }
    Ok(())
}

fn hvals(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (hash, reply) = call.read::<Hash>(words[1])?;
    reply.array(hash.map_or(0, Hash::len));
    if let Some(hash) = hash {
        hash.each(|_, value| reply.bulk(value));
    }
    Ok(())
}

fn hlen(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (hash, reply) = call.read::<Hash>(words[1])?;
    reply.integer(hash.map_or(0, Hash::len) as i64);
    Ok(())
}

fn hexists(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (hash, reply) = call.read::<Hash>(words[1])?;
    reply.integer(hash.is_some_and(|hash| hash.get(words[2]).is_some()).into());
    Ok(())
}

fn hstrlen(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (hash, reply) = call.read::<Hash>(words[1])?;
    reply.integer(hash.and_then(|hash| hash.get(words[2])).map_or(0, <[u8]>::len) as i64);
    Ok(())
}

fn hscan(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let cursor = scans::cursor(words[2])?;
    let (Some(hash), reply) = call.read::<Hash>(words[1])? else {
        scans::reply_head(&mut call.reply, 0, 0);
        return Ok(());
    };
    let step = scans::Step::parse(cursor, &words[3..], |_| Err(Fault::SYNTAX))?;
    let mut met: Vec<&[u8]> = Vec::new();
    let next = hash.scan(step.cursor, step.count, |field, value| {
        if step.wants(field) {
            met.extend([field, value]);
        }
    });
    scans::reply_head(reply, next, met.len());
    met.iter().for_each(|word| reply.bulk(word));
    Ok(())
}

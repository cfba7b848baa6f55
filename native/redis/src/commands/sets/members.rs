//! Members of one set: SADD, SREM, SMOVE, SISMEMBER, SMISMEMBER, SMEMBERS, SCARD, SSCAN.

use dataset::Set;

use crate::call::Call;
use crate::command::{Command, FIRST, Keys, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::scans;

const FAST_READ: u32 = flag::READONLY | flag::FAST;
const FAST_WRITE: u32 = flag::WRITE | flag::FAST;
const BOTH: Keys = Keys::Range { first: 1, last: 2, step: 1 };

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("sadd", -3, FAST_WRITE | flag::DENYOOM, FIRST, sadd)
        .of(&["set"])
        .about("1.0.0", "Adds members to a set."),
    Command::new("srem", -3, FAST_WRITE, FIRST, srem).of(&["set"]).about("1.0.0", "Removes members from a set."),
    Command::new("smove", 4, FAST_WRITE, BOTH, smove)
        .of(&["set"])
        .about("1.0.0", "Moves a member from one set to another."),
    Command::new("sismember", 3, FAST_READ, FIRST, sismember)
        .of(&["set"])
        .about("1.0.0", "Whether something is a member of a set."),
    Command::new("smismember", -3, FAST_READ, FIRST, smismember)
        .of(&["set"])
        .about("6.2.0", "Which of several things are members of a set."),
    Command::new("smembers", 2, flag::READONLY, FIRST, smembers).of(&["set"]).about("1.0.0", "All members of a set."),
    Command::new("scard", 2, FAST_READ, FIRST, scard).of(&["set"]).about("1.0.0", "How many members a set has."),
    Command::new("sscan", -3, flag::READONLY, FIRST, sscan)
        .of(&["set"])
        .about("2.8.0", "The next members of a walk over a set."),
];

fn sadd(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (members, bounds) = (&words[2..], call.server.tuning.set_bounds());
    let added = call.change_or_make::<Set, _>(words[1], |set| {
        if set.is_empty() {
            *set = Set::expecting(members[0], members.len(), bounds);
        }
        members.iter().filter(|member| set.insert(member, bounds)).count()
    })?;
    if added > 0 {
        call.modified(words[1], Class::Set, "sadd");
    }
    call.reply.integer(added as i64);
    Ok(())
}

fn srem(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let remove = |set: &mut Set| words[2..].iter().filter(|member| set.remove(member)).count();
    let removed = call.change::<Set, _>(words[1], remove)?.unwrap_or(0);
    if removed > 0 {
        call.modified(words[1], Class::Set, "srem");
    }
    call.reply.integer(removed as i64);
    Ok(())
}

fn smove(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (source, destination, member) = (words[1], words[2], words[3]);
    let Some(set) = call.read::<Set>(source)?.0 else {
        call.reply.integer(0);
        return Ok(());
    };
    let is_member = set.contains(member);
    call.read::<Set>(destination)?;
    if is_member && source != destination {
        call.change::<Set, _>(source, |set| set.remove(member))?;
        call.modified(source, Class::Set, "srem");
        let bounds = call.server.tuning.set_bounds();
        if call.change_or_make::<Set, _>(destination, |set| set.insert(member, bounds))? {
            call.modified(destination, Class::Set, "sadd");
        }
    }
    call.reply.integer(is_member.into());
    Ok(())
}

fn sismember(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (found, reply) = call.read::<Set>(words[1])?;
    reply.integer(found.is_some_and(|set| set.contains(words[2])).into());
    Ok(())
}

fn smismember(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (found, reply) = call.read::<Set>(words[1])?;
    reply.array(words.len() - 2);
    for member in &words[2..] {
        reply.integer(found.is_some_and(|set| set.contains(member)).into());
    }
    Ok(())
}

fn smembers(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (found, reply) = call.read::<Set>(words[1])?;
    reply.set(found.map_or(0, Set::len));
    if let Some(set) = found {
        set.iter().for_each(|member| reply.bulk(&member));
    }
    Ok(())
}

fn scard(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (found, reply) = call.read::<Set>(words[1])?;
    reply.integer(found.map_or(0, Set::len) as i64);
    Ok(())
}

fn sscan(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let cursor = scans::cursor(words[2])?;
    let (Some(set), reply) = call.read::<Set>(words[1])? else {
        scans::reply_head(&mut call.reply, 0, 0);
        return Ok(());
    };
    let step = scans::Step::parse(cursor, &words[3..], |_| Err(Fault::SYNTAX))?;
    let mut met: Vec<Vec<u8>> = Vec::new();
    let next = set.scan(step.cursor, step.count, |member| {
        if step.wants(member) {
            met.push(member.to_vec());
        }
    });
    scans::reply_head(reply, next, met.len());
    met.iter().for_each(|member| reply.bulk(member));
    Ok(())
}

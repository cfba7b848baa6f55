//! Members by chance: SPOP, SRANDMEMBER.

use std::collections::HashSet;

use dataset::{Member, Set};

use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::random;
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("spop", -2, flag::WRITE | flag::FAST, FIRST, spop)
        .of(&["set"])
        .about("1.0.0", "Takes random members out of a set."),
    Command::new("srandmember", -2, flag::READONLY, FIRST, srandmember)
        .of(&["set"])
        .about("1.0.0", "Random members of a set."),
];

/// Members of one effect.
const EFFECT_MEMBERS: usize = 1024;

/// Draws of one SRANDMEMBER that may repeat: so that a large number in a request is no reply that fills the memory. Redis knows no bound.
const DRAWS_MAX: usize = 10_000_000;

/// Below this, or when more than a third is wanted, all members are mixed; else members are drawn until enough are different.
const MIXED_MAX: usize = 600;

/// So many different members, each set of them as likely as any other; all if there are no more.
fn different(set: &Set, count: usize) -> Vec<Member<'_>> {
    if set.len() <= MIXED_MAX || count.saturating_mul(3) > set.len() {
        let mut members: Vec<_> = set.iter().collect();
        let len = members.len();
        if count < len {
            (0..count).for_each(|at| members.swap(at, at + random::below(len - at)));
            members.truncate(count);
        }
        return members;
    }
    let mut drawn: HashSet<Vec<u8>> = HashSet::with_capacity(count);
    let mut members = Vec::with_capacity(count);
    while members.len() < count {
        let Some(member) = set.random(random::number) else { break };
        if drawn.insert(member.to_vec()) {
            members.push(member);
        }
    }
    members
}

fn spop(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match words {
        [_, key] => spop_one(call, key),
        [_, key, count] => spop_many(call, key, words::positive(count)?),
        _ => Err(Fault::SYNTAX),
    }
}

fn spop_one(call: &mut Call<'_, '_>, key: &[u8]) -> Outcome {
    let (found, _) = call.read::<Set>(key)?;
    let Some(member) = found.and_then(|set| set.random(random::number)).map(|member| member.to_vec()) else {
        call.reply.null();
        return Ok(());
    };
    call.change::<Set, _>(key, |set| set.remove(&member))?;
    call.modified(key, Class::Set, "spop");
    call.say(&[b"SREM", key, &member]);
    call.reply.bulk(&member);
    Ok(())
}

fn spop_many(call: &mut Call<'_, '_>, key: &[u8], count: usize) -> Outcome {
    let (found, reply) = call.read::<Set>(key)?;
    let Some(set) = found.filter(|_| count > 0) else {
        reply.set(0);
        return Ok(());
    };
    let is_all = count >= set.len();
    let members = different(set, count);
    reply.set(members.len());
    members.iter().for_each(|member| reply.bulk(member));
    if is_all {
        let former = call.take(key);
        call.server.discard(former);
        call.modified(key, Class::Set, "spop");
        call.notify(Class::Generic, "del", key);
        call.say(&[b"DEL", key]);
        return Ok(());
    }
    let members: Vec<Vec<u8>> = members.iter().map(|member| member.to_vec()).collect();
    call.change::<Set, _>(key, |set| members.iter().filter(|member| set.remove(member)).count())?;
    call.modified(key, Class::Set, "spop");
    for some in members.chunks(EFFECT_MEMBERS) {
        let words: Vec<&[u8]> = [b"SREM", key].into_iter().chain(some.iter().map(Vec::as_slice)).collect();
        call.say(&words);
    }
    Ok(())
}

fn srandmember(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match words {
        [_, key] => {
            let (found, reply) = call.read::<Set>(key)?;
            match found.and_then(|set| set.random(random::number)) {
                Some(member) => reply.bulk(&member),
                None => reply.null(),
            }
            Ok(())
        }
        [_, key, count] => srandmember_many(call, key, count),
        _ => Err(Fault::SYNTAX),
    }
}

fn srandmember_many(call: &mut Call<'_, '_>, key: &[u8], count: &[u8]) -> Outcome {
    let count = words::symmetric(count)?;
    let times = count.unsigned_abs() as usize;
    let (found, reply) = call.read::<Set>(key)?;
    let Some(set) = found.filter(|_| count != 0) else {
        reply.array(0);
        return Ok(());
    };
    if count > 0 {
        let members = different(set, times);
        reply.array(members.len());
        members.iter().for_each(|member| reply.bulk(member));
    } else if times > DRAWS_MAX {
        return Err(Fault::of("ERR value is out of range"));
    } else {
        reply.array(times);
        (0..times).filter_map(|_| set.random(random::number)).for_each(|member| reply.bulk(&member));
    }
    Ok(())
}

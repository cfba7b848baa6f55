//! Whole databases: FLUSHDB, FLUSHALL, SWAPDB.

use std::collections::HashSet;

use crate::attached::Name;
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("flushdb", -1, flag::WRITE, Keys::All, flushdb)
        .of(&["keyspace", "dangerous"])
        .about("1.0.0", "Removes all keys of the database."),
    Command::new("flushall", -1, flag::WRITE, Keys::All, flushall)
        .of(&["keyspace", "dangerous"])
        .about("1.0.0", "Removes all keys of all databases."),
    Command::new("swapdb", 3, flag::WRITE | flag::FAST, Keys::All, swapdb)
        .of(&["keyspace", "dangerous"])
        .about("4.0.0", "Exchanges two databases."),
];

fn flushdb(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    how(words)?;
    empty(call, call.database());
    call.invalidate_all();
    call.effects.changes += 1;
    call.reply.ok();
    Ok(())
}

fn flushall(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    how(words)?;
    (0..call.server.settings.databases).for_each(|database| empty(call, database));
    call.invalidate_all();
    call.effects.changes += 1;
    call.reply.ok();
    Ok(())
}

/// At once or later: memory comes back in the background either way, and the keys are gone at once.
fn how(words: &[&[u8]]) -> Outcome {
    match words {
        [_] => Ok(()),
        [_, word] if words::is(word, "async") || words::is(word, "sync") => Ok(()),
        _ => Err(Fault::SYNTAX),
    }
}

fn empty(call: &mut Call<'_, '_>, database: usize) {
    tell_all(call, &[database]);
    let parts = call.data.parts_mut(database).filter(|(_, part, _)| !part.is_empty());
    let parts = parts.map(|(_, part, _)| part.take()).collect();
    call.server.discard_all(parts);
}

fn swapdb(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let number = |word, fault| words::canonical(word).filter(|&number| i32::try_from(number).is_ok()).ok_or(fault);
    let one = number(words[1], Fault::of("ERR invalid first DB index"))?;
    let other = number(words[2], Fault::of("ERR invalid second DB index"))?;
    let within = |number: i64| usize::try_from(number).ok().filter(|number| *number < call.server.settings.databases);
    let (Some(one), Some(other)) = (within(one), within(other)) else { return Err(super::NO_SUCH_DATABASE) };
    if one != other {
        tell_all(call, &[one, other]);
        call.data.swap(one, other);
    }
    call.effects.changes += 1;
    call.reply.ok();
    Ok(())
}

/// Tells who watches or waits for a key that it has changed: one that is in one of these databases and will not be any more.
fn tell_all(call: &mut Call<'_, '_>, databases: &[usize]) {
    let mut names = HashSet::<Name>::new();
    for (_, _, attached) in call.data.parts_mut(databases[0]) {
        names.extend(attached.watched.keys().chain(attached.awaited.keys()).cloned());
    }
    for name in names {
        let place = call.data.place(&name.1);
        let is_there = |&number: &usize| call.data.part(number, place).item(place.hash, &name.1).is_some();
        if databases.contains(&name.0) && databases.iter().any(is_there) {
            call.inside(name.0, |call| call.touched(&name.1));
        }
    }
}

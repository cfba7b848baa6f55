//! Strings that are numbers: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.

use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::events::Class;
use crate::extended::{Extended, NOT_FINITE};
use crate::fault::{Fault, Outcome};
use crate::words;

const SETS: u32 = flag::WRITE | flag::DENYOOM | flag::FAST;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("incr", 2, SETS, FIRST, incr).of(&["string"]).about("1.0.0", "Adds one to an integer."),
    Command::new("decr", 2, SETS, FIRST, decr).of(&["string"]).about("1.0.0", "Takes one from an integer."),
    Command::new("incrby", 3, SETS, FIRST, incrby).of(&["string"]).about("1.0.0", "Adds to an integer."),
    Command::new("decrby", 3, SETS, FIRST, decrby).of(&["string"]).about("1.0.0", "Takes from an integer."),
    Command::new("incrbyfloat", 3, SETS, FIRST, incrbyfloat).of(&["string"]).about("2.6.0", "Adds to a number."),
];

fn incr(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    add(call, words[1], 1)
}

fn decr(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    add(call, words[1], -1)
}

fn incrby(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    add(call, words[1], words::integer(words[2])?)
}

fn decrby(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let decrement = words::integer(words[2])?;
    add(call, words[1], decrement.checked_neg().ok_or(Fault::of("ERR decrement would overflow"))?)
}

fn add(call: &mut Call<'_, '_>, key: &[u8], increment: i64) -> Outcome {
    const OVERFLOW: Fault = Fault::of("ERR increment or decrement would overflow");
    let former = call.string(key)?.0.map_or(Ok(0), words::integer)?;
    let sum = former.checked_add(increment).ok_or(OVERFLOW)?;
    call.rewrite_string(key, itoa::Buffer::new().format(sum).as_bytes());
    call.modified(key, Class::String, "incrby");
    call.reply.integer(sum);
    Ok(())
}

fn incrbyfloat(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let key = words[1];
    let former = call.string(key)?.0.map_or(Some(Extended::ZERO), Extended::parse).ok_or(Fault::NOT_FLOAT)?;
    let increment = Extended::parse(words[2]).ok_or(Fault::NOT_FLOAT)?;
    let sum = former.add(increment).ok_or(NOT_FINITE)?.text();
    call.rewrite_string(key, &sum);
    call.modified(key, Class::String, "incrbyfloat");
    call.say(&[b"SET", key, &sum, b"KEEPTTL"]);
    call.reply.bulk(&sum);
    Ok(())
}

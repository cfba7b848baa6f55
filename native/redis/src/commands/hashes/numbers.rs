//! Fields that are numbers: HINCRBY, HINCRBYFLOAT.

use dataset::Hash;

use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::events::Class;
use crate::extended::{Extended, NOT_FINITE};
use crate::fault::{Fault, Outcome};
use crate::words;

const SETS: u32 = flag::WRITE | flag::DENYOOM | flag::FAST;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("hincrby", 4, SETS, FIRST, hincrby)
        .of(&["hash"])
        .about("2.0.0", "Adds an integer to a field of a hash."),
    Command::new("hincrbyfloat", 4, SETS, FIRST, hincrbyfloat)
        .of(&["hash"])
        .about("2.6.0", "Adds a number to a field of a hash."),
];

fn hincrby(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    const NOT_INTEGER: Fault = Fault::of("ERR hash value is not an integer");
    const OVERFLOW: Fault = Fault::of("ERR increment or decrement would overflow");
    let increment = words::integer(words[3])?;
    let packing = call.server.tuning.hash_packing();
    let sum = call.change_or_make::<Hash, _>(words[1], |hash| {
        let former = hash.get(words[2]).map_or(Some(0), words::canonical).ok_or(NOT_INTEGER)?;
        let sum = former.checked_add(increment).ok_or(OVERFLOW)?;
        hash.set(words[2], itoa::Buffer::new().format(sum).as_bytes(), packing);
        Ok(sum)
    })??;
    call.modified(words[1], Class::Hash, "hincrby");
    call.reply.integer(sum);
    Ok(())
}

fn hincrbyfloat(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    const NOT_FLOAT: Fault = Fault::of("ERR hash value is not a float");
    const INFINITE: Fault = Fault::of("ERR value is NaN or Infinity");
    let increment = Extended::parse(words[3]).ok_or(Fault::NOT_FLOAT)?;
    if increment.is_infinite() {
        return Err(INFINITE);
    }
    let packing = call.server.tuning.hash_packing();
    let sum = call.change_or_make::<Hash, _>(words[1], |hash| {
        let former = hash.get(words[2]).map_or(Some(Extended::ZERO), Extended::parse).ok_or(NOT_FLOAT)?;
        let sum = former.add(increment).ok_or(NOT_FINITE)?.text();
        hash.set(words[2], &sum, packing);
        Ok(sum)
    })??;
    call.modified(words[1], Class::Hash, "hincrbyfloat");
    call.say(&[b"HSET", words[1], words[2], &sum]);
    call.reply.bulk(&sum);
    Ok(())
}

//! Bits of several strings together: BITOP.

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::words;

const DESTINATION_AND_SOURCES: Keys = Keys::Range { first: 2, last: -1, step: 1 };

pub(crate) const COMMANDS: &[Command] =
    &[Command::new("bitop", -4, flag::WRITE | flag::DENYOOM, DESTINATION_AND_SOURCES, bitop)
        .of(&["bitmap"])
        .about("2.6.0", "Combines strings bit by bit and stores what comes of it.")];

type Combine = fn(u8, u8) -> u8;

fn bitop(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (name, destination, sources) = (words[1], words[2], &words[3..]);
    let combine: Combine = match name {
        _ if words::is(name, "AND") => |one, other| one & other,
        _ if words::is(name, "OR") => |one, other| one | other,
        _ if words::is(name, "XOR") => |one, other| one ^ other,
        _ if words::is(name, "NOT") => |one, _| !one,
        _ => return Err(Fault::SYNTAX),
    };
    if words::is(name, "NOT") && sources.len() != 1 {
        return Err(Fault::of("ERR BITOP NOT must be called with a single source key."));
    }
    let mut result = call.string(sources[0])?.0.unwrap_or_default().to_vec();
    if words::is(name, "NOT") {
        result.iter_mut().for_each(|byte| *byte = !*byte);
    }
    for source in &sources[1..] {
        let bytes = call.string(source)?.0.unwrap_or_default();
        result.resize(result.len().max(bytes.len()), 0);
        let (both, rest) = result.split_at_mut(bytes.len());
        both.iter_mut().zip(bytes).for_each(|(one, other)| *one = combine(*one, *other));
        rest.iter_mut().for_each(|one| *one = combine(*one, 0));
    }
    call.reply.integer(result.len() as i64);
    if result.is_empty() {
        call.remove(destination);
    } else {
        call.set(destination, dataset::Value::String(result));
        call.modified(destination, Class::String, "set");
    }
    Ok(())
}

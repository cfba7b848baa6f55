//! Strings.

use dataset::Value;

use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::events::Class;
use crate::fault::Outcome;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("get", 2, flag::READONLY | flag::FAST, FIRST, get).of(&["string"]).about("1.0.0", "A string."),
    Command::new("set", -3, flag::WRITE | flag::DENYOOM, FIRST, set).of(&["string"]).about("1.0.0", "Stores a string."),
];

fn get(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match call.string(words[1])? {
        (Some(bytes), reply) => reply.bulk(bytes),
        (None, reply) => reply.null(),
    }
    Ok(())
}

fn set(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.set(words[1], Value::String(words[2].to_vec()));
    call.modified(words[1], Class::String, "set");
    call.reply.ok();
    Ok(())
}

//! Changing strings in place: APPEND, SETRANGE.

use super::grow;
use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("append", 3, flag::WRITE | flag::DENYOOM | flag::FAST, FIRST, append)
        .of(&["string"])
        .about("2.0.0", "Appends to a string."),
    Command::new("setrange", 4, flag::WRITE | flag::DENYOOM, FIRST, setrange)
        .of(&["string"])
        .about("2.2.0", "Overwrites a part of a string."),
];

fn append(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, tail) = (words[1], words[2]);
    let former = call.string(key)?.0.map(<[u8]>::len);
    call.check_length(former.unwrap_or(0) as u64, tail.len())?;
    match former {
        Some(_) => call.change_string(key, |bytes| bytes.extend_from_slice(tail))?,
        None => call.set_string(key, tail),
    }
    call.modified(key, Class::String, "append");
    call.reply.integer((former.unwrap_or(0) + tail.len()) as i64);
    Ok(())
}

fn setrange(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, part) = (words[1], words[3]);
    let offset = u64::try_from(words::integer(words[2])?).map_err(|_| Fault::of("ERR offset is out of range"))?;
    let former = call.string(key)?.0.map_or(0, <[u8]>::len);
    if part.is_empty() {
        call.reply.integer(former as i64);
        return Ok(());
    }
    call.check_length(offset, part.len())?;
    let (offset, end) = (offset as usize, offset as usize + part.len());
    call.change_string(key, |bytes| {
        grow(bytes, end);
        bytes[offset..end].copy_from_slice(part);
    })?;
    call.modified(key, Class::String, "setrange");
    call.reply.integer(former.max(end) as i64);
    Ok(())
}

//! Single bits: SETBIT, GETBIT.

use super::super::strings::grow;
use super::position;
use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("setbit", 4, flag::WRITE | flag::DENYOOM, FIRST, setbit)
        .of(&["bitmap"])
        .about("2.2.0", "Sets or clears a bit of a string."),
    Command::new("getbit", 3, flag::READONLY | flag::FAST, FIRST, getbit)
        .of(&["bitmap"])
        .about("2.2.0", "A bit of a string."),
];

fn setbit(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, at) = (words[1], position(call, words[2], None)?);
    let bit = match words[3] {
        b"0" => false,
        b"1" => true,
        _ => return Err(Fault::of("ERR bit is not an integer or out of range")),
    };
    let (byte, mask) = ((at >> 3) as usize, 0x80_u8 >> (at & 7));
    let former = call.string(key)?.0.and_then(|bytes| bytes.get(byte).copied());
    let was_set = former.unwrap_or(0) & mask != 0;
    if former.is_none() || was_set != bit {
        call.change_string(key, |bytes| {
            grow(bytes, byte + 1);
            bytes[byte] = if bit { bytes[byte] | mask } else { bytes[byte] & !mask };
        })?;
        call.modified(key, Class::String, "setbit");
    }
    call.reply.integer(was_set.into());
    Ok(())
}

fn getbit(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let at = position(call, words[2], None)?;
    let (bytes, reply) = call.string(words[1])?;
    let byte = bytes.and_then(|bytes| bytes.get((at >> 3) as usize)).copied().unwrap_or(0);
    reply.integer((byte >> (7 - (at & 7)) & 1).into());
    Ok(())
}

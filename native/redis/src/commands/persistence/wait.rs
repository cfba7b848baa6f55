//! WAIT and WAITAOF: until what was written is elsewhere, or on disks.

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::timeouts;
use crate::words;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command::new("wait", 3, flag::NOSCRIPT, Keys::None, wait)
        .of(&["connection"])
        .about("3.0.0", "How many replicas have what was written: none."),
    Command::new("waitaof", 4, flag::NOSCRIPT, Keys::None, wait_log)
        .of(&["connection"])
        .about("7.2.0", "How many logs have what was written: none."),
];

fn wait(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    words::integer(words[1])?;
    timeouts::milliseconds(words[2], call.now)?;
    call.reply.integer(0);
    Ok(())
}

fn wait_log(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let local = words::integer(words[1])?;
    if !(0..=1).contains(&local) {
        return Err(Fault::of("ERR value is out of range, must be between 0 and 1"));
    }
    if words::integer(words[2])? < 0 {
        return Err(Fault::of("ERR value is out of range, must be positive"));
    }
    timeouts::milliseconds(words[3], call.now)?;
    if local > 0 {
        return Err(Fault::of("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."));
    }
    call.reply.array(2);
    call.reply.integer(0);
    call.reply.integer(0);
    Ok(())
}

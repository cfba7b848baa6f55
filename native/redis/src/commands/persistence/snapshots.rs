//! SAVE and its kin: all data as a file.

use super::ADMIN;
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::words;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command::new("save", 1, ADMIN | flag::NO_TRANSACTION, Keys::None, no_disk)
        .about("1.0.0", "Writes all data to disk."),
    Command::new("bgsave", -1, ADMIN, Keys::None, background_save)
        .about("1.0.0", "Writes all data to disk, in the background."),
    Command::new("lastsave", 1, flag::LOADING | flag::STALE | flag::FAST, Keys::None, last_save)
        .of(&["admin", "dangerous"])
        .about("1.0.0", "When data was last written to disk: never yet, so when the server began."),
];

fn no_disk(_call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    Err(Fault::of("ERR nothing can be written to disk: this server keeps its data in memory only"))
}

fn background_save(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match words {
        [_] => no_disk(call, words),
        [_, option] if words::is(option, "schedule") => no_disk(call, words),
        _ => Err(Fault::SYNTAX),
    }
}

fn last_save(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.integer(call.server.began_at(call.now));
    Ok(())
}

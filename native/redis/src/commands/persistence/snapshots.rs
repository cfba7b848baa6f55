//! SAVE and its kin: all data as a file. MEMC.SNAPSHOT writes a copy to a path of its own.

use super::ADMIN;
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::saves::Busy;
use crate::words;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command::new("save", 1, ADMIN | flag::NO_TRANSACTION, Keys::None, save).about("1.0.0", "Writes all data to disk."),
    // All shards are locked for a moment: the file is of this one.
    Command::new("bgsave", -1, ADMIN, Keys::All, save_behind)
        .about("1.0.0", "Writes all data to disk, in the background."),
    Command::new("lastsave", 1, flag::LOADING | flag::STALE | flag::FAST, Keys::None, last_save)
        .of(&["admin", "dangerous"])
        .about("1.0.0", "When data was last written to disk well; if never, when the server began."),
    Command::new("memc.snapshot", 2, ADMIN | flag::STALE, Keys::None, copy)
        .about("7.2.0", "Writes all data to a new file with this path, or says how that goes: STATUS."),
];

const IN_TRANSACTION: Fault = Fault::of("ERR Command not allowed inside a transaction");
const RUNS: Fault = Fault::of("ERR Background save already in progress");
const NO_SAVER: Fault = Fault::of("ERR no thread of this process writes files");

fn save(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    if !call.may_wait {
        return Err(IN_TRANSACTION);
    }
    call.server.save(false).map_err(|why| Fault::made(format!("ERR {why}")))?;
    call.reply.ok();
    Ok(())
}

fn save_behind(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let is_patient = match words {
        [_] => false,
        [_, option] if words::is(option, "schedule") => true,
        _ => return Err(Fault::SYNTAX),
    };
    match call.server.begin_save(call.data, call.wall) {
        Ok(()) => call.reply.simple("Background saving started"),
        Err(Busy::Other) if is_patient => {
            call.server.schedule_save();
            call.reply.simple("Background saving scheduled");
        }
        Err(Busy::Other) => {
            return Err(Fault::of(
                "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule \
                 a BGSAVE whenever possible.",
            ));
        }
        Err(Busy::Same) => return Err(RUNS),
        Err(Busy::NoSaver) => return Err(NO_SAVER),
    }
    Ok(())
}

fn last_save(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.integer(call.server.saves.last().saved_at as i64);
    Ok(())
}

fn copy(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if words::is(words[1], "status") {
        copied(call);
        return Ok(());
    }
    let path = std::str::from_utf8(words[1]).ok().filter(|path| path.starts_with('/'));
    let path = path.ok_or(Fault::of("ERR a snapshot's path is absolute: /folder/name.rdb"))?;
    match call.server.begin_copy(path) {
        Ok(()) => call.reply.simple("started"),
        Err(Busy::NoSaver) => return Err(NO_SAVER),
        Err(_) => return Err(Fault::of("ERR a snapshot is being written already: ask MEMC.SNAPSHOT STATUS")),
    }
    Ok(())
}

fn copied(call: &mut Call<'_, '_>) {
    let copied = call.server.saves.copied();
    let checksum = copied.checksum.map_or(String::new(), |checksum| format!("{checksum:016x}"));
    let texts = [("state", copied.state), ("path", &copied.path), ("checksum", &checksum), ("error", &copied.error)];
    let numbers = [("keys", copied.keys), ("bytes", copied.bytes), ("offset", copied.offset), ("epoch", copied.epoch)];
    call.reply.map(texts.len() + numbers.len());
    for (name, text) in texts {
        call.reply.bulk(name.as_bytes());
        call.reply.bulk(text.as_bytes());
    }
    for (name, number) in numbers {
        call.reply.bulk(name.as_bytes());
        call.reply.integer(number as i64);
    }
}

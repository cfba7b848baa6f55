//! SLOWLOG: commands that took long.

use crate::call::Call;
use crate::command::{Command, Keys, Run, flag};
use crate::commands::help::{help, misused};
use crate::fault::{Fault, Outcome};
use crate::words;

const ADMIN: u32 = flag::ADMIN | flag::LOADING | flag::STALE;

pub(super) const COMMANDS: &[Command] =
    &[Command::new("slowlog", -2, 0, Keys::None, help).about("2.2.12", "Commands that took long.").with(&[
        row("get", -2, ADMIN, get).about("2.2.12", "The newest ten, or so many; all with -1."),
        row("len", 2, ADMIN, len).about("2.2.12", "How many there are."),
        row("reset", 2, ADMIN, reset).about("2.2.12", "Forgets them."),
        row("help", 2, flag::LOADING | flag::STALE, help).about("6.2.0", "This text."),
    ])];

const fn row(name: &'static str, arity: i32, flags: u32, run: Run) -> Command {
    Command::new(name, arity, flags, Keys::None, run)
}

/// Entries that are shown unless told otherwise.
const SHOWN: usize = 10;

fn get(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let count = match words {
        [_, _] => SHOWN,
        [_, _, word] => match words::canonical(word) {
            Some(-1) => usize::MAX,
            count => {
                let count = count.and_then(|count| usize::try_from(count).ok());
                count.ok_or(Fault::of("ERR count should be greater than or equal to -1"))?
            }
        },
        _ => return Err(misused(words)),
    };
    let entries = call.server.slow_log.newest(count);
    call.reply.array(entries.len());
    for entry in entries {
        call.reply.array(6);
        [entry.number, entry.second, entry.microseconds].into_iter().for_each(|number| call.reply.integer(number));
        call.reply.array(entry.words.len());
        entry.words.iter().for_each(|word| call.reply.bulk(word));
        call.reply.bulk(entry.address.as_bytes());
        call.reply.bulk(&entry.name);
    }
    Ok(())
}

fn len(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.integer(call.server.slow_log.len() as i64);
    Ok(())
}

fn reset(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.server.slow_log.clear();
    call.reply.ok();
    Ok(())
}

//! Commands about the connection itself.

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::words;

const FREE: u32 = flag::FAST | flag::LOADING | flag::STALE;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("ping", -1, flag::FAST, Keys::None, ping)
        .of(&["connection"])
        .about("1.0.0", "Answers, or repeats a word."),
    Command::new("echo", 2, FREE, Keys::None, echo).of(&["connection"]).about("1.0.0", "Repeats a word."),
    Command::new("select", 2, FREE, Keys::None, select).of(&["connection"]).about("1.0.0", "Changes the database."),
];

fn ping(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match words {
        [_] => call.reply.simple("PONG"),
        [_, text] => call.reply.bulk(text),
        _ => return Err(Fault::arity("ping")),
    }
    Ok(())
}

fn echo(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.reply.bulk(words[1]);
    Ok(())
}

fn select(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let number = words::canonical(words[1]).ok_or(Fault::of("ERR invalid DB index"))?;
    let number = usize::try_from(number).ok().filter(|number| *number < call.server.settings.databases);
    call.session.database = number.ok_or(Fault::of("ERR DB index is out of range"))?;
    call.reply.ok();
    Ok(())
}

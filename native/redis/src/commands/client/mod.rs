//! CLIENT: about this connection and others.

mod kill;
mod list;

pub(crate) use list::line;
mod tracking;

use crate::blocking::Unblock;
use crate::call::Call;
use crate::clients::mark;
use crate::command::{Command, Keys, Run, flag};
use crate::commands::connection::is_plain;
use crate::commands::help::{help, misused};
use crate::durability::Mode;
use crate::fault::{Fault, Outcome};
use crate::identity::Replies;
use crate::words;

const OWN: u32 = flag::NOSCRIPT | flag::LOADING | flag::STALE;
const ADMIN: u32 = OWN | flag::ADMIN;

pub(super) const COMMANDS: &[Command] =
    &[Command::new("client", -2, 0, Keys::None, help).about("2.4.0", "This connection and others.").with(&[
        row("id", 2, OWN, id).about("5.0.0", "The connection's number."),
        row("info", 2, OWN, list::info).about("6.2.0", "What LIST says of this connection."),
        row("list", -2, ADMIN, list::list)
            .about("2.4.0", "A line for each connection, all, of a TYPE, or with one of the IDs."),
        row("setname", 3, OWN, set_name).about("2.6.9", "Names the connection; no name takes it away."),
        row("getname", 2, OWN, get_name).about("2.6.9", "The connection's name."),
        row("setinfo", 4, OWN, set_info).about("7.2.0", "Says which library (LIB-NAME, LIB-VER) it is."),
        row("kill", -3, ADMIN, kill::kill)
            .about("2.4.0", "Closes the connection at an address, or those that filters name."),
        row("pause", -3, ADMIN, pause).about("2.9.50", "Serves nothing (or no WRITE) for so many milliseconds."),
        row("unpause", 2, ADMIN, unpause).about("6.2.0", "Ends a pause."),
        row("reply", 3, OWN, reply).about("3.2.0", "Which replies are sent: ON, OFF, or SKIP one."),
        row("no-evict", 3, ADMIN, no_evict).about("7.0.0", "Whether the connection is spared when memory is short."),
        row("no-touch", 3, OWN, no_touch).about("7.2.0", "Whether its reads count as accesses."),
        row("unblock", -3, ADMIN, unblock)
            .about("5.0.0", "Ends a connection's waiting, as at its TIMEOUT or with an ERROR."),
        row("tracking", -3, OWN, tracking::tracking).about("6.0.0", "Whether to be told when what was read changes."),
        row("durability", -2, OWN, durability)
            .about("7.2.4", "When its writes count as done: a mode, or default for the server's; without one says it."),
        row("caching", 3, OWN, tracking::caching).about("6.0.0", "Whether the next command's keys are remembered."),
        row("trackinginfo", 2, OWN, tracking::info).about("6.2.0", "What the connection is told of."),
        row("getredir", 2, OWN, tracking::redirection).about("6.0.0", "Who is told in the connection's place."),
        row("maint_notifications", -3, OWN, maintenance).about("7.2.0", "Whether to be told of maintenance."),
        row("help", 2, flag::LOADING | flag::STALE, help).about("5.0.0", "This text."),
    ])];

const fn row(name: &'static str, arity: i32, flags: u32, run: Run) -> Command {
    Command::new(name, arity, flags, Keys::None, run).of(&["connection"])
}

pub(super) const BAD_NAME: Fault = Fault::of("ERR Client names cannot contain spaces, newlines or special characters.");

fn id(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.integer(call.session.id.number as i64);
    Ok(())
}

fn set_name(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if !is_plain(words[2]) {
        return Err(BAD_NAME);
    }
    call.session.client().names.lock().name = words[2].to_vec();
    call.reply.ok();
    Ok(())
}

fn get_name(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let names = call.session.client().names.lock();
    if names.name.is_empty() {
        call.reply.null()
    } else {
        call.reply.bulk(&names.name)
    }
    Ok(())
}

fn set_info(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let mut names = call.session.client().names.lock();
    let names = &mut *names;
    let (place, option) = if words::is(words[2], "lib-name") {
        (&mut names.library, "lib-name")
    } else if words::is(words[2], "lib-ver") {
        (&mut names.library_version, "lib-ver")
    } else {
        return Err(Fault::naming(&[b"ERR Unrecognized option '", words[2], b"'"]));
    };
    if !is_plain(words[3]) {
        return Err(Fault::made(format!("ERR {option} cannot contain spaces, newlines or special characters.")));
    }
    *place = words[3].to_vec();
    call.reply.ok();
    Ok(())
}

fn pause(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let is_all = match words.get(3) {
        None => true,
        Some(word) if words::is(word, "all") => true,
        Some(word) if words::is(word, "write") => false,
        Some(_) => return Err(Fault::of("ERR CLIENT PAUSE mode must be WRITE or ALL")),
    };
    let milliseconds = words::canonical(words[2]).ok_or(Fault::of("ERR timeout is not an integer or out of range"))?;
    let milliseconds = u64::try_from(milliseconds).map_err(|_| Fault::of("ERR timeout is negative"))?;
    call.server.pause.begin(call.now.saturating_add(milliseconds), is_all);
    call.reply.ok();
    Ok(())
}

fn unpause(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.server.pause.end(call.outbox);
    call.reply.ok();
    Ok(())
}

fn durability(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let mode = match words {
        [_, _] => {
            call.reply.bulk(call.server.mode_of(call.session).to_string().as_bytes());
            return Ok(());
        }
        [_, _, word] if words::is(word, "default") => None,
        [_, _, word] => {
            let mode = Mode::parse(&String::from_utf8_lossy(word));
            Some(mode.map_err(|wrong| Fault::made(format!("ERR {wrong}, or default")))?)
        }
        _ => return Err(Fault::SYNTAX),
    };
    if let Some(mode) = mode {
        call.server.prepare_for(mode);
    }
    call.session.mode = mode;
    call.reply.ok();
    Ok(())
}

fn reply(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let replies = &mut call.session.identity.replies;
    if words::is(words[2], "on") {
        *replies = Replies::On;
        call.reply.ok();
    } else if words::is(words[2], "off") {
        *replies = Replies::Off;
    } else if words::is(words[2], "skip") {
        if *replies != Replies::Off {
            *replies = Replies::SkipNext;
        }
    } else {
        return Err(Fault::SYNTAX);
    }
    Ok(())
}

fn on_or_off(word: &[u8]) -> Result<bool, Fault> {
    if words::is(word, "on") {
        Ok(true)
    } else if words::is(word, "off") {
        Ok(false)
    } else {
        Err(Fault::SYNTAX)
    }
}

fn no_evict(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.session.client().mark(mark::NO_EVICT, on_or_off(words[2])?);
    call.reply.ok();
    Ok(())
}

fn no_touch(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.session.client().mark(mark::NO_TOUCH, on_or_off(words[2])?);
    call.reply.ok();
    Ok(())
}

fn unblock(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if words.len() > 4 {
        return Err(misused(words));
    }
    let how = match words.get(3) {
        None => Unblock::Timeout,
        Some(word) if words::is(word, "timeout") => Unblock::Timeout,
        Some(word) if words::is(word, "error") => Unblock::Error,
        Some(_) => return Err(Fault::of("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")),
    };
    let number = words::integer(words[2])?;
    let done = u64::try_from(number).is_ok_and(|number| call.server.unblock(number, how, call.outbox));
    call.reply.integer(done.into());
    Ok(())
}

/// Clients of version 3 ask to be told when they should go elsewhere; that nothing will be said is no refusal.
fn maintenance(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    on_or_off(words[2])?;
    call.reply.ok();
    Ok(())
}

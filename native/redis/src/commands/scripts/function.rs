//! FUNCTION: libraries of functions; FCALL: a function of one of them.

use std::sync::Arc;

use crate::call::Call;
use crate::command::{Command, Keys, Run, flag};
use crate::commands::help::{help, misused};
use crate::fault::{Fault, Outcome};
use crate::scripts::{self, Code, Library, Policy, Terms, flag_names};
use crate::{glob, words};

const SUB: u32 = flag::NOSCRIPT;
const WRITE: u32 = SUB | flag::WRITE;

/// What changes libraries is done with everything locked: a snapshot has them as they are at its moment.
pub(super) const SUBCOMMANDS: &[Command] = &[
    row("delete", 3, WRITE, Keys::All, delete, "Removes a library."),
    row("dump", 2, SUB, Keys::None, dump, "All libraries as one value, for RESTORE."),
    row("flush", -2, WRITE, Keys::All, flush, "Removes all libraries."),
    row("help", 2, flag::LOADING | flag::STALE, Keys::None, help, "This text."),
    row("kill", 2, SUB | flag::ALLOW_BUSY, Keys::None, kill, "Ends a function that runs for too long."),
    row("list", -2, SUB, Keys::None, list, "The libraries and their functions."),
    row("load", -3, WRITE | flag::DENYOOM, Keys::All, load, "Takes a library's code, or REPLACEs one."),
    row("restore", -3, WRITE | flag::DENYOOM, Keys::All, restore, "Takes what DUMP gave."),
    row("stats", 2, SUB | flag::ALLOW_BUSY, Keys::None, statistics, "How many libraries and functions there are."),
];

const fn row(name: &'static str, arity: i32, flags: u32, keys: Keys, run: Run, summary: &'static str) -> Command {
    Command::new(name, arity, flags, keys, run).of(&["scripting"]).about("7.0.0", summary)
}

pub(super) fn fcall(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    run(call, words, false)
}

pub(super) fn fcall_read_only(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    run(call, words, true)
}

/// Name, function, how many keys, keys, arguments.
fn run(call: &mut Call<'_, '_>, words: &[&[u8]], is_read_only: bool) -> Outcome {
    let named = call.server.scripts.functions.find(words[1]).ok_or(Fault::of("ERR Function not found"))?;
    let count = words::integer(words[2]).map_err(|_| Fault::of("ERR Bad number of keys provided"))?;
    let (keys, arguments) = super::evaluate::split(&words[3..], count)?;
    let terms = Terms::of(named.header(), is_read_only, call.server.is_over_memory())?;
    scripts::Run { code: Code::Function(named), keys, arguments, terms }.perform(call)
}

fn load(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (code, options) = words[2..].split_last().ok_or(Fault::SYNTAX)?;
    if let Some(unknown) = options.iter().find(|word| !words::is(word, "replace")) {
        return Err(Fault::naming(&[b"ERR Unknown option given: ", unknown]));
    }
    let policy = if options.is_empty() { Policy::Refuse } else { Policy::Replace };
    let names = call.server.scripts.functions.load(call.server, &[code], policy)?;
    call.effects.changes += 1;
    names.iter().for_each(|name| call.reply.bulk(name.as_bytes()));
    Ok(())
}

fn delete(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.server.scripts.functions.delete(words[2])?;
    call.effects.changes += 1;
    call.reply.ok();
    Ok(())
}

fn flush(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match words {
        [_, _] => {}
        [_, _, mode] if words::is(mode, "async") || words::is(mode, "sync") => {}
        [_, _, _] => return Err(Fault::of("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")),
        _ => return Err(misused(words)),
    }
    call.server.scripts.functions.flush();
    call.effects.changes += 1;
    call.reply.ok();
    Ok(())
}

fn kill(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    scripts::kill(call.server)?;
    call.reply.ok();
    Ok(())
}

fn list(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (mut pattern, mut with_code) = (None, false);
    let mut rest = &words[2..];
    while let [option, after @ ..] = rest {
        rest = after;
        if !with_code && words::is(option, "withcode") {
            with_code = true;
        } else if pattern.is_none() && words::is(option, "libraryname") {
            let [name, after @ ..] = after else {
                return Err(Fault::of("ERR library name argument was not given"));
            };
            (pattern, rest) = (Some(*name), after);
        } else {
            return Err(Fault::naming(&[b"ERR Unknown argument ", option]));
        }
    }
    let mut libraries = call.server.scripts.functions.libraries();
    libraries.retain(|library| pattern.is_none_or(|pattern| glob::matches_any_case(pattern, library.name.as_bytes())));
    call.reply.array(libraries.len());
    libraries.iter().for_each(|library| show(call, library, with_code));
    Ok(())
}

fn show(call: &mut Call<'_, '_>, library: &Arc<Library>, with_code: bool) {
    let reply = &mut call.reply;
    reply.map(if with_code { 4 } else { 3 });
    for (name, value) in [("library_name", library.name.as_bytes()), ("engine", b"LUA")] {
        reply.bulk(name.as_bytes());
        reply.bulk(value);
    }
    reply.bulk(b"functions");
    reply.array(library.functions.len());
    for function in &library.functions {
        reply.map(3);
        reply.bulk(b"name");
        reply.bulk(function.name.as_bytes());
        reply.bulk(b"description");
        reply.bulk_or_null(function.description.as_deref());
        reply.bulk(b"flags");
        reply.set(flag_names(function.flags).count());
        flag_names(function.flags).for_each(|name| reply.simple(&String::from_utf8_lossy(name)));
    }
    if with_code {
        reply.bulk(b"library_code");
        reply.bulk(&library.code);
    }
}

fn statistics(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let (libraries, functions, _) = call.server.scripts.functions.size();
    let reply = &mut call.reply;
    reply.map(2);
    // Whoever could be told is told BUSY: it is asked on the threads that run functions.
    reply.bulk(b"running_script");
    reply.null();
    reply.bulk(b"engines");
    reply.map(1);
    reply.bulk(b"LUA");
    reply.map(2);
    for (name, count) in [("libraries_count", libraries), ("functions_count", functions)] {
        reply.bulk(name.as_bytes());
        reply.integer(count as i64);
    }
    Ok(())
}

fn dump(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let libraries = call.server.scripts.functions.libraries();
    let codes: Vec<&[u8]> = libraries.iter().map(|library| &*library.code).collect();
    call.reply.bulk(&rdb::payload::libraries(&codes));
    Ok(())
}

fn restore(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let policy = match words[3..] {
        [] => Policy::Refuse,
        [word] if words::is(word, "append") => Policy::Refuse,
        [word] if words::is(word, "replace") => Policy::Replace,
        [word] if words::is(word, "flush") => Policy::Flush,
        [_] => {
            return Err(Fault::of("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."));
        }
        _ => return Err(misused(words)),
    };
    let bad = Fault::of("ERR DUMP payload version or checksum are wrong");
    let codes = rdb::payload::open(words[2]).ok_or(bad)?.libraries();
    let codes = codes.map_err(|_| Fault::of("ERR given type is not a function"))?;
    let codes: Vec<&[u8]> = codes.iter().map(Vec::as_slice).collect();
    call.server.scripts.functions.load(call.server, &codes, policy)?;
    call.effects.changes += 1;
    call.reply.ok();
    Ok(())
}

//! CONFIG: what operators may see and change.

use std::collections::BTreeMap;

use crate::call::Call;
use crate::command::{Command, Keys, Run, flag};
use crate::commands::help::help;
use crate::config;
use crate::fault::{Fault, Outcome};
use crate::glob;

const ADMIN: u32 = flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE;

pub(super) const COMMANDS: &[Command] =
    &[Command::new("config", -2, 0, Keys::None, help).about("2.0.0", "Settings.").with(&[
        row("get", -3, ADMIN, get).about("2.0.0", "The settings whose names patterns describe."),
        row("set", -4, ADMIN, set).about("2.0.0", "Changes settings: all of them, or none."),
        row("resetstat", 2, ADMIN, reset).about("2.0.0", "Counts from zero again."),
        row("rewrite", 2, ADMIN, rewrite).about("2.8.0", "Would write redis.conf anew; here it is the operator's."),
        row("help", 2, flag::LOADING | flag::STALE, help).about("5.0.0", "This text."),
    ])];

const fn row(name: &'static str, arity: i32, flags: u32, run: Run) -> Command {
    Command::new(name, arity, flags, Keys::None, run)
}

fn get(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let is_wanted = |name: &str| {
        !name.is_empty() && words[2..].iter().any(|pattern| glob::matches_any_case(pattern, name.as_bytes()))
    };
    let mut found = BTreeMap::new();
    for (name, row) in config::rows() {
        for shown in [row.name, row.alias].into_iter().filter(|shown| is_wanted(shown)) {
            found.insert(shown, call.server.config.text(name));
        }
    }
    call.reply.map(found.len());
    for (name, value) in found {
        call.reply.bulk(name.as_bytes());
        call.reply.bulk(value.as_bytes());
    }
    Ok(())
}

fn set(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (pairs, rest) = words[2..].as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Fault::SYNTAX);
    }
    let pairs: Vec<(&[u8], &[u8])> = pairs.iter().map(|[name, value]| (*name, *value)).collect();
    call.server.set_all(&pairs)?;
    call.reply.ok();
    Ok(())
}

fn reset(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.server.workers.lock().iter().for_each(|counters| counters.clear());
    call.server.errors.lock().clear();
    call.reply.ok();
    Ok(())
}

fn rewrite(_call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    Err(Fault::of("ERR The server is running without a config file"))
}

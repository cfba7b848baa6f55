//! COMMAND: what the rows say about commands, as clients and proxies ask it.

mod docs;
mod info;
mod keys;
mod specifications;

use crate::acl::categories;
use crate::call::Call;
use crate::command::{self, Command, Keys, flag};
use crate::commands::help::help;
use crate::fault::{Fault, Outcome};
use crate::{glob, words};

const FREE: u32 = flag::LOADING | flag::STALE;

pub(super) const COMMANDS: &[Command] = &[Command::new("command", -1, FREE, Keys::None, info::every)
    .of(&["connection"])
    .about("2.8.13", "What commands there are.")
    .with(&[
        row("count", 2, count).about("2.8.13", "How many commands there are."),
        row("docs", -2, docs::docs).about("7.0.0", "What commands are for."),
        row("info", -2, info::info).about("2.8.13", "What commands take, where their keys are, and what they may do."),
        row("list", -2, list).about("7.0.0", "Names, all or FILTERBY (MODULE, ACLCAT, PATTERN)."),
        row("getkeys", -4, keys::keys).about("2.8.13", "The keys of a whole request."),
        row("getkeysandflags", -4, keys::keys_and_flags)
            .about("7.0.0", "The keys of a whole request, and what is done to them."),
        row("help", 2, help).about("5.0.0", "This text."),
    ])];

const fn row(name: &'static str, arity: i32, run: crate::command::Run) -> Command {
    Command::new(name, arity, FREE, Keys::None, run).of(&["connection"])
}

fn count(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.integer(command::all().count() as i64);
    Ok(())
}

fn list(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let wanted: Box<dyn Fn(&Command) -> bool> = match words {
        [_, _] => Box::new(|_| true),
        [_, _, by, kind, name] if words::is(by, "filterby") => filter(kind, name)?,
        _ => return Err(Fault::SYNTAX),
    };
    let is_filtered = words.len() > 2;
    let every = command::numbered().iter().filter(|row| is_filtered || !row.full_name.contains('|'));
    let found: Vec<&str> = every.filter(|row| wanted(row)).map(|row| row.full_name).collect();
    if is_filtered {
        call.reply.array(found.len())
    } else {
        call.reply.set(found.len())
    }
    found.iter().for_each(|name| call.reply.bulk(name.as_bytes()));
    Ok(())
}

type Filter<'w> = Box<dyn Fn(&Command) -> bool + 'w>;

fn filter<'w>(kind: &[u8], name: &'w [u8]) -> Result<Filter<'w>, Fault> {
    if words::is(kind, "module") {
        Ok(Box::new(|_| false))
    } else if words::is(kind, "aclcat") {
        let bit = std::str::from_utf8(name).ok().and_then(categories::bit).unwrap_or(0);
        Ok(Box::new(move |row| categories::of(row) & bit != 0))
    } else if words::is(kind, "pattern") {
        Ok(Box::new(|row| glob::matches_any_case(name, row.full_name.as_bytes())))
    } else {
        Err(Fault::SYNTAX)
    }
}

/// The row of a name, `client|list` included.
fn named(name: &[u8]) -> Option<&'static Command> {
    let mut parts = name.splitn(2, |byte| *byte == b'|');
    let command = command::find(parts.next()?)?;
    match parts.next() {
        None => Some(command),
        Some(sub) => command.subcommands.iter().find(|row| row.name.as_bytes().eq_ignore_ascii_case(sub)),
    }
}

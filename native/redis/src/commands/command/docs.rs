//! COMMAND DOCS: a sentence about each command.

use resp::Writer;

use crate::call::Call;
use crate::command::{self, Command};
use crate::fault::Outcome;

use super::named;

pub(super) fn docs(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let rows: Vec<&Command> = match &words[2..] {
        [] => command::all().collect(),
        names => names.iter().filter_map(|name| named(name)).collect(),
    };
    call.reply.map(rows.len());
    rows.iter().for_each(|row| describe(row, &mut call.reply));
    Ok(())
}

fn describe(row: &Command, reply: &mut Writer<'_>) {
    reply.bulk(row.full_name.as_bytes());
    reply.map(3 + usize::from(!row.subcommands.is_empty()));
    for (name, text) in [("summary", row.summary), ("since", row.since), ("group", group(row))] {
        reply.bulk(name.as_bytes());
        reply.bulk(text.as_bytes());
    }
    if !row.subcommands.is_empty() {
        reply.bulk(b"subcommands");
        reply.map(row.subcommands.len());
        row.subcommands.iter().for_each(|sub| describe(sub, reply));
    }
}

/// Commands, and with them their subcommands, whose family is another one than their categories say.
const GROUPS: [(&str, &[&str]); 4] = [
    ("cluster", &["asking", "cluster", "readonly", "readwrite"]),
    ("generic", &["sort", "sort_ro", "wait", "waitaof"]),
    ("pubsub", &["pubsub"]),
    ("server", &["command", "dbsize", "flushall", "flushdb", "swapdb"]),
];

/// Redis's name for the family of a command, by its categories and those of its subcommands.
fn group(row: &Command) -> &'static str {
    let command = row.full_name.split('|').next().unwrap_or_default();
    if let Some((group, _)) = GROUPS.iter().find(|(_, commands)| commands.contains(&command)) {
        return group;
    }
    let categories = match row.categories {
        [] => row.subcommands.first().map_or(row.categories, |sub| sub.categories),
        own => own,
    };
    match categories.first().copied() {
        None | Some("dangerous" | "admin") => "server",
        Some("keyspace") => "generic",
        Some("sortedset") => "sorted-set",
        Some("transaction") => "transactions",
        Some(name) => name,
    }
}

//! ACL categories: names for groups of commands. Those of a command are what its row says, and what follows from its flags.

use crate::command::{Command, flag};

/// All of them, in the order in which Redis lists them; a category's bit is its position.
pub(crate) const CATEGORIES: [&str; 21] = [
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
];

/// The category's bit.
pub(crate) fn bit(name: &str) -> Option<u32> {
    CATEGORIES.iter().position(|known| known.eq_ignore_ascii_case(name)).map(|at| 1 << at)
}

/// The bits of a command's categories.
pub(crate) fn of(command: &Command) -> u32 {
    let own = command.categories.iter().filter_map(|name| bit(name)).fold(0, |all, one| all | one);
    let is_script = command.categories.contains(&"scripting");
    let implied: [(bool, &[&str]); 7] = [
        (command.is(flag::WRITE), &["write"]),
        (command.is(flag::READONLY) && !is_script, &["read"]),
        (command.is(flag::ADMIN), &["admin", "dangerous"]),
        (command.is(flag::PUBSUB), &["pubsub"]),
        (command.is(flag::FAST), &["fast"]),
        (command.is(flag::BLOCKING), &["blocking"]),
        (!command.is(flag::FAST), &["slow"]),
    ];
    let implied = implied.iter().filter(|(holds, _)| *holds).flat_map(|(_, names)| *names);
    implied.filter_map(|name| bit(name)).fold(own, |all, one| all | one)
}

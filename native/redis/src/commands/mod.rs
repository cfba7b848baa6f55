//! Every command: a family a file, a row and a function each.

mod connection;
mod keys;
mod strings;
mod transactions;

use crate::command::Command;

/// All rows.
pub(crate) static FAMILIES: &[&[Command]] = &[
    connection::COMMANDS,
    keys::COMMANDS,
    keys::expiry::COMMANDS,
    keys::object::COMMANDS,
    keys::space::COMMANDS,
    keys::walk::COMMANDS,
    strings::COMMANDS,
    transactions::COMMANDS,
];

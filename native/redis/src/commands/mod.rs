//! Every command: a family a file, a row and a function each.

mod connection;
mod strings;
mod transactions;

use crate::command::Command;

/// All rows.
pub(crate) static FAMILIES: &[&[Command]] = &[connection::COMMANDS, strings::COMMANDS, transactions::COMMANDS];

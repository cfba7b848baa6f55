//! The commands: a family a file, a row beside each function. To add one, write both there; nothing else needs to know.

mod admin;
mod arithmetic;
mod config;
mod delete;
pub(crate) mod dump;
mod meta;
mod meta_arithmetic;
mod meta_debug;
mod meta_delete;
mod meta_get;
mod meta_set;
pub(crate) mod refuse;
pub(crate) mod retrieval;
mod stats;
mod storage;
mod store;
mod touch;
mod tuning;
mod watch;

use crate::command::Command;

/// All rows.
pub(crate) const FAMILIES: &[&[Command]] = &[
    retrieval::COMMANDS,
    storage::COMMANDS,
    delete::COMMANDS,
    touch::COMMANDS,
    arithmetic::COMMANDS,
    meta_get::COMMANDS,
    meta_set::COMMANDS,
    meta_delete::COMMANDS,
    meta_arithmetic::COMMANDS,
    meta_debug::COMMANDS,
    admin::COMMANDS,
    config::COMMANDS,
    dump::COMMANDS,
    stats::COMMANDS,
    tuning::COMMANDS,
    watch::COMMANDS,
];

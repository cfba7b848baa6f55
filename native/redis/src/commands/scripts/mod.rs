//! EVAL and its kin, and SCRIPT.

mod evaluate;
mod script;

use crate::command::{Command, Keys, flag};

const RUN: u32 =
    flag::SCRIPT | flag::NOSCRIPT | flag::STALE | flag::SKIP_MONITOR | flag::NO_MANDATORY_KEYS | flag::MOVABLE_KEYS;
const WRITES: u32 = RUN | flag::MAY_REPLICATE;
const READS: u32 = RUN | flag::READONLY;
const DECLARED: Keys = Keys::Counted { at: 2, also: 0 };

pub(super) const COMMANDS: &[Command] = &[
    Command::new("eval", -3, WRITES, DECLARED, evaluate::eval).of(&["scripting"]).about("2.6.0", "Runs a Lua script."),
    Command::new("evalsha", -3, WRITES, DECLARED, evaluate::eval_sha)
        .of(&["scripting"])
        .about("2.6.0", "Runs a Lua script that the server knows, named by its SHA-1."),
    Command::new("eval_ro", -3, READS, DECLARED, evaluate::eval_read_only)
        .of(&["scripting"])
        .about("7.0.0", "Runs a Lua script that writes nothing."),
    Command::new("evalsha_ro", -3, READS, DECLARED, evaluate::eval_sha_read_only)
        .of(&["scripting"])
        .about("7.0.0", "Runs a Lua script that the server knows and that writes nothing, named by its SHA-1."),
    Command::new("script", -2, 0, Keys::None, super::help::help)
        .with(script::SUBCOMMANDS)
        .about("2.6.0", "Works with the scripts that the server knows."),
];

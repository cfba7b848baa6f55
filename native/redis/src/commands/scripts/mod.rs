//! EVAL, FCALL and their kin, SCRIPT and FUNCTION.

mod evaluate;
mod function;
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
    Command::new("fcall", -3, WRITES, DECLARED, function::fcall)
        .of(&["scripting"])
        .about("7.0.0", "Calls a function of a library."),
    Command::new("fcall_ro", -3, READS, DECLARED, function::fcall_read_only)
        .of(&["scripting"])
        .about("7.0.0", "Calls a function of a library that writes nothing."),
    Command::new("function", -2, 0, Keys::None, super::help::help)
        .with(function::SUBCOMMANDS)
        .about("7.0.0", "Works with libraries of functions."),
    Command::new("script", -2, 0, Keys::None, super::help::help)
        .with(script::SUBCOMMANDS)
        .about("2.6.0", "Works with the scripts that the server knows."),
];

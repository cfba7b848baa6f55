//! What clients of a cluster ask. This server stands alone, and says so.

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::commands::help::help;
use crate::fault::{Fault, Outcome};

const FREE: u32 = flag::FAST | flag::LOADING | flag::STALE;
const SEES: u32 = flag::STALE;
const SHOWS: u32 = flag::ADMIN | flag::STALE;
const CHANGES: u32 = SHOWS | flag::NO_ASYNC_LOADING;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("readonly", 1, FREE, Keys::None, alone).of(&["connection"]).about("3.0.0", "Only for a cluster."),
    Command::new("readwrite", 1, FREE, Keys::None, alone).of(&["connection"]).about("3.0.0", "Only for a cluster."),
    Command::new("asking", 1, flag::FAST, Keys::None, alone).of(&["connection"]).about("3.0.0", "Only for a cluster."),
    Command::new("cluster", -2, 0, Keys::None, alone).about("3.0.0", "Only for a cluster.").with(&[
        row("addslots", -3, CHANGES, "3.0.0"),
        row("addslotsrange", -4, CHANGES, "7.0.0"),
        row("bumpepoch", 2, CHANGES, "3.0.0"),
        row("count-failure-reports", 3, SHOWS, "3.0.0"),
        row("countkeysinslot", 3, SEES, "3.0.0"),
        row("delslots", -3, CHANGES, "3.0.0"),
        row("delslotsrange", -4, CHANGES, "7.0.0"),
        row("failover", -2, CHANGES, "3.0.0"),
        row("flushslots", 2, CHANGES, "3.0.0"),
        row("forget", 3, CHANGES, "3.0.0"),
        row("getkeysinslot", 4, SEES, "3.0.0"),
        row("info", 2, SEES, "3.0.0"),
        row("keyslot", 3, SEES, "3.0.0"),
        row("links", 2, SEES, "7.0.0"),
        row("meet", -4, CHANGES, "3.0.0"),
        row("myid", 2, SEES, "3.0.0"),
        row("myshardid", 2, SEES, "7.2.0"),
        row("nodes", 2, SEES, "3.0.0"),
        row("replicas", 3, SHOWS, "5.0.0"),
        row("replicate", 3, CHANGES, "3.0.0"),
        row("reset", -2, SHOWS | flag::NOSCRIPT, "3.0.0"),
        row("saveconfig", 2, CHANGES, "3.0.0"),
        row("set-config-epoch", 3, CHANGES, "3.0.0"),
        row("setslot", -4, CHANGES, "3.0.0"),
        row("shards", 2, SEES, "7.0.0"),
        row("slaves", 3, SHOWS, "3.0.0"),
        row("slots", 2, SEES, "3.0.0"),
        Command::new("help", 2, flag::LOADING | flag::STALE, Keys::None, help).about("5.0.0", "This text."),
    ]),
];

const fn row(name: &'static str, arity: i32, flags: u32, since: &'static str) -> Command {
    Command::new(name, arity, flags, Keys::None, alone).about(since, "Only for a cluster.")
}

fn alone(_call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    Err(Fault::of("ERR This instance has cluster support disabled"))
}

//! What commands do to their keys: read them, write them, or neither (`EXISTS` sees only whether there is one). Those that are not
//! listed read them if they are marked readonly, and read and write them if they write.

use crate::command::{Command, flag};
use crate::words;

/// The value is read.
pub(crate) const READ: u8 = 1;
/// The value is written.
pub(crate) const WRITE: u8 = 2;

/// Commands, what they do to their first key, and to the others, in the words of Redis's key specifications.
type Row = (&'static [&'static str], &'static str, &'static str);

const UPDATES: &str = "RW update";
const POPS: &str = "RW access delete";
const DELETES: &str = "RW delete";
const INSERTS: &str = "RW insert";
const SEES: &str = "RO";
const READS: &str = "RO access";
const OVERWRITES: &str = "OW update";
const CHANGES: &str = "RW access update";

const ROWS: &[Row] = &[
    (
        &[
            "exists",
            "hexists",
            "hlen",
            "hstrlen",
            "llen",
            "memory|usage",
            "object|encoding",
            "object|freq",
            "object|idletime",
            "object|refcount",
            "scard",
            "sismember",
            "strlen",
            "touch",
            "type",
            "watch",
            "xlen",
            "zcard",
        ],
        SEES,
        SEES,
    ),
    (
        &[
            "expire",
            "expireat",
            "geoadd",
            "hmset",
            "hset",
            "lset",
            "persist",
            "pexpire",
            "pexpireat",
            "setrange",
            "xack",
            "xadd",
            "xclaim",
            "xgroup|setid",
            "xsetid",
            "zadd",
        ],
        UPDATES,
        UPDATES,
    ),
    (
        &[
            "blmpop", "blpop", "brpop", "bzmpop", "bzpopmax", "bzpopmin", "getdel", "lmpop", "lpop", "rpop", "spop",
            "zmpop", "zpopmax", "zpopmin",
        ],
        POPS,
        POPS,
    ),
    (
        &[
            "hdel",
            "lrem",
            "ltrim",
            "srem",
            "xautoclaim",
            "xdel",
            "xgroup|delconsumer",
            "xgroup|destroy",
            "xtrim",
            "zrem",
            "zremrangebylex",
            "zremrangebyrank",
            "zremrangebyscore",
        ],
        DELETES,
        DELETES,
    ),
    (
        &[
            "append",
            "hsetnx",
            "linsert",
            "lpush",
            "lpushx",
            "pfadd",
            "rpush",
            "rpushx",
            "sadd",
            "xgroup|create",
            "xgroup|createconsumer",
        ],
        INSERTS,
        INSERTS,
    ),
    (
        &[
            "bitop",
            "geosearchstore",
            "sdiffstore",
            "sunionstore",
            "zdiffstore",
            "zinterstore",
            "zrangestore",
            "zunionstore",
        ],
        OVERWRITES,
        READS,
    ),
    (&["sinterstore"], UPDATES, READS),
    (&["blmove", "brpoplpush", "lmove", "rpoplpush", "smove"], POPS, INSERTS),
    (&["mset", "psetex", "restore", "restore-asking", "setex"], OVERWRITES, OVERWRITES),
    (&["msetnx", "setnx"], "OW insert", "OW insert"),
    (&["del", "unlink"], "RM delete", "RM delete"),
    (&["pfcount", "pfdebug"], "RW access", "RW access"),
    (&["copy", "georadius", "georadiusbymember", "sort"], READS, OVERWRITES),
    (&["rename"], POPS, OVERWRITES),
    (&["renamenx"], POPS, "OW insert"),
    (&["pfmerge"], "RW access insert", READS),
    (&["xreadgroup"], READS, READS),
    (&["set", "bitfield"], "RW access update variable_flags", "RW access update variable_flags"),
];

/// What a command does to its `at`-th key, in Redis's words.
pub(crate) fn flags(command: &Command, at: usize) -> &'static str {
    let row = ROWS.iter().find(|(names, ..)| names.contains(&command.full_name));
    match row {
        Some((_, first, rest)) => {
            if at == 0 {
                first
            } else {
                rest
            }
        }
        None if command.is(flag::READONLY) => READS,
        None => CHANGES,
    }
}

/// The same for this request: what some commands do depends on their options.
pub(crate) fn flags_of(command: &Command, request: &[&[u8]], at: usize) -> &'static str {
    let has = |option: &str| request.iter().skip(2).any(|word| words::is(word, option));
    match command.full_name {
        "set" if has("get") => CHANGES,
        "set" => OVERWRITES,
        "bitfield" if has("set") || has("incrby") => CHANGES,
        "bitfield" => READS,
        _ => flags(command, at),
    }
}

/// The same as bits.
pub(crate) fn access(command: &Command, request: &[&[u8]], at: usize) -> u8 {
    let has = |name: &str| flags_of(command, request, at).split(' ').any(|word| word == name);
    let writes = has("update") || has("insert") || has("delete");
    let reads = if has("access") { READ } else { 0 };
    if writes { reads | WRITE } else { reads }
}

//! Saving and replicating: what is asked of a server that writes no disk and has no replicas yet is answered so.

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::timeouts;
use crate::words;

const ADMIN: u32 = flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING;
const REPLICA: u32 = flag::ADMIN | flag::NOSCRIPT | flag::STALE;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("save", 1, ADMIN, Keys::None, no_disk).about("1.0.0", "Writes all data to disk."),
    Command::new("bgsave", -1, ADMIN, Keys::None, background_save)
        .about("1.0.0", "Writes all data to disk, in the background."),
    Command::new("bgrewriteaof", 1, ADMIN, Keys::None, no_disk).about("1.0.0", "Makes the log short."),
    Command::new("lastsave", 1, flag::LOADING | flag::STALE | flag::FAST, Keys::None, last_save)
        .of(&["admin", "dangerous"])
        .about("1.0.0", "When data was last written to disk: never yet, so when the server began."),
    Command::new("replicaof", 3, REPLICA | flag::NO_ASYNC_LOADING, Keys::None, replica_of)
        .about("5.0.0", "Makes this a replica of another server, or of none."),
    Command::new("slaveof", 3, REPLICA | flag::NO_ASYNC_LOADING, Keys::None, replica_of)
        .about("1.0.0", "Makes this a replica of another server, or of none."),
    Command::new("failover", -1, REPLICA, Keys::None, failover).about("6.2.0", "Hands over to a replica."),
    Command::new("psync", -3, ADMIN, Keys::None, no_replicas).about("2.8.0", "What a replica asks."),
    Command::new("sync", 1, ADMIN, Keys::None, no_replicas).about("1.0.0", "What a replica asks."),
    Command::new("replconf", -1, REPLICA | flag::LOADING | flag::ALLOW_BUSY, Keys::None, no_replicas)
        .about("3.0.0", "What a replica says of itself."),
    Command::new("wait", 3, flag::NOSCRIPT, Keys::None, wait)
        .of(&["connection"])
        .about("3.0.0", "How many replicas have what was written: none."),
    Command::new("waitaof", 4, flag::NOSCRIPT, Keys::None, wait_log)
        .of(&["connection"])
        .about("7.2.0", "How many logs have what was written: none."),
];

fn no_disk(_call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    Err(Fault::of("ERR nothing can be written to disk: this server keeps its data in memory only"))
}

fn background_save(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match words {
        [_] => no_disk(call, words),
        [_, option] if words::is(option, "schedule") => no_disk(call, words),
        _ => Err(Fault::SYNTAX),
    }
}

fn no_replicas(_call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    Err(Fault::of("ERR this server has no replicas: its data can't be copied"))
}

fn last_save(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.integer(call.server.began_at(call.now));
    Ok(())
}

fn replica_of(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if words::is(words[1], "no") && words::is(words[2], "one") {
        call.reply.ok();
        return Ok(());
    }
    Err(Fault::of("ERR this server can't be a replica"))
}

fn failover(_call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    Err(Fault::of("ERR FAILOVER requires connected replicas."))
}

fn wait(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    words::integer(words[1])?;
    timeouts::milliseconds(words[2], call.now)?;
    call.reply.integer(0);
    Ok(())
}

fn wait_log(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let local = words::integer(words[1])?;
    if !(0..=1).contains(&local) {
        return Err(Fault::of("ERR value is out of range, must be between 0 and 1"));
    }
    if words::integer(words[2])? < 0 {
        return Err(Fault::of("ERR value is out of range, must be positive"));
    }
    timeouts::milliseconds(words[3], call.now)?;
    if local > 0 {
        return Err(Fault::of("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."));
    }
    call.reply.array(2);
    call.reply.integer(0);
    call.reply.integer(0);
    Ok(())
}

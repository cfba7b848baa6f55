//! MEMC.*: the orders of those who run a group, and what they ask. Each names the epoch of who gives it; one older than what the node
//! has seen is refused.

use crate::call::Call;
use crate::clients::mark;
use crate::command::{Command, Keys, Run, flag};
use crate::durability::Mode;
use crate::fault::{Fault, Outcome};
use crate::replication::Target;
use crate::words;

const ORDER: u32 = flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::ALLOW_BUSY;

pub(super) const COMMANDS: &[Command] = &[
    row("memc.status", 1, Keys::None, status)
        .about("7.2.4", "Role, epochs, offsets, lease and replicas of this member of a group."),
    row("memc.lease", 3, Keys::None, lease)
        .about("7.2.4", "The primary of this epoch serves until its own clock shows so many milliseconds."),
    row("memc.seal", 2, Keys::All, seal)
        .about("7.2.4", "Takes nothing of an older epoch any more; says how far it is."),
    row("memc.promote", -3, Keys::All, promote)
        .about("7.2.4", "Primary of this epoch, until its clock shows so much; only if this is the run that is named."),
    row("memc.follow", 4, Keys::All, follow).about("7.2.4", "Replica of this epoch's primary at a host and port."),
    row("memc.insync", -4, Keys::None, in_sync)
        .about("7.2.4", "When a write of this epoch counts as done, and the replicas that count for it."),
    row("memc.pause", 3, Keys::All, pause)
        .about("7.2.4", "Holds writes for so many milliseconds at most; says how far it is."),
    row("memc.resume", 2, Keys::None, resume).about("7.2.4", "Ends such a pause."),
];

const fn row(name: &'static str, arity: i32, keys: Keys, run: Run) -> Command {
    Command::new(name, arity, ORDER, keys, run).of(&["dangerous"])
}

/// An epoch, a version, or a time in milliseconds.
fn number(text: &[u8]) -> Result<u64, Fault> {
    words::positive(text).map(|number| number as u64)
}

fn status(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.session.client().mark(mark::ORDERS, true);
    call.server.write_status(&mut call.reply, call.now);
    Ok(())
}

fn lease(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.server.lease(number(words[1])?, number(words[2])?)?;
    obeyed(call)
}

fn promote(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    // Who was started again since he was chosen may hold less than what he was chosen for.
    if words.len() > 4 || words.get(3).is_some_and(|run| *run != call.server.run.id.as_bytes()) {
        return Err(Fault::of("ERR this is not the run that is named: the node was started again"));
    }
    call.server.begin_epoch(call.data, number(words[1])?, number(words[2])?, call.outbox)?;
    obeyed(call)
}

fn follow(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let host = String::from_utf8(words[2].to_vec()).map_err(|_| Fault::of("ERR the host is no name or address"))?;
    let port = words::canonical(words[3]).and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
    let port = port.ok_or(Fault::of("ERR Invalid master port"))?;
    let target = Target { host, port, takes_over: false };
    call.server.follow_epoch(call.data, number(words[1])?, target, call.outbox)?;
    obeyed(call)
}

fn seal(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let end = call.server.seal_epoch(number(words[1])?, call.outbox)?;
    let history = call.server.journal.history();
    call.session.client().mark(mark::ORDERS, true);
    call.reply.array(3);
    call.reply.integer(history.epoch as i64);
    call.reply.integer(end as i64);
    call.reply.bulk(&history.replid);
    Ok(())
}

/// The connection is one that orders come over: it is not closed when the node is fenced.
fn obeyed(call: &mut Call<'_, '_>) -> Outcome {
    call.session.client().mark(mark::ORDERS, true);
    call.reply.ok();
    Ok(())
}

fn in_sync(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (epoch, version) = (number(words[1])?, number(words[2])?);
    let mode = Mode::parse(&String::from_utf8_lossy(words[3])).map_err(|wrong| Fault::made(format!("ERR {wrong}")))?;
    let names = words[4..].iter().map(|name| String::from_utf8_lossy(name).into_owned());
    call.server.declare(epoch, version, mode, names.collect())?;
    obeyed(call)
}

/// Every shard is locked: who had begun to write has ended.
fn pause(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.server.admit_order(number(words[1])?)?;
    call.server.pause.begin(call.now.saturating_add(number(words[2])?), false);
    call.session.client().mark(mark::ORDERS, true);
    call.reply.array(1);
    call.reply.integer(call.server.journal.end.get() as i64);
    Ok(())
}

fn resume(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.server.admit_order(number(words[1])?)?;
    call.server.pause.end(call.outbox);
    obeyed(call)
}

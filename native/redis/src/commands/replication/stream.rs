//! PSYNC, SYNC and REPLCONF: what replicas ask and say. What they say of the stream is not answered.

use std::sync::atomic::Ordering::Relaxed;

use super::ADMIN;
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::replication::{LinkState, replication_id};
use crate::words;

const CONFIGURES: u32 = flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::ALLOW_BUSY;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command::new("psync", -3, ADMIN | flag::NO_TRANSACTION, Keys::All, psync)
        .about("2.8.0", "Asks for the stream of changes."),
    Command::new("sync", 1, ADMIN | flag::NO_TRANSACTION, Keys::All, sync)
        .about("1.0.0", "Asks for all data, and the stream of changes."),
    Command::new("replconf", -1, CONFIGURES, Keys::None, configure)
        .about("3.0.0", "What a replica and its primary say of themselves."),
];

fn sync(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    if is_possible(call)? {
        call.server.attach(call.session, None, call.wall, &mut call.reply);
    }
    Ok(())
}

fn psync(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if !is_possible(call)? {
        return Ok(());
    }
    if words.get(3).is_some_and(|word| words::is(word, "failover")) {
        take_over(call, words[1])?;
    }
    // The first byte wanted, counted from 1; -1 for none.
    let from = words::integer(words[2])?;
    let held = u64::try_from(from - 1).ok();
    call.server.attach(call.session, Some((words[1], held)), call.wall, &mut call.reply);
    Ok(())
}

/// Whether this connection may be fed; false for one that is already.
fn is_possible(call: &Call<'_, '_>) -> Result<bool, Fault> {
    let replication = &call.server.replication;
    if !call.may_wait {
        return Err(Fault::of("ERR a transaction or a script can't be a replica"));
    }
    if replication.is_replica() && replication.link().state != LinkState::Up {
        return Err(Fault::of("NOMASTERLINK Can't SYNC while not connected with my master"));
    }
    Ok(call.session.replica.is_none())
}

/// The primary hands over to this server, its replica.
fn take_over(call: &mut Call<'_, '_>, name: &[u8]) -> Outcome {
    if !call.server.replication.is_replica() {
        return Err(Fault::of("ERR PSYNC FAILOVER can't be sent to a master."));
    }
    if replication_id(name) != Some(call.server.journal.history().replid) {
        return Err(Fault::of("ERR PSYNC FAILOVER replid must match my replid."));
    }
    call.server.promote(call.data, call.outbox)
}

fn configure(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if call.session.is_exempt {
        // What a primary says in its stream is not for the data.
        return Ok(());
    }
    if words.len().is_multiple_of(2) {
        return Err(Fault::SYNTAX);
    }
    if words.get(1).is_some_and(|word| words::is(word, "ack")) {
        acknowledge(call, &words[1..]);
        return Ok(());
    }
    if words.get(1).is_some_and(|word| words::is(word, "getack")) {
        return Ok(());
    }
    for pair in words[1..].chunks(2) {
        announce(call, pair[0], pair[1])?;
    }
    let log = words[1..].chunks(2).find(|pair| words::is(pair[0], "memc-log"));
    match log.and_then(|pair| shared(call, pair[1])) {
        Some(bytes) => call.reply.simple(&format!("OK {bytes}")),
        None => call.reply.ok(),
    }
    Ok(())
}

/// Bytes of the log of this name that this server's begins with.
fn shared(call: &Call<'_, '_>, name: &[u8]) -> Option<u64> {
    let (name, history) = (replication_id(name)?, call.server.journal.history());
    match name {
        _ if name == history.replid => Some(call.server.journal.end.get()),
        _ if name == history.second => history.second_end,
        _ => None,
    }
}

/// `ACK <applied> [FACK <on disk>] [EPOCH <epoch>]`.
fn acknowledge(call: &mut Call<'_, '_>, pairs: &[&[u8]]) {
    let Some(replica) = call.session.replica.clone() else { return };
    let number = |name: &str| {
        let pair = pairs.chunks(2).find(|pair| words::is(pair[0], name))?;
        u64::try_from(words::canonical(pair[1])?).ok()
    };
    let Some(offset) = number("ack") else { return };
    if let Some(epoch) = number("epoch") {
        replica.epoch.fetch_max(epoch, Relaxed);
        if call.server.hear_of(epoch, call.outbox).is_err() {
            return;
        }
    }
    replica.acknowledge(offset, number("fack"), call.wall);
    call.server.heard_of_replica(call.wall, call.outbox);
}

fn announce(call: &mut Call<'_, '_>, option: &[u8], value: &[u8]) -> Outcome {
    let text = || String::from_utf8_lossy(value).into_owned();
    let announced = call.session.announced.get_or_insert_default();
    match option.to_ascii_lowercase().as_slice() {
        b"listening-port" => {
            let port = words::integer(value)?;
            announced.port = u16::try_from(port).map_err(|_| Fault::of("ERR value is out of range"))?;
        }
        b"ip-address" if value.len() < 256 => announced.address = text(),
        b"ip-address" => return Err(Fault::of("ERR REPLCONF ip-address provided by replica instance is too long")),
        b"capa" if words::is(value, "eof") => announced.takes_marks = true,
        b"capa" if words::is(value, "psync2") => announced.takes_names = true,
        // Abilities that are not known here are not used.
        b"capa" | b"version" => {}
        b"rdb-only" => announced.snapshot_only = words::integer(value)? != 0,
        b"memc-log" => {}
        b"memc-name" => announced.name = text(),
        b"memc-epoch" => {
            let epoch = words::positive(value)? as u64;
            announced.epoch = epoch;
            call.server.hear_of(epoch, call.outbox)?;
        }
        _ => {
            let option = String::from_utf8_lossy(option);
            return Err(Fault::made(format!("ERR Unrecognized REPLCONF option: {option}")));
        }
    }
    Ok(())
}

//! REPLICAOF and ROLE: which part a server has.

use std::sync::atomic::Ordering::SeqCst;

use super::ADMIN;
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::replication::{LinkState, Target};
use crate::words;

const FREE: u32 = flag::LOADING | flag::STALE | flag::FAST | flag::NOSCRIPT;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command::new("replicaof", 3, ADMIN | flag::STALE, Keys::All, replica_of)
        .about("5.0.0", "Makes this a replica of another server, or of none."),
    Command::new("slaveof", 3, ADMIN | flag::STALE, Keys::All, replica_of)
        .about("1.0.0", "Makes this a replica of another server, or of none."),
    Command::new("role", 1, FREE, Keys::None, role)
        .of(&["admin", "dangerous"])
        .about("2.8.12", "Whether this is a primary or a replica."),
];

fn replica_of(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if call.session.replica.is_some() {
        return Err(Fault::of("ERR Command is not valid when client is a replica."));
    }
    if call.server.failover_state() != "no-failover" {
        return Err(Fault::of("ERR REPLICAOF not allowed while failing over."));
    }
    if words::is(words[1], "no") && words::is(words[2], "one") {
        call.server.promote(call.data, call.outbox)?;
        call.reply.ok();
        return Ok(());
    }
    let port = words::canonical(words[2]).and_then(|port| u16::try_from(port).ok());
    let port = port.ok_or(Fault::of("ERR Invalid master port"))?;
    let host = String::from_utf8_lossy(words[1]).into_owned();
    let target = Target { host, port, takes_over: false };
    if call.server.replication.target().is_some_and(|now| (&now.host, now.port) == (&target.host, target.port)) {
        call.reply.simple("OK Already connected to specified master");
        return Ok(());
    }
    call.server.follow(call.data, target, call.outbox);
    call.reply.ok();
    Ok(())
}

fn role(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let (server, reply) = (call.server, &mut call.reply);
    let offset = server.journal.end.get() as i64;
    let Some(target) = server.replication.target() else {
        let replicas = server.replication.replicas.all();
        let online: Vec<_> = replicas.iter().filter(|replica| replica.is_online()).collect();
        reply.array(3);
        reply.bulk(b"master");
        reply.integer(offset);
        reply.array(online.len());
        for replica in online {
            reply.array(3);
            reply.bulk(replica.host.as_bytes());
            reply.bulk_integer(replica.announced.port.into());
            reply.bulk_integer(replica.acked.load(SeqCst) as i64);
        }
        return Ok(());
    };
    let link = server.replication.link();
    reply.array(5);
    reply.bulk(b"slave");
    reply.bulk(target.host.as_bytes());
    reply.integer(target.port.into());
    reply.bulk(match link.state {
        LinkState::None => b"none",
        LinkState::Connecting => b"connect",
        LinkState::Greeting => b"handshake",
        LinkState::Syncing => b"sync",
        LinkState::Up => b"connected",
    });
    reply.integer(if link.state == LinkState::Up { offset } else { -1 });
    Ok(())
}

//! Copies elsewhere: what is asked of a primary, of a replica, and between them.

use super::{ADMIN, REPLICA};
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::words;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command::new("replicaof", 3, REPLICA | flag::NO_ASYNC_LOADING, Keys::None, replica_of)
        .about("5.0.0", "Makes this a replica of another server, or of none."),
    Command::new("slaveof", 3, REPLICA | flag::NO_ASYNC_LOADING, Keys::None, replica_of)
        .about("1.0.0", "Makes this a replica of another server, or of none."),
    Command::new("failover", -1, REPLICA, Keys::None, failover).about("6.2.0", "Hands over to a replica."),
    Command::new("psync", -3, ADMIN, Keys::None, no_replicas).about("2.8.0", "What a replica asks."),
    Command::new("sync", 1, ADMIN, Keys::None, no_replicas).about("1.0.0", "What a replica asks."),
    Command::new("replconf", -1, REPLICA | flag::LOADING | flag::ALLOW_BUSY, Keys::None, no_replicas)
        .about("3.0.0", "What a replica says of itself."),
];

fn no_replicas(_call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    Err(Fault::of("ERR this server has no replicas: its data can't be copied"))
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

//! WAIT and WAITAOF: until what this connection has written is elsewhere, or on disks.

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::replication::{NO_LOG, Needs};
use crate::timeouts;
use crate::words;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command::new("wait", 3, flag::NOSCRIPT | flag::BLOCKING, Keys::None, wait)
        .of(&["connection"])
        .about("3.0.0", "Waits until so many replicas have what was written."),
    Command::new("waitaof", 4, flag::NOSCRIPT | flag::BLOCKING, Keys::None, wait_log)
        .of(&["connection"])
        .about("7.2.0", "Waits until so many disks hold what was written."),
];

fn wait(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if call.server.replication.is_replica() {
        return Err(Fault::of(
            "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be \
             writable (which is not the default) writes to replicas are just local and are not propagated.",
        ));
    }
    let replicas = words::integer(words[1])?;
    let milliseconds = timeouts::milliseconds(words[2], call.wall)?;
    let needs = Needs { offset: call.session.offset, replicas, local: None };
    call.wait_for_copies(needs, milliseconds);
    Ok(())
}

fn wait_log(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let local = words::integer(words[1])?;
    if !(0..=1).contains(&local) {
        return Err(Fault::of("ERR value is out of range, must be between 0 and 1"));
    }
    let replicas = words::integer(words[2])?;
    if replicas < 0 {
        return Err(Fault::of("ERR value is out of range, must be positive"));
    }
    let milliseconds = timeouts::milliseconds(words[3], call.wall)?;
    if call.server.replication.is_replica() {
        return Err(Fault::of(
            "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not \
             propagated.",
        ));
    }
    let needs = Needs { offset: call.session.offset, replicas, local: Some(local) };
    if call.server.lacks_log_for(needs) {
        return Err(Fault::of(NO_LOG));
    }
    call.wait_for_copies(needs, milliseconds);
    Ok(())
}

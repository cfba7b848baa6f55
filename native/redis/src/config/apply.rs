//! What is done when a directive has changed.

use std::sync::atomic::Ordering::Relaxed;

use crate::durability::Mode;
use crate::events;
use crate::restraints::reason;
use crate::server::Server;

pub(super) fn password(server: &Server, text: &str) -> Result<(), String> {
    server.acl.set_default_password(text.as_bytes());
    Ok(())
}

pub(super) fn acl_file(server: &Server, path: &str) -> Result<(), String> {
    if path.is_empty() { Ok(()) } else { server.acl.load(path) }
}

pub(super) fn events(server: &Server, text: &str) -> Result<(), String> {
    server.set_events(events::parse(text).unwrap_or(0));
    Ok(())
}

pub(super) fn member(server: &Server, name: &str) -> Result<(), String> {
    server.join_group(name)
}

pub(super) fn durability(server: &Server, text: &str) -> Result<(), String> {
    if !server.group.name().is_empty() {
        return Err("the durability of a group is changed where the group is (MEMC.INSYNC)".to_owned());
    }
    Mode::parse(text).map(|mode| server.set_mode(mode))
}

/// It is switched by whoever tends it; who is switched off by a full disk writes from now on.
pub(super) fn append_only(server: &Server, _text: &str) -> Result<(), String> {
    server.restrain_writes();
    Ok(())
}

pub(super) fn fsync(server: &Server, text: &str) -> Result<(), String> {
    server.adjust_log();
    server.set_always(text == "always");
    Ok(())
}

pub(super) fn slow_log(server: &Server, _text: &str) -> Result<(), String> {
    server.slow_log.trim(server.config.number(super::SLOWLOG_MAX));
    Ok(())
}

/// Whether a file that could not be written keeps others from writing.
pub(super) fn saving(server: &Server, _text: &str) -> Result<(), String> {
    server.restraints.set(reason::SAVE_FAILED, server.saves.last().failure.is_some() && server.stops_writes());
    Ok(())
}

/// Bounds between representations, where commands read them.
pub(super) fn tuning(server: &Server, _text: &str) -> Result<(), String> {
    let number = |name| server.config.count(name);
    let tuning = &server.tuning;
    tuning.hash_max_listpack_entries.store(number(super::HASH_ENTRIES), Relaxed);
    tuning.hash_max_listpack_value.store(number(super::HASH_VALUE), Relaxed);
    tuning.set_max_intset_entries.store(number(super::SET_INTEGERS), Relaxed);
    tuning.set_max_listpack_entries.store(number(super::SET_ENTRIES), Relaxed);
    tuning.set_max_listpack_value.store(number(super::SET_VALUE), Relaxed);
    tuning.hll_sparse_max_bytes.store(number(super::HLL_BYTES), Relaxed);
    Ok(())
}

pub(super) fn replica(server: &Server, _text: &str) -> Result<(), String> {
    server.restrain_replica();
    Ok(())
}

pub(super) fn replicas_near(server: &Server, _text: &str) -> Result<(), String> {
    server.restrain_few_replicas(crate::host::wall_clock());
    Ok(())
}

pub(super) fn backlog(server: &Server, _text: &str) -> Result<(), String> {
    server.journal.set_backlog(server.config.count(super::REPL_BACKLOG));
    Ok(())
}

pub(super) fn log(server: &Server, _text: &str) -> Result<(), String> {
    server.adjust_log();
    Ok(())
}

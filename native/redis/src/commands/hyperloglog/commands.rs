//! PFADD, PFCOUNT, PFMERGE.

use std::sync::atomic::Ordering;

use super::estimate::place;
use super::registers::{self, REGISTERS};
use crate::call::Call;
use crate::command::{Command, FIRST, REST, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("pfadd", -2, flag::WRITE | flag::DENYOOM | flag::FAST, FIRST, pfadd)
        .of(&["hyperloglog"])
        .about("2.8.9", "Adds things to a HyperLogLog."),
    Command::new("pfcount", -2, flag::READONLY | flag::MAY_REPLICATE, REST, pfcount)
        .of(&["hyperloglog"])
        .about("2.8.9", "About how many different things were added to HyperLogLogs."),
    Command::new("pfmerge", -2, flag::WRITE | flag::DENYOOM, REST, pfmerge)
        .of(&["hyperloglog"])
        .about("2.8.9", "Adds to a HyperLogLog what was added to others."),
];

/// A HyperLogLog, if the key is there.
fn find<'c>(call: &'c mut Call<'_, '_>, key: &[u8]) -> Result<Option<&'c [u8]>, Fault> {
    let found = call.string(key)?.0;
    found.map_or(Ok(()), registers::check)?;
    Ok(found)
}

fn pfadd(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let key = words[1];
    let is_new = find(call, key)?.is_none();
    let sparse_max = call.server.tuning.hll_sparse_max_bytes.load(Ordering::Relaxed);
    let (has_changed, outcome) = call.change_string(key, |bytes| {
        let mut has_changed = is_new;
        if is_new {
            *bytes = registers::empty();
        }
        for thing in &words[2..] {
            let (register, value) = place(thing);
            match registers::raise(bytes, register, value, sparse_max) {
                Ok(is_raised) => has_changed |= is_raised,
                Err(fault) => return (has_changed, Err(fault)),
            }
        }
        if has_changed {
            registers::forget_cardinality(bytes);
        }
        (has_changed, Ok(()))
    })?;
    if has_changed {
        call.modified(key, Class::String, "pfadd");
    }
    outcome?;
    call.reply.integer(has_changed.into());
    Ok(())
}

fn pfcount(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if let [_, key] = words {
        return pfcount_one(call, key);
    }
    let mut merged = [0; REGISTERS];
    for key in &words[1..] {
        if let Some(bytes) = find(call, key)? {
            registers::merge(&mut merged, bytes)?;
        }
    }
    call.reply.integer(registers::count_merged(&merged) as i64);
    Ok(())
}

/// Counting keeps what it has counted, in the value; so it is a change, of which nobody but watchers and the log hears.
fn pfcount_one(call: &mut Call<'_, '_>, key: &[u8]) -> Outcome {
    let Some(bytes) = find(call, key)? else {
        call.reply.integer(0);
        return Ok(());
    };
    let known = registers::cardinality(bytes);
    let count = known.map_or_else(|| registers::count(bytes), Ok)?;
    if known.is_none() {
        call.change_string(key, |bytes| registers::set_cardinality(bytes, count))?;
        call.effects.changes += 1;
        call.touched(key);
    }
    call.reply.integer(count as i64);
    Ok(())
}

fn pfmerge(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, mut merged, mut is_dense) = (words[1], [0; REGISTERS], false);
    for source in &words[1..] {
        if let Some(bytes) = find(call, source)? {
            is_dense |= registers::is_dense(bytes);
            registers::merge(&mut merged, bytes)?;
        }
    }
    let sparse_max = call.server.tuning.hll_sparse_max_bytes.load(Ordering::Relaxed);
    let is_new = find(call, key)?.is_none();
    call.change_string(key, |bytes| {
        if is_new {
            *bytes = registers::empty();
        }
        if is_dense {
            registers::make_dense(bytes)?;
        }
        for (register, &value) in merged.iter().enumerate().filter(|(_, value)| **value > 0) {
            registers::raise(bytes, register, value, sparse_max)?;
        }
        registers::forget_cardinality(bytes);
        Ok(())
    })??;
    call.modified(key, Class::String, "pfadd");
    call.reply.ok();
    Ok(())
}

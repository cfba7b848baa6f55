//! One version stored under a condition: what the storage commands and `ms` share. Returns outcomes; each says them in its own words.

use cache::{Attributes, Key, NewValue, NoRoom, Room, Seconds};

use crate::call::{Call, item_size};

/// When to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Set,
    Add,
    Replace,
    Append,
    Prepend,
    /// If the present version has the CAS value that is compared.
    Compare,
}

/// What to store, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) mode: Mode,
    pub(super) flags: u32,
    pub(super) expires_at: Seconds,
    /// The CAS value that the present version must have (`Compare`, and `Append` and `Prepend` if wanted).
    pub(super) compare: Option<u64>,
    /// The CAS value that the new version gets, if not a fresh one.
    pub(super) cas: Option<u64>,
    /// `Compare` stores over a newer version too, and marks what it stores as stale.
    pub(super) allow_stale: bool,
    /// `Append` and `Prepend` begin a value where there is none.
    pub(super) vivify: bool,
    /// The CAS value of what was stored is asked for.
    pub(super) want_cas: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Stored,
    NotStored,
    Exists,
    NotFound,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub(super) outcome: Outcome,
    /// Of the version that was stored, if it was asked for; else 0.
    pub(super) cas: u64,
    /// The length of the value as it stands now, or of the one that was refused.
    pub(super) length: usize,
}

/// Stores if the mode's condition holds.
pub(super) fn store(call: &mut Call<'_>, key: &Key<'_>, order: &Order, value: NewValue<'_>) -> Result<Stored, NoRoom> {
    call.counters.set.up();
    let stored = choose(call, key, order, value);
    if call.server.watchers.is_observed() {
        tell(call, key, order, &stored);
    }
    stored
}

fn choose(call: &mut Call<'_>, key: &Key<'_>, order: &Order, value: NewValue<'_>) -> Result<Stored, NoRoom> {
    let length = value.as_slice().len();
    if order.mode == Mode::Set && order.cas.is_none() && !order.want_cas {
        call.cache.set(key, value, order.flags, order.expires_at, call.clock.now)?;
        return Ok(Stored { outcome: Outcome::Stored, cas: 0, length });
    }
    match order.mode {
        Mode::Append | Mode::Prepend => extend(call, key, order, value, length),
        _ => put(call, key, order, value, length),
    }
}

/// Stores the value as it is.
fn put(
    call: &mut Call<'_>,
    key: &Key<'_>,
    order: &Order,
    value: NewValue<'_>,
    length: usize,
) -> Result<Stored, NoRoom> {
    let mut entry = call.cache.write(key, Room::Value(length), call.clock.now)?;
    let mut stale = false;
    let mut won = false;
    let mut expires_at = order.expires_at;
    let present = entry.found();
    let outcome = match (order.mode, present) {
        (Mode::Set, _) | (Mode::Add, None) | (Mode::Replace, Some(_)) => Outcome::Stored,
        (Mode::Compare, None) => Outcome::NotFound,
        (Mode::Compare, Some(mut found)) => {
            let cas = found.cas();
            let compare = order.compare.unwrap_or(0);
            stale = order.allow_stale && compare < cas;
            if stale {
                // An older value does not live longer for it, and whoever recaches the item still does.
                (expires_at, won) = (found.item().expires_at, found.item().won);
            }
            if compare == cas || stale { Outcome::Stored } else { Outcome::Exists }
        }
        _ => Outcome::NotStored,
    };
    count_compare(call, order.mode, outcome);
    if outcome != Outcome::Stored {
        return Ok(Stored { outcome, cas: 0, length });
    }
    let Order { flags, cas, .. } = *order;
    entry.put(value, Attributes { flags, expires_at, cas, stale, won });
    let cas = if order.want_cas { entry.found().map_or(0, |mut found| found.cas()) } else { 0 };
    Ok(Stored { outcome, cas, length })
}

/// Stores the present value with something before or behind it; its flags and expiry stay.
fn extend(
    call: &mut Call<'_>,
    key: &Key<'_>,
    order: &Order,
    value: NewValue<'_>,
    length: usize,
) -> Result<Stored, NoRoom> {
    let mut entry = call.cache.write(key, Room::Added(length), call.clock.now)?;
    let not_stored = Stored { outcome: Outcome::NotStored, cas: 0, length };
    let present = entry.found().map(|mut found| {
        let cas = if order.compare.is_some() { found.cas() } else { 0 };
        let item = found.item();
        (cas, item.flags, item.value.as_slice().len())
    });
    let total = match present {
        None if order.vivify => {
            drop(entry);
            return put(call, key, &Order { mode: Mode::Add, ..*order }, value, length);
        }
        None => return Ok(not_stored),
        Some((cas, ..)) if order.compare.is_some_and(|compare| compare != cas) => {
            return Ok(Stored { outcome: Outcome::Exists, ..not_stored });
        }
        Some((_, flags, present)) => match present + length {
            total if item_size(key.bytes, flags, total) > call.server.settings.item_size_max => return Ok(not_stored),
            total => total,
        },
    };
    let added = value.as_slice();
    let (front, back) = if order.mode == Mode::Append { (&b""[..], added) } else { (added, &b""[..]) };
    entry.extend(front, back, order.cas);
    let cas = if order.want_cas { entry.found().map_or(0, |mut found| found.cas()) } else { 0 };
    Ok(Stored { outcome: Outcome::Stored, cas, length: total })
}

fn count_compare(call: &Call<'_>, mode: Mode, outcome: Outcome) {
    if mode == Mode::Compare {
        match outcome {
            Outcome::Stored => call.counters.cas_hits.up(),
            Outcome::NotFound => call.counters.cas_misses.up(),
            _ => call.counters.cas_badval.up(),
        }
    }
}

#[cold]
fn tell(call: &Call<'_>, key: &Key<'_>, order: &Order, stored: &Result<Stored, NoRoom>) {
    let command = match order.mode {
        Mode::Set => "set",
        Mode::Add => "add",
        Mode::Replace => "replace",
        Mode::Append => "append",
        Mode::Prepend => "prepend",
        Mode::Compare => "cas",
    };
    let (status, length) = match stored {
        Ok(Stored { outcome: Outcome::Stored, length, .. }) => ("stored", *length),
        Ok(Stored { outcome: Outcome::NotStored, length, .. }) => ("not_stored", *length),
        Ok(Stored { outcome: Outcome::Exists, length, .. }) => ("exists", *length),
        Ok(Stored { outcome: Outcome::NotFound, length, .. }) => ("not_found", *length),
        Err(NoRoom) => ("no_memory", 0),
    };
    call.stored(key.bytes, status, command, order.expires_at, length);
}

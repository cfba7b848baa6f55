//! `incr`, `decr`, and the counting that they share with `ma`.

use cache::{Attributes, Entry, Key, NewValue, NoRoom, Room, Seconds};

use crate::call::Call;
use crate::command::{Argument, Command, Route, Shape};
use crate::request::{Keyed, numbers};

pub(super) const COMMANDS: &[Command] =
    &[row("incr", |call, request| run(call, request, false)), row("decr", |call, request| run(call, request, true))];

const fn row(name: &'static str, run: fn(&mut Call<'_>, &Keyed<'_>)) -> Command {
    Command { name, shape: Shape::Keyed { argument: Argument::Delta, run }, route: Route::Key }
}

pub(super) const NOT_A_NUMBER: &[u8] = b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";
pub(super) const NO_MEMORY: &[u8] = b"SERVER_ERROR out of memory\r\n";

/// The most digits of a count.
const DIGITS_MAX: usize = 20;

/// What to add or to take away.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    pub(super) down: bool,
    pub(super) delta: u64,
    /// The CAS value that the present version must have, if any.
    pub(super) compare: Option<u64>,
    /// The CAS value that the new version gets, if not a fresh one.
    pub(super) cas: Option<u64>,
    /// The CAS value of the new version is asked for.
    pub(super) want_cas: bool,
    /// Where there is no count, begin one with this, to expire then.
    pub(super) begin: Option<(u64, Seconds)>,
    /// A new expiry.
    pub(super) expires_at: Option<Seconds>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// A count: as it was begun, or as it is now.
    At {
        count: u64,
        /// Before this step; 0 for a new one.
        expired_at: Seconds,
        created: bool,
        /// 0 if it was not asked for.
        cas: u64,
    },
    NotFound,
    NotANumber,
    Exists,
}

/// Counts up (from the largest number on to 0) or down (as far as 0).
pub(super) fn count(call: &Call<'_>, key: &Key<'_>, step: Step) -> Result<Counted, NoRoom> {
    let mut entry = call.cache.write(key, Room::Value(DIGITS_MAX), call.clock.now)?;
    let Some(mut found) = entry.found() else {
        if let Some((count, expires_at)) = step.begin {
            let cas = put(&mut entry, &step, count, 0, expires_at);
            return Ok(Counted::At { count, expired_at: 0, created: true, cas });
        }
        let counters = call.counters;
        if step.down {
            counters.decr_misses.up()
        } else {
            counters.incr_misses.up()
        }
        return Ok(Counted::NotFound);
    };
    if found.item().value.as_slice().is_empty() {
        return Ok(Counted::NotANumber);
    }
    if step.compare.is_some_and(|compare| found.cas() != compare) {
        return Ok(Counted::Exists);
    }
    let item = found.item();
    let Some(before) = numbers::loose_unsigned(item.value.as_slice()) else {
        return Ok(Counted::NotANumber);
    };
    let (flags, expired_at) = (item.flags, item.expires_at);
    drop(found);
    let count = if step.down { before.saturating_sub(step.delta) } else { before.wrapping_add(step.delta) };
    let cas = put(&mut entry, &step, count, flags, step.expires_at.unwrap_or(expired_at));
    let counters = call.counters;
    if step.down {
        counters.decr_hits.up()
    } else {
        counters.incr_hits.up()
    }
    Ok(Counted::At { count, expired_at, created: false, cas })
}

/// Stores a count; its CAS value if that is asked for.
fn put(entry: &mut Entry<'_>, step: &Step, count: u64, flags: u32, expires_at: Seconds) -> u64 {
    let attributes = Attributes { flags, expires_at, cas: step.cas, ..Attributes::default() };
    entry.put(NewValue::Copied(itoa::Buffer::new().format(count).as_bytes()), attributes);
    match step.cas {
        Some(cas) => cas,
        None if step.want_cas => entry.found().map_or(0, |mut found| found.cas()),
        None => 0,
    }
}

fn run(call: &mut Call<'_>, request: &Keyed<'_>, down: bool) {
    let key = call.cache.key(request.key);
    let reply = match count(call, &key, Step { down, delta: request.delta, ..Step::default() }) {
        Ok(Counted::At { count, .. }) => {
            call.answer(request.noreply, itoa::Buffer::new().format(count).as_bytes());
            b"\r\n".as_slice()
        }
        Ok(Counted::NotANumber) => NOT_A_NUMBER,
        Ok(Counted::NotFound | Counted::Exists) => b"NOT_FOUND\r\n",
        Err(NoRoom) => NO_MEMORY,
    };
    call.answer(request.noreply, reply);
}

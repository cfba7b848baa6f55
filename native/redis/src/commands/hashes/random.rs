//! Fields by chance: HRANDFIELD.

use std::collections::HashSet;

use dataset::Hash;
use resp::{Version, Writer};

use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::fault::{Fault, Outcome};
use crate::random;
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[Command::new("hrandfield", -2, flag::READONLY, FIRST, hrandfield)
    .of(&["hash"])
    .about("6.2.0", "Random fields of a hash, with their values if wanted.")];

/// Fields of one reply that may repeat: so that a large number in a request is no reply that fills the memory. Redis knows no bound.
const DRAWS_MAX: usize = 10_000_000;

/// Up to so many fields, or when more than a third is wanted, numbers are drawn and the hash is walked; else fields are drawn until
/// enough are different.
const WALKED_MAX: usize = 600;

const OUT_OF_RANGE: Fault = Fault::of("ERR value is out of range");

fn hrandfield(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let [_, key, options @ ..] = words else { return Err(Fault::SYNTAX) };
    let [count, options @ ..] = options else {
        let (hash, reply) = call.read::<Hash>(key)?;
        let drawn = hash.and_then(|hash| hash.random(random::number));
        reply.bulk_or_null(drawn.map(|(field, _)| field));
        return Ok(());
    };
    let count = words::symmetric(count)?;
    let with_values = match options {
        [] => false,
        [option] if words::is(option, "WITHVALUES") => true,
        _ => return Err(Fault::SYNTAX),
    };
    let times = count.unsigned_abs() as usize;
    if with_values && times > i64::MAX as usize / 2 {
        return Err(OUT_OF_RANGE);
    }
    let (hash, reply) = call.read::<Hash>(key)?;
    let Some(hash) = hash.filter(|_| count != 0) else {
        reply.array(0);
        return Ok(());
    };
    if count > 0 {
        different(hash, times, reply, with_values);
    } else if times > DRAWS_MAX {
        return Err(OUT_OF_RANGE);
    } else {
        head(reply, times, with_values);
        (0..times).filter_map(|_| hash.random(random::number)).for_each(|pair| write(reply, pair, with_values));
    }
    Ok(())
}

/// So many different fields, each set of them as likely as any other; all if there are no more.
fn different(hash: &Hash, count: usize, reply: &mut Writer<'_>, with_values: bool) {
    let len = hash.len();
    head(reply, count.min(len), with_values);
    if count >= len {
        hash.each(|field, value| write(reply, (field, value), with_values));
    } else if len <= WALKED_MAX || count.saturating_mul(3) > len {
        let mut chosen = random::different(count, len);
        chosen.sort_unstable();
        let (mut chosen, mut number) = (chosen.into_iter().peekable(), 0);
        hash.each(|field, value| {
            if chosen.next_if_eq(&number).is_some() {
                write(reply, (field, value), with_values);
            }
            number += 1;
        });
    } else {
        let mut drawn = HashSet::with_capacity(count);
        while drawn.len() < count {
            let Some(pair) = hash.random(random::number) else { return };
            if drawn.insert(pair.0) {
                write(reply, pair, with_values);
            }
        }
    }
}

/// Pairs are nested in version 3 and flat in version 2.
fn head(reply: &mut Writer<'_>, count: usize, with_values: bool) {
    let is_flat = with_values && reply.version() == Version::Two;
    reply.array(if is_flat { 2 * count } else { count });
}

fn write(reply: &mut Writer<'_>, (field, value): (&[u8], &[u8]), with_values: bool) {
    if !with_values {
        reply.bulk(field);
        return;
    }
    if reply.version() == Version::Three {
        reply.array(2);
    }
    reply.bulk(field);
    reply.bulk(value);
}

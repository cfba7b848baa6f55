//! Lists.

pub(super) mod blocking;
pub(super) mod ends;
pub(super) mod moves;
pub(super) mod places;

use dataset::{End, List};

use crate::call::Call;
use crate::events::Class;
use crate::fault::Fault;
use crate::words;

/// LEFT or RIGHT.
fn end(word: &[u8]) -> Result<End, Fault> {
    match word {
        word if words::is(word, "LEFT") => Ok(End::Front),
        word if words::is(word, "RIGHT") => Ok(End::Back),
        _ => Err(Fault::SYNTAX),
    }
}

/// How a command at this end is called, in events and effects.
fn named(end: End, left: &'static str, right: &'static str) -> &'static str {
    match end {
        End::Front => left,
        End::Back => right,
    }
}

/// Where an index that may count from the end points to; below zero if before the first.
fn absolute(index: i64, len: usize) -> i64 {
    if index < 0 { index.saturating_add(len as i64) } else { index }
}

/// First element and number of elements from one index to another, both included.
fn span(from: i64, to: i64, len: usize) -> (usize, usize) {
    let from = absolute(from, len).max(0);
    let to = absolute(to, len).min(len as i64 - 1);
    if from > to { (0, 0) } else { (from as usize, (to - from) as usize + 1) }
}

/// Pops so many elements, at most all, into the reply; `true` writes an array of them. Nothing is done and `None` returned without
/// the list.
fn pop(call: &mut Call<'_, '_>, key: &[u8], end: End, count: usize, is_array: bool) -> Result<Option<usize>, Fault> {
    let (found, reply) = call.read::<List>(key)?;
    let Some(list) = found else { return Ok(None) };
    let count = count.min(list.len());
    if is_array {
        reply.array(count);
    }
    match end {
        End::Front => list.iter().take(count).for_each(|element| reply.bulk(element)),
        End::Back => list.iter().rev().take(count).for_each(|element| reply.bulk(element)),
    }
    if count > 0 {
        call.change::<List, _>(key, |list| list.drop_end(end, count))?;
        call.modified(key, Class::List, named(end, "lpop", "rpop"));
    }
    Ok(Some(count))
}

/// Pushes elements one after the other; returns how many there are then.
fn push(call: &mut Call<'_, '_>, key: &[u8], end: End, elements: &[&[u8]]) -> Result<usize, Fault> {
    let len = call.change_or_make::<List, _>(key, |list| {
        elements.iter().for_each(|element| list.push(end, element));
        list.len()
    })?;
    call.modified(key, Class::List, named(end, "lpush", "rpush"));
    Ok(len)
}

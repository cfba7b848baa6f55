//! Entries between two ids: XRANGE, XREVRANGE, and how many there are: XLEN.

use dataset::Stream;

use super::shown::{write_counted, write_entry};
use super::{CATEGORY, ONE_KEY, READ, READ_FAST, ids};
use crate::call::Call;
use crate::command::Command;
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("xlen", 2, READ_FAST, ONE_KEY, xlen).of(CATEGORY).about("5.0.0", "How many entries there are."),
    Command::new("xrange", -4, READ, ONE_KEY, xrange).of(CATEGORY).about("5.0.0", "The entries between two ids."),
    Command::new("xrevrange", -4, READ, ONE_KEY, xrevrange)
        .of(CATEGORY)
        .about("5.0.0", "The entries between two ids, the last one first."),
];

fn xlen(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (stream, reply) = call.read::<Stream>(words[1])?;
    reply.integer(stream.map_or(0, Stream::len) as i64);
    Ok(())
}

fn xrange(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    range(call, words, false)
}

fn xrevrange(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    range(call, words, true)
}

fn range(call: &mut Call<'_, '_>, words: &[&[u8]], is_reverse: bool) -> Outcome {
    let (from, to) = if is_reverse { (words[3], words[2]) } else { (words[2], words[3]) };
    let (from, to) = (ids::from(from)?, ids::to(to)?);
    let mut count = usize::MAX;
    let mut rest = &words[4..];
    while let [option, value, after @ ..] = rest {
        if !words::is(option, "COUNT") {
            return Err(Fault::SYNTAX);
        }
        count = usize::try_from(words::integer(value)?).unwrap_or(0);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(Fault::SYNTAX);
    }
    let (stream, reply) = call.read::<Stream>(words[1])?;
    let Some(stream) = stream else {
        reply.array(0);
        return Ok(());
    };
    if count == 0 {
        reply.null_array();
        return Ok(());
    }
    write_counted(reply, |reply| {
        if is_reverse {
            stream.descending(from..=to).take(count).map(|entry| write_entry(reply, entry)).count()
        } else {
            stream.ascending(from..=to).take(count).map(|entry| write_entry(reply, entry)).count()
        }
    });
    Ok(())
}

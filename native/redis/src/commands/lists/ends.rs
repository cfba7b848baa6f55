//! What happens at the ends of a list: LPUSH, LPOP and their kin; LMPOP.

use dataset::{End, List};

use super::{end, named, pop, push};
use crate::call::Call;
use crate::command::{Command, FIRST, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::words;

const PUSH: u32 = flag::WRITE | flag::DENYOOM | flag::FAST;
const POP: u32 = flag::WRITE | flag::FAST;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("lpush", -3, PUSH, FIRST, |call, words| push_all(call, words, End::Front))
        .of(&["list"])
        .about("1.0.0", "Puts elements before the first of a list."),
    Command::new("rpush", -3, PUSH, FIRST, |call, words| push_all(call, words, End::Back))
        .of(&["list"])
        .about("1.0.0", "Puts elements behind the last of a list."),
    Command::new("lpushx", -3, PUSH, FIRST, |call, words| push_if_there(call, words, End::Front))
        .of(&["list"])
        .about("2.2.0", "Puts elements before the first of a list that exists."),
    Command::new("rpushx", -3, PUSH, FIRST, |call, words| push_if_there(call, words, End::Back))
        .of(&["list"])
        .about("2.2.0", "Puts elements behind the last of a list that exists."),
    Command::new("lpop", -2, POP, FIRST, |call, words| pop_some(call, words, End::Front))
        .of(&["list"])
        .about("1.0.0", "Takes elements from the beginning of a list."),
    Command::new("rpop", -2, POP, FIRST, |call, words| pop_some(call, words, End::Back))
        .of(&["list"])
        .about("1.0.0", "Takes elements from the end of a list."),
    Command::new("lmpop", -4, flag::WRITE | flag::MOVABLE_KEYS, Keys::Counted { at: 1, also: 0 }, lmpop)
        .of(&["list"])
        .about("7.0.0", "Takes elements from the first of several lists that has any."),
    Command::new("llen", 2, flag::READONLY | flag::FAST, FIRST, llen)
        .of(&["list"])
        .about("1.0.0", "How many elements a list has."),
];

fn push_all(call: &mut Call<'_, '_>, words: &[&[u8]], end: End) -> Outcome {
    let len = push(call, words[1], end, &words[2..])?;
    call.reply.integer(len as i64);
    Ok(())
}

fn push_if_there(call: &mut Call<'_, '_>, words: &[&[u8]], end: End) -> Outcome {
    if call.read::<List>(words[1])?.0.is_some() {
        return push_all(call, words, end);
    }
    call.reply.integer(0);
    Ok(())
}

fn pop_some(call: &mut Call<'_, '_>, words: &[&[u8]], end: End) -> Outcome {
    let count = match words {
        [_, _] => None,
        [_, _, count] => Some(words::positive(count)?),
        _ => return Err(Fault::arity(named(end, "lpop", "rpop"))),
    };
    let popped = pop(call, words[1], end, count.unwrap_or(1), count.is_some())?;
    match (popped, count) {
        (Some(_), _) => {}
        (None, None) => call.reply.null(),
        (None, Some(_)) => call.reply.null_array(),
    }
    Ok(())
}

fn llen(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (found, reply) = call.read::<List>(words[1])?;
    reply.integer(found.map_or(0, List::len) as i64);
    Ok(())
}

/// What LMPOP and BLMPOP are asked for.
pub(super) struct Wanted<'w> {
    pub(super) keys: &'w [&'w [u8]],
    pub(super) end: End,
    pub(super) count: usize,
}

impl<'w> Wanted<'w> {
    /// Reads `numkeys key … LEFT|RIGHT [COUNT count]`.
    pub(super) fn parse(words: &'w [&'w [u8]]) -> Result<Self, Fault> {
        let numkeys = words::at_least(1, words[0], Fault::of("ERR numkeys should be greater than 0"))?;
        let place = numkeys.checked_add(1).filter(|place| *place < words.len()).ok_or(Fault::SYNTAX)?;
        let end = end(words[place])?;
        let count = match &words[place + 1..] {
            [] => 1,
            [option, count, rest @ ..] if words::is(option, "COUNT") => {
                let count = words::at_least(1, count, Fault::of("ERR count should be greater than 0"))?;
                if rest.is_empty() { count } else { return Err(Fault::SYNTAX) }
            }
            _ => return Err(Fault::SYNTAX),
        };
        Ok(Self { keys: &words[1..place], end, count })
    }

    /// Takes from the first of the lists that has elements; false if none has.
    pub(super) fn take(&self, call: &mut Call<'_, '_>) -> Result<bool, Fault> {
        for key in self.keys {
            if call.read::<List>(key)?.0.is_none() {
                continue;
            }
            call.reply.array(2);
            call.reply.bulk(key);
            let count = pop(call, key, self.end, self.count, true)?.unwrap_or(0);
            let command = named(self.end, "LPOP", "RPOP");
            call.say(&[command.as_bytes(), key, itoa::Buffer::new().format(count).as_bytes()]);
            return Ok(true);
        }
        Ok(false)
    }
}

fn lmpop(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if !Wanted::parse(&words[1..])?.take(call)? {
        call.reply.null_array();
    }
    Ok(())
}

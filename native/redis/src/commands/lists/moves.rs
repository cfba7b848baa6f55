//! From one list to another: LMOVE, RPOPLPUSH, and those that wait for an element to come: BLMOVE, BRPOPLPUSH.

use dataset::{End, List};

use super::{end, named};
use crate::blocking::AtDeadline;
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::timeouts;

const MOVE: u32 = flag::WRITE | flag::DENYOOM;
const BOTH: Keys = Keys::Range { first: 1, last: 2, step: 1 };

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("lmove", 5, MOVE, BOTH, lmove)
        .of(&["list"])
        .about("6.2.0", "Moves an element from an end of one list to an end of another."),
    Command::new("rpoplpush", 3, MOVE, BOTH, rpoplpush)
        .of(&["list"])
        .about("1.2.0", "Moves the last element of a list before the first of another."),
    Command::new("blmove", 6, MOVE | flag::BLOCKING, BOTH, blmove)
        .of(&["list"])
        .about("6.2.0", "LMOVE that waits for an element."),
    Command::new("brpoplpush", 4, MOVE | flag::BLOCKING, BOTH, brpoplpush)
        .of(&["list"])
        .about("2.2.0", "RPOPLPUSH that waits for an element."),
];

/// Moves an element, which is the reply; false if there is none.
fn transfer(call: &mut Call<'_, '_>, words: &[&[u8]], from: End, to: End) -> Result<bool, Fault> {
    let (source, destination) = (words[1], words[2]);
    let Some(element) = call.read::<List>(source)?.0.and_then(|list| list.end(from)).map(<[u8]>::to_vec) else {
        return Ok(false);
    };
    let pushed = named(to, "lpush", "rpush");
    if source == destination {
        call.change::<List, _>(source, |list| {
            list.drop_end(from, 1);
            list.push(to, &element);
        })?;
        call.notify(Class::List, pushed, destination);
    } else {
        call.change_or_make::<List, _>(destination, |list| list.push(to, &element))?;
        call.modified(destination, Class::List, pushed);
        call.change::<List, _>(source, |list| list.drop_end(from, 1))?;
    }
    call.modified(source, Class::List, named(from, "lpop", "rpop"));
    call.reply.bulk(&element);
    Ok(true)
}

fn lmove(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if !transfer(call, words, end(words[3])?, end(words[4])?)? {
        call.reply.null();
    }
    Ok(())
}

fn rpoplpush(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if !transfer(call, words, End::Back, End::Front)? {
        call.reply.null();
    }
    Ok(())
}

/// Waits for an element of the source. In a transaction nobody waits, and the answer is another one than that of a deadline.
fn wait(call: &mut Call<'_, '_>, source: &[u8], milliseconds: u64) {
    if call.may_wait {
        call.wait_for(&[source], milliseconds, AtDeadline::NullArray);
    } else {
        call.reply.null();
    }
}

fn blmove(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (from, to) = (end(words[3])?, end(words[4])?);
    let milliseconds = timeouts::seconds(words[5], call.now)?;
    if transfer(call, words, from, to)? {
        call.say(&[b"LMOVE", words[1], words[2], words[3], words[4]]);
    } else {
        wait(call, words[1], milliseconds);
    }
    Ok(())
}

fn brpoplpush(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let milliseconds = timeouts::seconds(words[3], call.now)?;
    if transfer(call, words, End::Back, End::Front)? {
        call.say(&[b"RPOPLPUSH", words[1], words[2]]);
    } else {
        wait(call, words[1], milliseconds);
    }
    Ok(())
}

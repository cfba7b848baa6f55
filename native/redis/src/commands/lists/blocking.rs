//! Pops that wait for an element: BLPOP, BRPOP, BLMPOP.

use dataset::{End, List};

use super::ends::Wanted;
use super::{named, pop};
use crate::blocking::AtDeadline;
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::Outcome;
use crate::timeouts;

const ALL_BUT_LAST: Keys = Keys::Range { first: 1, last: -2, step: 1 };
const COUNTED: Keys = Keys::Counted { at: 2, also: 0 };
const WAITING_POP: u32 = flag::WRITE | flag::BLOCKING;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("blpop", -3, WAITING_POP, ALL_BUT_LAST, |call, words| pop_one(call, words, End::Front))
        .of(&["list"])
        .about("2.0.0", "Takes the first element of the first list that has any, or waits for one."),
    Command::new("brpop", -3, WAITING_POP, ALL_BUT_LAST, |call, words| pop_one(call, words, End::Back))
        .of(&["list"])
        .about("2.0.0", "Takes the last element of the first list that has any, or waits for one."),
    Command::new("blmpop", -5, WAITING_POP | flag::MOVABLE_KEYS, COUNTED, blmpop)
        .of(&["list"])
        .about("7.0.0", "LMPOP that waits for an element."),
];

fn pop_one(call: &mut Call<'_, '_>, words: &[&[u8]], end: End) -> Outcome {
    let [keys @ .., timeout] = &words[1..] else { return Ok(()) };
    let milliseconds = timeouts::seconds(timeout, call.now)?;
    for key in keys {
        if call.read::<List>(key)?.0.is_some() {
            call.reply.array(2);
            call.reply.bulk(key);
            pop(call, key, end, 1, false)?;
            call.say(&[named(end, "LPOP", "RPOP").as_bytes(), key]);
            return Ok(());
        }
    }
    call.wait_for(keys, milliseconds, AtDeadline::NullArray);
    Ok(())
}

fn blmpop(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let wanted = Wanted::parse(&words[2..])?;
    let milliseconds = timeouts::seconds(words[1], call.now)?;
    if !wanted.take(call)? {
        call.wait_for(wanted.keys, milliseconds, AtDeadline::NullArray);
    }
    Ok(())
}

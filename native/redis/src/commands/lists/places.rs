//! What stands where in a list: LRANGE, LINDEX, LSET, LINSERT, LREM, LTRIM, LPOS.

use dataset::{End, List};

use super::{absolute, span};
use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("lrange", 4, flag::READONLY, FIRST, lrange)
        .of(&["list"])
        .about("1.0.0", "The elements of a list from one index to another."),
    Command::new("lindex", 3, flag::READONLY, FIRST, lindex)
        .of(&["list"])
        .about("1.0.0", "The element of a list at an index."),
    Command::new("lset", 4, flag::WRITE | flag::DENYOOM, FIRST, lset)
        .of(&["list"])
        .about("1.0.0", "Replaces the element of a list at an index."),
    Command::new("linsert", 5, flag::WRITE | flag::DENYOOM, FIRST, linsert)
        .of(&["list"])
        .about("2.2.0", "Inserts an element before or behind another one."),
    Command::new("lrem", 4, flag::WRITE, FIRST, lrem)
        .of(&["list"])
        .about("1.0.0", "Removes elements that equal a given one."),
    Command::new("ltrim", 4, flag::WRITE, FIRST, ltrim)
        .of(&["list"])
        .about("1.0.0", "Removes what is not between two indices."),
    Command::new("lpos", -3, flag::READONLY, FIRST, lpos)
        .of(&["list"])
        .about("6.0.6", "The indices of elements that equal a given one."),
];

fn lrange(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (from, to) = (words::integer(words[2])?, words::integer(words[3])?);
    let (found, reply) = call.read::<List>(words[1])?;
    let (start, count) = span(from, to, found.map_or(0, List::len));
    reply.array(count);
    if let Some(list) = found {
        list.range(start, count).for_each(|element| reply.bulk(element));
    }
    Ok(())
}

fn lindex(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (Some(list), reply) = call.read::<List>(words[1])? else {
        call.reply.null();
        return Ok(());
    };
    let index = absolute(words::integer(words[2])?, list.len());
    match usize::try_from(index).ok().and_then(|index| list.get(index)) {
        Some(element) => reply.bulk(element),
        None => reply.null(),
    }
    Ok(())
}

fn lset(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let list = call.read::<List>(words[1])?.0.ok_or(Fault::NO_SUCH_KEY)?;
    let index = absolute(words::integer(words[2])?, list.len());
    let index = usize::try_from(index).ok().filter(|index| *index < list.len()).ok_or(Fault::OUT_OF_RANGE)?;
    call.change::<List, _>(words[1], |list| list.set(index, words[3]))?;
    call.modified(words[1], Class::List, "lset");
    call.reply.ok();
    Ok(())
}

fn linsert(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let is_before = words::is(words[2], "BEFORE");
    if !is_before && !words::is(words[2], "AFTER") {
        return Err(Fault::SYNTAX);
    }
    let insert = |list: &mut List| list.insert(is_before, words[3], words[4]).then_some(list.len());
    match call.change::<List, _>(words[1], insert)? {
        None => call.reply.integer(0),
        Some(None) => call.reply.integer(-1),
        Some(Some(len)) => {
            call.modified(words[1], Class::List, "linsert");
            call.reply.integer(len as i64);
        }
    }
    Ok(())
}

fn lrem(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (end, limit) = match words::integer(words[2])? {
        0 => (End::Front, usize::MAX),
        count => (if count > 0 { End::Front } else { End::Back }, count.unsigned_abs() as usize),
    };
    let removed = call.change::<List, _>(words[1], |list| list.remove(end, limit, words[3]))?.unwrap_or(0);
    if removed > 0 {
        call.modified(words[1], Class::List, "lrem");
    }
    call.reply.integer(removed as i64);
    Ok(())
}

fn ltrim(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (from, to) = (words::integer(words[2])?, words::integer(words[3])?);
    let trimmed = call.change::<List, _>(words[1], |list| {
        let (start, count) = span(from, to, list.len());
        let before = list.len();
        list.drop_end(End::Back, before - start - count);
        list.drop_end(End::Front, start);
        before - list.len()
    })?;
    match trimmed {
        None => {}
        // Who watches the list and who wants its events are told even so; the log is not.
        Some(0) => {
            call.touched(words[1]);
            call.notify(Class::List, "ltrim", words[1]);
        }
        Some(_) => call.modified(words[1], Class::List, "ltrim"),
    }
    call.reply.ok();
    Ok(())
}

const RANK_ZERO: Fault = Fault::of(
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of \
     the list",
);

/// What LPOS is asked for.
struct Search {
    end: End,
    /// Matches that are passed over.
    skip: usize,
    /// Matches that are wanted; `None` for one that is answered alone.
    count: Option<usize>,
    /// Elements that are looked at.
    reach: usize,
}

impl Search {
    fn parse(options: &[&[u8]]) -> Result<Self, Fault> {
        let mut search = Self { end: End::Front, skip: 0, count: None, reach: usize::MAX };
        let (pairs, rest) = options.as_chunks::<2>();
        for [option, value] in pairs {
            let at_least_0 = |refusal| words::at_least(0, value, refusal);
            let or_all = |number| if number == 0 { usize::MAX } else { number };
            if words::is(option, "RANK") {
                let rank = words::symmetric(value)?;
                search.end = if rank < 0 { End::Back } else { End::Front };
                search.skip = (rank.unsigned_abs() as usize).checked_sub(1).ok_or(RANK_ZERO)?;
            } else if words::is(option, "COUNT") {
                search.count = Some(or_all(at_least_0(Fault::of("ERR COUNT can't be negative"))?));
            } else if words::is(option, "MAXLEN") {
                search.reach = or_all(at_least_0(Fault::of("ERR MAXLEN can't be negative"))?);
            } else {
                return Err(Fault::SYNTAX);
            }
        }
        if rest.is_empty() { Ok(search) } else { Err(Fault::SYNTAX) }
    }

    /// Indices of what equals the element.
    fn matches(&self, list: &List, element: &[u8]) -> Vec<usize> {
        let is_match = |(index, found): (usize, &[u8])| (found == element).then_some(index);
        let count = self.count.unwrap_or(1);
        match self.end {
            End::Front => {
                list.iter().enumerate().take(self.reach).filter_map(is_match).skip(self.skip).take(count).collect()
            }
            End::Back => {
                let indices = (0..list.len()).rev();
                indices
                    .zip(list.iter().rev())
                    .take(self.reach)
                    .filter_map(is_match)
                    .skip(self.skip)
                    .take(count)
                    .collect()
            }
        }
    }
}

fn lpos(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let search = Search::parse(&words[3..])?;
    let (found, reply) = call.read::<List>(words[1])?;
    let matches = found.map(|list| search.matches(list, words[2])).unwrap_or_default();
    match (search.count, matches.first()) {
        (Some(_), _) => {
            reply.array(matches.len());
            matches.iter().for_each(|index| reply.integer(*index as i64));
        }
        (None, Some(index)) => reply.integer(*index as i64),
        (None, None) => reply.null(),
    }
    Ok(())
}

//! Entries come and go: XADD, XTRIM, XDEL, XSETID.

use dataset::{Id, Keep, NODE_ENTRIES, Stream, Trim};

use super::ids::{self, Given};
use super::shown::{id_text, write_id};
use super::{CATEGORY, ONE_KEY, WRITE, WRITE_FAST};
use crate::call::Call;
use crate::command::{Command, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("xadd", -5, WRITE_FAST | flag::DENYOOM, ONE_KEY, xadd)
        .of(CATEGORY)
        .about("5.0.0", "Appends an entry."),
    Command::new("xtrim", -4, WRITE, ONE_KEY, xtrim).of(CATEGORY).about("5.0.0", "Removes the oldest entries."),
    Command::new("xdel", -3, WRITE_FAST, ONE_KEY, xdel).of(CATEGORY).about("5.0.0", "Removes entries by their ids."),
    Command::new("xsetid", -3, WRITE_FAST | flag::DENYOOM, ONE_KEY, xsetid)
        .of(CATEGORY)
        .about("5.0.0", "Sets the last id and the counters."),
];

/// Entries that a trimming by whole blocks removes at most, unless LIMIT says otherwise.
const LIMIT: u64 = 100 * NODE_ENTRIES as u64;
/// An entry of more bytes is refused.
const ENTRY_MAX: usize = 1 << 30;

/// The options before an id (XADD), or all there are (XTRIM).
#[derive(Debug, Default)]
struct Options {
    trim: Option<Trim>,
    must_exist: bool,
}

impl Options {
    /// Reads options; returns how many words they take.
    fn parse(words: &[&[u8]], is_add: bool) -> Result<(Self, usize), Fault> {
        let (mut keep, mut is_approximate, mut limit, mut must_exist) = (None, false, None, false);
        let mut at = 0;
        while let [option, after @ ..] = &words[at..] {
            if is_add && *option == b"*" {
                break;
            }
            let is_kept = |name| !after.is_empty() && words::is(option, name);
            if is_kept("MAXLEN") || is_kept("MINID") {
                if keep.is_some() {
                    return Err(Fault::of(
                        "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
                    ));
                }
                let has_mark = after.len() >= 2 && (after[0] == b"~" || after[0] == b"=");
                is_approximate = has_mark && after[0] == b"~";
                let value = after[usize::from(has_mark)];
                keep = Some(if words::is(option, "MAXLEN") { max_length(value)? } else { min_id(value)? });
                at += 2 + usize::from(has_mark);
            } else if is_kept("LIMIT") {
                let value = words::integer(after[0])?;
                limit = Some(u64::try_from(value).map_err(|_| Fault::of("ERR The LIMIT argument must be >= 0."))?);
                at += 2;
            } else if is_add && words::is(option, "NOMKSTREAM") {
                must_exist = true;
                at += 1;
            } else if is_add {
                // The id.
                break;
            } else {
                return Err(Fault::SYNTAX);
            }
        }
        if is_add && at < words.len() {
            ids::given(words[at])?;
        }
        Ok((Self { trim: trim(keep, is_approximate, limit, is_add)?, must_exist }, at))
    }
}

fn max_length(word: &[u8]) -> Result<Keep, Fault> {
    let length = words::integer(word)?;
    u64::try_from(length).map(Keep::Count).map_err(|_| Fault::of("ERR The MAXLEN argument must be >= 0."))
}

fn min_id(word: &[u8]) -> Result<Keep, Fault> {
    ids::strict(word, 0).map(Keep::From)
}

fn trim(keep: Option<Keep>, is_approximate: bool, limit: Option<u64>, is_add: bool) -> Result<Option<Trim>, Fault> {
    let Some(keep) = keep else {
        return match limit {
            Some(1..) => {
                Err(Fault::of("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"))
            }
            _ if !is_add => Err(Fault::of("ERR syntax error, XTRIM must be called with a trimming strategy")),
            Some(0) => Err(LIMIT_WITHOUT_TILDE),
            _ => Ok(None),
        };
    };
    if limit.is_some() && !is_approximate {
        return Err(LIMIT_WITHOUT_TILDE);
    }
    let limit = limit.unwrap_or(if is_approximate { LIMIT } else { 0 });
    Ok(Some(Trim { keep, is_approximate, limit }))
}

const LIMIT_WITHOUT_TILDE: Fault = Fault::of("ERR syntax error, LIMIT cannot be used without the special ~ option");

fn xadd(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (options, count) = Options::parse(&words[2..], true)?;
    let [id, pairs @ ..] = &words[2 + count..] else { return Err(Fault::arity("xadd")) };
    if pairs.is_empty() || pairs.len() % 2 != 0 {
        return Err(Fault::arity("xadd"));
    }
    let given = ids::given(id)?;
    if given == Given::All(Id::ZERO) {
        return Err(Fault::of("ERR The ID specified in XADD must be greater than 0-0"));
    }
    let (stream, reply) = call.read::<Stream>(words[1])?;
    if stream.is_none() && options.must_exist {
        reply.null();
        return Ok(());
    }
    let last = stream.map_or(Id::ZERO, Stream::last_id);
    let id = next_id(last, given, call.wall)?;
    if pairs.iter().map(|word| word.len()).sum::<usize>() > ENTRY_MAX {
        return Err(Fault::of("ERR Elements are too large to be stored"));
    }
    let (length, removed) = call.change_or_make::<Stream, _>(words[1], |stream| {
        stream.append(id, pairs);
        let removed = options.trim.map_or(0, |trim| stream.trim(trim));
        (stream.len(), removed)
    })?;
    write_id(&mut call.reply, id);
    call.modified(words[1], Class::Stream, "xadd");
    if removed > 0 {
        call.notify(Class::Stream, "xtrim", words[1]);
    }
    say_added(call, words, count, id, options.trim.filter(|trim| trim.is_approximate).map(|_| length));
    Ok(())
}

/// The effect has the id, and the exact length in place of an approximate one.
fn say_added(call: &mut Call<'_, '_>, words: &[&[u8]], options: usize, id: Id, length: Option<usize>) {
    let (id, mut digits) = (id_text(id), itoa::Buffer::new());
    let mut said = words[..2].to_vec();
    match length {
        Some(length) => said.extend([b"MAXLEN".as_slice(), b"=", digits.format(length).as_bytes()]),
        None => said.extend_from_slice(&words[2..2 + options]),
    }
    said.push(&id);
    said.extend_from_slice(&words[3 + options..]);
    call.say(&said);
}

/// The id of a new entry.
fn next_id(last: Id, given: Given, now: u64) -> Result<Id, Fault> {
    const SMALLER: Fault =
        Fault::of("ERR The ID specified in XADD is equal or smaller than the target stream top item");
    if last == Id::MAX {
        return Err(Fault::of("ERR The stream has exhausted the last possible ID, unable to add more items"));
    }
    let id = match given {
        Given::Nothing if now > last.ms => Id::new(now, 0),
        Given::Nothing => last.next().ok_or(SMALLER)?,
        Given::Milliseconds(ms) if ms == last.ms => Id::new(ms, last.seq.checked_add(1).ok_or(SMALLER)?),
        Given::Milliseconds(ms) => Id::new(ms, 0),
        Given::All(id) => id,
    };
    if id > last { Ok(id) } else { Err(SMALLER) }
}

fn xtrim(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (options, _) = Options::parse(&words[2..], false)?;
    let Some(trim) = options.trim else { return Err(Fault::SYNTAX) };
    let done = call.change::<Stream, _>(words[1], |stream| (stream.trim(trim), stream.len()))?;
    let (removed, length) = done.unwrap_or_default();
    if removed > 0 {
        call.modified(words[1], Class::Stream, "xtrim");
        if trim.is_approximate {
            call.say(&[b"XTRIM", words[1], b"MAXLEN", b"=", itoa::Buffer::new().format(length).as_bytes()]);
        }
    }
    call.reply.integer(removed as i64);
    Ok(())
}

fn xdel(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if call.read::<Stream>(words[1])?.0.is_none() {
        call.reply.integer(0);
        return Ok(());
    }
    let ids: Vec<Id> = words[2..].iter().map(|word| ids::strict(word, 0)).collect::<Result<_, _>>()?;
    let delete = |stream: &mut Stream| ids.into_iter().filter(|id| stream.delete(*id)).count();
    let deleted = call.change::<Stream, _>(words[1], delete)?.unwrap_or(0);
    if deleted > 0 {
        call.modified(words[1], Class::Stream, "xdel");
    }
    call.reply.integer(deleted as i64);
    Ok(())
}

fn xsetid(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let last = ids::strict(words[2], 0)?;
    let (mut added, mut deleted) = (None, None);
    let mut rest = &words[3..];
    while let [option, value, after @ ..] = rest {
        if words::is(option, "ENTRIESADDED") {
            let count = words::integer(value)?;
            added = Some(u64::try_from(count).map_err(|_| Fault::of("ERR entries_added must be positive"))?);
        } else if words::is(option, "MAXDELETEDID") {
            deleted = Some(ids::strict(value, 0)?).filter(|id| *id != Id::ZERO);
            if deleted.is_some_and(|deleted| last < deleted) {
                let text = "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id";
                return Err(Fault::of(text));
            }
        } else {
            return Err(Fault::SYNTAX);
        }
        rest = after;
    }
    if !rest.is_empty() {
        return Err(Fault::SYNTAX);
    }
    let (stream, _) = call.read::<Stream>(words[1])?;
    let stream = stream.ok_or(Fault::NO_SUCH_KEY)?;
    if stream.last_entry_id().is_some_and(|top| last < top) {
        return Err(Fault::of("ERR The ID specified in XSETID is smaller than the target stream top item"));
    }
    if !stream.is_empty() && added.is_some_and(|added| added < stream.len() as u64) {
        return Err(Fault::of("ERR The entries_added specified in XSETID is smaller than the target stream length"));
    }
    call.change::<Stream, _>(words[1], |stream| stream.set_counters(last, added, deleted))?;
    super::changed_group(call, words[1], "xsetid");
    call.reply.ok();
    Ok(())
}

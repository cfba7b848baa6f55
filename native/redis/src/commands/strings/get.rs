//! Reading strings: GET, MGET, STRLEN, GETRANGE, SUBSTR.

use dataset::View;

use crate::call::Call;
use crate::command::{Command, FIRST, REST, flag};
use crate::fault::Outcome;
use crate::words;

const FAST: u32 = flag::READONLY | flag::FAST;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("get", 2, FAST, FIRST, get).of(&["string"]).about("1.0.0", "A string."),
    Command::new("mget", -2, FAST, REST, mget).of(&["string"]).about("1.0.0", "Several strings."),
    Command::new("strlen", 2, FAST, FIRST, strlen).of(&["string"]).about("2.2.0", "The length of a string."),
    Command::new("getrange", 4, flag::READONLY, FIRST, getrange).of(&["string"]).about("2.4.0", "A part of a string."),
    Command::new("substr", 4, flag::READONLY, FIRST, getrange)
        .of(&["string"])
        .about("1.0.0", "A part of a string; GETRANGE's former name."),
];

fn get(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (bytes, reply) = call.string(words[1])?;
    reply.bulk_or_null(bytes);
    Ok(())
}

fn mget(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.reply.array(words.len() - 1);
    for key in &words[1..] {
        match call.view(key) {
            (Some(View::String(bytes)), reply) => reply.bulk(bytes),
            (_, reply) => reply.null(),
        }
    }
    Ok(())
}

fn strlen(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (bytes, reply) = call.string(words[1])?;
    reply.integer(bytes.map_or(0, <[u8]>::len) as i64);
    Ok(())
}

fn getrange(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (first, last) = (words::integer(words[2])?, words::integer(words[3])?);
    let (bytes, reply) = call.string(words[1])?;
    reply.bulk(bytes.map_or(b"", |bytes| part(bytes, first, last)));
    Ok(())
}

/// The bytes from one index to another, both included; negative ones count from the end.
fn part(bytes: &[u8], first: i64, last: i64) -> &[u8] {
    let length = bytes.len() as i64;
    let index = |index: i64| if index < 0 { index.saturating_add(length).max(0) } else { index };
    if first < 0 && last < 0 && first > last {
        return b"";
    }
    let (first, last) = (index(first), index(last).min(length - 1));
    if first > last { b"" } else { &bytes[first as usize..=last as usize] }
}

//! Integers in strings: BITFIELD, BITFIELD_RO.

use super::super::strings::grow;
use super::integers::{Kind, Overflow};
use super::position;
use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("bitfield", -2, flag::WRITE | flag::DENYOOM, FIRST, bitfield)
        .of(&["bitmap"])
        .about("3.2.0", "Reads, sets and adds to integers of any width in a string."),
    Command::new("bitfield_ro", -2, flag::READONLY | flag::FAST, FIRST, bitfield_ro)
        .of(&["bitmap"])
        .about("6.0.0", "Reads integers of any width in a string."),
];

/// One integer, and what is done with it.
struct Field {
    kind: Kind,
    at: u64,
    action: Action,
}

enum Action {
    Get,
    Set(i64, Overflow),
    Add(i64, Overflow),
}

impl Field {
    fn is_read(&self) -> bool {
        matches!(self.action, Action::Get)
    }

    /// The byte behind its last bit.
    fn end(&self) -> usize {
        ((self.at + u64::from(self.kind.bits)).div_ceil(8)) as usize
    }

    /// Does what is asked; what it answers, and whether anything has changed.
    fn perform(&self, bytes: &mut [u8]) -> (Option<i64>, bool) {
        let former = self.kind.read(bytes, self.at);
        let (answer, written) = match self.action {
            Action::Get => return (Some(former), false),
            Action::Set(value, overflow) => {
                let written = self.kind.fit_given(value, overflow);
                (written.map(|_| former), written)
            }
            Action::Add(value, overflow) => {
                let written = self.kind.fit(i128::from(former) + i128::from(value), overflow);
                (written, written)
            }
        };
        if let Some(value) = written {
            self.kind.write(bytes, self.at, value);
        }
        (answer, written.is_some_and(|value| value != former))
    }
}

fn parse(call: &Call<'_, '_>, words: &[&[u8]]) -> Result<Vec<Field>, Fault> {
    let (mut fields, mut overflow, mut rest) = (Vec::new(), Overflow::Wrap, words);
    loop {
        let (words, taken) = match rest {
            [] => return Ok(fields),
            [name, kind, at, ..] if words::is(name, "GET") => ((*kind, *at, None), 3),
            [name, kind, at, value, ..] if words::is(name, "SET") => ((*kind, *at, Some((false, *value))), 4),
            [name, kind, at, value, ..] if words::is(name, "INCRBY") => ((*kind, *at, Some((true, *value))), 4),
            [name, kind, ..] if words::is(name, "OVERFLOW") => {
                overflow = match kind {
                    _ if words::is(kind, "WRAP") => Overflow::Wrap,
                    _ if words::is(kind, "SAT") => Overflow::Saturate,
                    _ if words::is(kind, "FAIL") => Overflow::Fail,
                    _ => return Err(Fault::of("ERR Invalid OVERFLOW type specified")),
                };
                rest = &rest[2..];
                continue;
            }
            _ => return Err(Fault::SYNTAX),
        };
        let (kind, at, value) = words;
        let kind = Kind::parse(kind)?;
        let at = position(call, at, Some(kind.bits))?;
        let action = match value {
            None => Action::Get,
            Some((false, value)) => Action::Set(words::integer(value)?, overflow),
            Some((true, value)) => Action::Add(words::integer(value)?, overflow),
        };
        fields.push(Field { kind, at, action });
        rest = &rest[taken..];
    }
}

fn read(call: &mut Call<'_, '_>, key: &[u8], fields: &[Field]) -> Outcome {
    let (bytes, reply) = call.string(key)?;
    let bytes = bytes.unwrap_or_default();
    reply.array(fields.len());
    fields.iter().for_each(|field| reply.integer(field.kind.read(bytes, field.at)));
    Ok(())
}

fn bitfield_ro(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let fields = parse(call, &words[2..])?;
    if !fields.iter().all(Field::is_read) {
        return Err(Fault::of("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    read(call, words[1], &fields)
}

fn bitfield(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, fields) = (words[1], parse(call, &words[2..])?);
    let Some(end) = fields.iter().filter(|field| !field.is_read()).map(Field::end).max() else {
        return read(call, key, &fields);
    };
    let former = call.string(key)?.0.map(<[u8]>::len);
    let is_longer = former.is_none_or(|former| former < end);
    let answers: Vec<_> = call.change_string(key, |bytes| {
        grow(bytes, end);
        fields.iter().map(|field| field.perform(bytes)).collect()
    })?;
    if is_longer || answers.iter().any(|(_, has_changed)| *has_changed) {
        call.modified(key, Class::String, "setbit");
    }
    call.reply.array(answers.len());
    for (answer, _) in answers {
        match answer {
            Some(value) => call.reply.integer(value),
            None => call.reply.null(),
        }
    }
    Ok(())
}

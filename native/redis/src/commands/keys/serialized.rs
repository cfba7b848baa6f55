//! DUMP and RESTORE: one value by itself, as bytes that another server takes.

use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::dump;
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::load;
use crate::words;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("dump", 2, flag::READONLY, FIRST, dump)
        .of(&["keyspace"])
        .about("2.6.0", "A value as bytes that RESTORE takes."),
    Command::new("restore", -4, flag::WRITE | flag::DENYOOM, FIRST, restore)
        .of(&["keyspace", "dangerous"])
        .about("2.6.0", "Makes a key of what DUMP gave."),
];

fn dump(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (view, reply) = call.view(words[1]);
    match view {
        Some(view) => reply.bulk(&dump::payload(&view)),
        None => reply.null(),
    }
    Ok(())
}

/// What stands behind the payload.
#[derive(Default)]
struct Options {
    replaces: bool,
    is_absolute: bool,
    idle_seconds: Option<u64>,
    frequency: Option<u8>,
}

fn options(words: &[&[u8]]) -> Result<Options, Fault> {
    let (mut options, mut rest) = (Options::default(), words);
    while let [option, after @ ..] = rest {
        rest = after;
        match after {
            _ if words::is(option, "replace") => options.replaces = true,
            _ if words::is(option, "absttl") => options.is_absolute = true,
            [value, after @ ..] if words::is(option, "idletime") && options.frequency.is_none() => {
                let seconds = u64::try_from(words::integer(value)?);
                options.idle_seconds =
                    Some(seconds.map_err(|_| Fault::of("ERR Invalid IDLETIME value, must be >= 0"))?);
                rest = after;
            }
            [value, after @ ..] if words::is(option, "freq") && options.idle_seconds.is_none() => {
                let counter = u8::try_from(words::integer(value)?);
                let wrong = |_| Fault::of("ERR Invalid FREQ value, must be >= 0 and <= 255");
                options.frequency = Some(counter.map_err(wrong)?);
                rest = after;
            }
            _ => return Err(Fault::SYNTAX),
        }
    }
    Ok(options)
}

fn restore(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (key, payload) = (words[1], words[3]);
    let options = options(&words[4..])?;
    let is_there = call.peek(key).0.is_some();
    if is_there && !options.replaces {
        return Err(Fault::of("BUSYKEY Target key name already exists."));
    }
    let ttl = u64::try_from(words::integer(words[2])?);
    let ttl = ttl.map_err(|_| Fault::of("ERR Invalid TTL value, must be >= 0"))?;
    let opened = rdb::payload::open(payload).ok_or(Fault::of("ERR DUMP payload version or checksum are wrong"))?;
    let value = load::value_of(opened, call.server).ok_or(Fault::of("ERR Bad data format"))?;
    let expires_at = (ttl > 0).then(|| if options.is_absolute { ttl } else { call.wall.saturating_add(ttl) });
    if expires_at.is_some_and(|at| at <= call.now) {
        if call.remove(key) {
            call.say(&[b"DEL", key]);
        }
        call.reply.ok();
        return Ok(());
    }
    call.set(key, value);
    if expires_at.is_some() {
        call.set_expires_at(key, expires_at);
    }
    if options.idle_seconds.is_some() || options.frequency.is_some() {
        let access = call.server.access_of(options.idle_seconds, options.frequency, call.wall);
        let (database, hash) = call.data.at_mut(call.session.database, key);
        database.touch(hash, key, 0, |_| access);
    }
    call.modified(key, Class::Generic, "restore");
    if let Some(at) = expires_at.filter(|_| !options.is_absolute) {
        let at = at.to_string();
        let mut said = words.to_vec();
        said[2] = at.as_bytes();
        said.push(b"ABSTTL");
        call.say(&said);
    }
    call.reply.ok();
    Ok(())
}

//! Storing strings: SET and its special cases, MSET, MSETNX, and what reads and changes at once: GETSET, GETDEL, GETEX.

use dataset::Millis;

use super::options::{Expiry, MILLISECONDS, Options, SECONDS, Unit};
use crate::call::Call;
use crate::command::{Command, FIRST, Keys, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};

const SETS: u32 = flag::WRITE | flag::DENYOOM;
const PAIRS: Keys = Keys::Range { first: 1, last: -1, step: 2 };

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("set", -3, SETS, FIRST, set).of(&["string"]).about("1.0.0", "Stores a string."),
    Command::new("setnx", 3, SETS | flag::FAST, FIRST, setnx)
        .of(&["string"])
        .about("1.0.0", "Stores a string unless the key is there."),
    Command::new("setex", 4, SETS, FIRST, setex)
        .of(&["string"])
        .about("2.0.0", "Stores a string that expires after some seconds."),
    Command::new("psetex", 4, SETS, FIRST, psetex)
        .of(&["string"])
        .about("2.6.0", "Stores a string that expires after some milliseconds."),
    Command::new("getset", 3, SETS | flag::FAST, FIRST, getset)
        .of(&["string"])
        .about("1.0.0", "Stores a string and returns the former one."),
    Command::new("getdel", 2, flag::WRITE | flag::FAST, FIRST, getdel)
        .of(&["string"])
        .about("6.2.0", "Removes a string and returns it."),
    Command::new("getex", -2, flag::WRITE | flag::FAST, FIRST, getex)
        .of(&["string"])
        .about("6.2.0", "A string, whose expiry is set or cleared."),
    Command::new("mset", -3, SETS, PAIRS, mset).of(&["string"]).about("1.0.1", "Stores several strings."),
    Command::new("msetnx", -3, SETS, PAIRS, msetnx)
        .of(&["string"])
        .about("1.0.1", "Stores several strings unless one of the keys is there."),
];

fn set(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if let [_, key, value] = words {
        store(call, key, value);
        call.reply.ok();
        return Ok(());
    }
    let (key, value) = (words[1], words[2]);
    let options = Options::of_set(&words[3..])?;
    let time = options.expiry.time(call, "set")?;
    if options.wants_former {
        let (former, reply) = call.string(key)?;
        reply.bulk_or_null(former);
    }
    if let Some(must_exist) = options.must_exist
        && must_exist != call.peek(key).0.is_some()
    {
        if !options.wants_former {
            call.reply.null();
        }
        return Ok(());
    }
    let kept = if options.expiry == Expiry::Keep { call.expires_at(key).flatten() } else { None };
    if let Some(time) = time {
        store_until(call, key, value, time);
    } else {
        store(call, key, value);
        let mut effect: Vec<&[u8]> = vec![b"SET", key, value];
        if options.expiry == Expiry::Keep {
            call.set_expires_at(key, kept);
            effect.push(b"KEEPTTL");
        }
        call.say(&effect);
    }
    if !options.wants_former {
        call.reply.ok();
    }
    Ok(())
}

fn store(call: &mut Call<'_, '_>, key: &[u8], value: &[u8]) {
    call.set_string(key, value);
    call.modified(key, Class::String, "set");
}

fn store_until(call: &mut Call<'_, '_>, key: &[u8], value: &[u8], time: Millis) {
    store(call, key, value);
    call.set_expires_at(key, Some(time));
    call.notify(Class::Generic, "expire", key);
    call.say(&[b"SET", key, value, b"PXAT", itoa::Buffer::new().format(time).as_bytes()]);
}

fn setnx(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let is_new = call.peek(words[1]).0.is_none();
    if is_new {
        store(call, words[1], words[2]);
    }
    call.reply.integer(is_new.into());
    Ok(())
}

fn setex(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    set_with(call, words, &SECONDS, "setex")
}

fn psetex(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    set_with(call, words, &MILLISECONDS, "psetex")
}

fn set_with(call: &mut Call<'_, '_>, words: &[&[u8]], unit: &'static Unit, name: &str) -> Outcome {
    if let Some(time) = Expiry::At(unit, words[2]).time(call, name)? {
        store_until(call, words[1], words[3], time);
    }
    call.reply.ok();
    Ok(())
}

fn getset(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (former, reply) = call.string(words[1])?;
    reply.bulk_or_null(former);
    store(call, words[1], words[2]);
    call.say(&[b"SET", words[1], words[2]]);
    Ok(())
}

fn getdel(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (bytes, reply) = call.string(words[1])?;
    reply.bulk_or_null(bytes);
    if call.remove(words[1]) {
        call.say(&[b"DEL", words[1]]);
    }
    Ok(())
}

fn getex(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let key = words[1];
    let options = Options::of_get(&words[2..])?;
    if call.string(key)?.0.is_none() {
        call.reply.null();
        return Ok(());
    }
    let time = options.expiry.time(call, "getex")?;
    let (bytes, reply) = call.string(key)?;
    reply.bulk_or_null(bytes);
    match time {
        Some(time) if time <= call.now => {
            call.remove(key);
            call.say(&[b"DEL", key]);
        }
        Some(time) => {
            call.set_expires_at(key, Some(time));
            call.modified(key, Class::Generic, "expire");
            call.say(&[b"PEXPIREAT", key, itoa::Buffer::new().format(time).as_bytes()]);
        }
        None if options.expiry == Expiry::Persist && call.expires_at(key).flatten().is_some() => {
            call.set_expires_at(key, None);
            call.modified(key, Class::Generic, "persist");
            call.say(&[b"PERSIST", key]);
        }
        None => {}
    }
    Ok(())
}

/// The keys and values of a request.
fn pairs<'r, 'w>(words: &'r [&'w [u8]], name: &str) -> Result<&'r [[&'w [u8]; 2]], Fault> {
    let (pairs, rest) = words[1..].as_chunks::<2>();
    if rest.is_empty() { Ok(pairs) } else { Err(Fault::arity(name)) }
}

fn mset(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    for [key, value] in pairs(words, "mset")? {
        store(call, key, value);
    }
    call.reply.ok();
    Ok(())
}

fn msetnx(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let pairs = pairs(words, "msetnx")?;
    let are_new = pairs.iter().all(|[key, _]| call.peek(key).0.is_none());
    if are_new {
        pairs.iter().for_each(|[key, value]| store(call, key, value));
    }
    call.reply.integer(are_new.into());
    Ok(())
}

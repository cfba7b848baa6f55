//! When keys expire: EXPIRE and its kin.

use crate::call::Call;
use crate::command::{Command, FIRST, flag};
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::words;

const CHANGES: u32 = flag::WRITE | flag::FAST;
const TELLS: u32 = flag::READONLY | flag::FAST;

pub(crate) const COMMANDS: &[Command] = &[
    Command::new("expire", -3, CHANGES, FIRST, expire)
        .of(&["keyspace"])
        .about("1.0.0", "A key expires in so many seconds."),
    Command::new("pexpire", -3, CHANGES, FIRST, pexpire)
        .of(&["keyspace"])
        .about("2.6.0", "A key expires in so many milliseconds."),
    Command::new("expireat", -3, CHANGES, FIRST, expireat)
        .of(&["keyspace"])
        .about("1.2.0", "A key expires at a time, in seconds since 1970."),
    Command::new("pexpireat", -3, CHANGES, FIRST, pexpireat)
        .of(&["keyspace"])
        .about("2.6.0", "A key expires at a time, in milliseconds since 1970."),
    Command::new("ttl", 2, TELLS, FIRST, ttl).of(&["keyspace"]).about("1.0.0", "Seconds until a key expires."),
    Command::new("pttl", 2, TELLS, FIRST, pttl).of(&["keyspace"]).about("2.6.0", "Milliseconds until a key expires."),
    Command::new("expiretime", 2, TELLS, FIRST, expiretime)
        .of(&["keyspace"])
        .about("7.0.0", "When a key expires, in seconds since 1970."),
    Command::new("pexpiretime", 2, TELLS, FIRST, pexpiretime)
        .of(&["keyspace"])
        .about("7.0.0", "When a key expires, in milliseconds since 1970."),
    Command::new("persist", 2, CHANGES, FIRST, persist)
        .of(&["keyspace"])
        .about("2.2.0", "A key does not expire any more."),
];

/// How a time stands in a request.
#[derive(Clone, Copy)]
struct Unit {
    milliseconds: i64,
    is_relative: bool,
}

fn expire(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    set_expiry(call, words, Unit { milliseconds: 1000, is_relative: true })
}

fn pexpire(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    set_expiry(call, words, Unit { milliseconds: 1, is_relative: true })
}

fn expireat(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    set_expiry(call, words, Unit { milliseconds: 1000, is_relative: false })
}

fn pexpireat(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    set_expiry(call, words, Unit { milliseconds: 1, is_relative: false })
}

/// On what condition.
#[derive(Default)]
struct Only {
    if_none: bool,
    if_any: bool,
    if_later: bool,
    if_earlier: bool,
}

impl Only {
    fn parse(options: &[&[u8]]) -> Result<Self, Fault> {
        let mut only = Self::default();
        for option in options {
            let mark = match option.to_ascii_lowercase().as_slice() {
                b"nx" => &mut only.if_none,
                b"xx" => &mut only.if_any,
                b"gt" => &mut only.if_later,
                b"lt" => &mut only.if_earlier,
                _ => return Err(Fault::naming(&[b"ERR Unsupported option ", option])),
            };
            *mark = true;
        }
        if only.if_none && (only.if_any || only.if_later || only.if_earlier) {
            return Err(Fault::of("ERR NX and XX, GT or LT options at the same time are not compatible"));
        }
        if only.if_later && only.if_earlier {
            return Err(Fault::of("ERR GT and LT options at the same time are not compatible"));
        }
        Ok(only)
    }

    /// No expiry counts as one that never comes.
    fn allows(&self, now: Option<i64>, then: i64) -> bool {
        !(self.if_none && now.is_some()
            || self.if_any && now.is_none()
            || self.if_later && now.is_none_or(|now| then <= now)
            || self.if_earlier && now.is_some_and(|now| then >= now))
    }
}

fn set_expiry(call: &mut Call<'_, '_>, words: &[&[u8]], unit: Unit) -> Outcome {
    let (key, only) = (words[1], Only::parse(&words[3..])?);
    // By the clock: a log or a primary of former days may say how long a key has left, and means from when it is heard.
    let base = if unit.is_relative { call.wall as i64 } else { 0 };
    let at = words::integer(words[2])?.checked_mul(unit.milliseconds).and_then(|at| at.checked_add(base));
    let invalid =
        || Fault::made([b"ERR invalid expire time in '", &*words[0].to_ascii_lowercase(), b"' command"].concat());
    let at = at.ok_or_else(invalid)?;
    let current = call.expires_at(key);
    let is_allowed = current.is_some_and(|current| only.allows(current.map(|at| at as i64), at));
    if is_allowed && at <= call.now as i64 {
        call.remove(key);
        call.say(&[b"DEL", key]);
    } else if is_allowed {
        call.set_expires_at(key, Some(at as u64));
        call.say(&[b"PEXPIREAT", key, itoa::Buffer::new().format(at).as_bytes()]);
        call.modified(key, Class::Generic, "expire");
    }
    call.reply.integer(is_allowed.into());
    Ok(())
}

fn ttl(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let now = call.now;
    tell_expiry(call, words[1], |at| at.saturating_sub(now).saturating_add(500) / 1000)
}

fn pttl(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let now = call.now;
    tell_expiry(call, words[1], |at| at.saturating_sub(now))
}

fn expiretime(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    tell_expiry(call, words[1], |at| at.saturating_add(500) / 1000)
}

fn pexpiretime(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    tell_expiry(call, words[1], |at| at)
}

fn tell_expiry(call: &mut Call<'_, '_>, key: &[u8], as_asked: impl FnOnce(u64) -> u64) -> Outcome {
    let answer = match call.expires_at(key) {
        None => -2,
        Some(None) => -1,
        Some(Some(at)) => as_asked(at) as i64,
    };
    call.reply.integer(answer);
    Ok(())
}

fn persist(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let had_expiry = call.expires_at(words[1]).flatten().is_some();
    if had_expiry {
        call.set_expires_at(words[1], None);
        call.modified(words[1], Class::Generic, "persist");
    }
    call.reply.integer(had_expiry.into());
    Ok(())
}

//! DEBUG: what test suites ask of a server.

mod digest;
mod protocol;

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use dataset::{Shards, Value};

use crate::call::Call;
use crate::command::{Command, Keys, Run, flag};
use crate::commands::help::help;
use crate::events::Class;
use crate::fault::{Fault, Outcome};
use crate::numbers;
use crate::scripts::BUSY;
use crate::words;

const ADMIN: u32 = flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::PROTECTED;
const KEY: Keys = Keys::Range { first: 2, last: 2, step: 1 };
const KEYS: Keys = Keys::Range { first: 2, last: -1, step: 1 };

pub(super) const COMMANDS: &[Command] =
    &[Command::new("debug", -2, ADMIN, Keys::None, help).about("1.0.0", "For tests of servers.").with(&[
        row("sleep", 3, Keys::None, sleep)
            .about("1.0.0", "Stops the thread that serves this connection for so many seconds."),
        row("set-active-expire", 3, Keys::None, set_expiring)
            .about("1.0.0", "Whether expired keys that nobody asks for are removed."),
        row("set-atomic", 3, Keys::None, set_atomic).about(
            "1.0.0",
            "With 0, others come in between the commands of EXEC and scripts: a fault for tests of checkers.",
        ),
        row("object", -3, KEY, object).about("1.0.0", "How a value is kept."),
        row("digest", 2, Keys::All, digest::digest).about("1.0.0", "A hash of all data."),
        row("digest-value", -2, KEYS, digest::digest_value).about("1.0.0", "A hash of each value."),
        row("protocol", 3, Keys::None, protocol::protocol).about("1.0.0", "A reply of this type."),
        row("populate", -3, Keys::All, populate).about("1.0.0", "Makes so many keys, with this prefix, of this size."),
        row("error", 3, Keys::None, error).about("1.0.0", "This error."),
        row("log", 3, Keys::None, nothing).about("1.0.0", "Takes a message for the log."),
        row("jmap", 2, Keys::None, nothing).about("1.0.0", "Does nothing."),
        row("change-repl-id", 2, Keys::None, nothing).about("1.0.0", "Does nothing: there are no replicas."),
        row("dict-resizing", 3, Keys::None, nothing).about("1.0.0", "Does nothing: tables grow and shrink with use."),
        row("quicklist-packed-threshold", 3, Keys::None, nothing)
            .about("1.0.0", "Does nothing: lists have their own bounds."),
        row("set-skip-checksum-validation", 3, Keys::None, nothing).about("1.0.0", "Does nothing: nothing is loaded."),
        row("set-disable-deny-scripts", 3, Keys::None, nothing).about("1.0.0", "Does nothing."),
        row("replybuffer", -3, Keys::None, nothing).about("1.0.0", "Does nothing: buffers are lent."),
        row("pause-cron", 3, Keys::None, nothing).about("1.0.0", "Does nothing."),
        row("reload", -2, Keys::None, reload).about("1.0.0", "Writes all data to disk and reads it again."),
        row("loadaof", 2, Keys::None, load_log).about("1.0.0", "Empties all data and makes it again of the log."),
        row("help", 2, Keys::None, help).about("1.0.0", "This text."),
    ])];

const fn row(name: &'static str, arity: i32, keys: Keys, run: Run) -> Command {
    Command::new(name, arity, ADMIN, keys, run)
}

/// The longest sleep: a day.
const SLEEP_MAX_SECONDS: f64 = 86_400.0;

fn sleep(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let seconds = numbers::double(words[2]).unwrap_or(0.0).clamp(0.0, SLEEP_MAX_SECONDS);
    std::thread::sleep(Duration::from_secs_f64(seconds));
    call.reply.ok();
    Ok(())
}

fn set_expiring(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let is_on = words::integer(words[2])? != 0;
    call.server.upkeep.is_expiring.store(is_on, Relaxed);
    call.reply.ok();
    Ok(())
}

fn set_atomic(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.server.tearing.set(words::integer(words[2])? == 0);
    call.reply.ok();
    Ok(())
}

fn object(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let (server, now) = (call.server, call.now);
    let (item, reply) = call.peek(words[2]);
    let item = item.ok_or(Fault::NO_SUCH_KEY)?;
    let idle = server.idle_seconds(item.access(), now).unwrap_or(0);
    reply.simple(&format!(
        "Value at:0x0 refcount:1 encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{idle}",
        item.encoding(),
        item.weight(),
        item.access()
    ));
    Ok(())
}

/// Keys that one command makes.
const POPULATE_MAX: i64 = 100_000_000;

fn populate(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let count = words::integer(words[2])?;
    let prefix = words.get(3).map_or("key".into(), |word| String::from_utf8_lossy(word));
    let size = words.get(4).map(|word| words::integer(word)).transpose()?.unwrap_or(0);
    if !(0..=POPULATE_MAX).contains(&count) || !(0..=512 << 20).contains(&size) {
        return Err(Fault::of("ERR value is out of range"));
    }
    for number in 0..count {
        let key = format!("{prefix}:{number}").into_bytes();
        if call.peek(&key).0.is_some() {
            continue;
        }
        let mut value = format!("value:{number}").into_bytes();
        if size > 0 {
            value.resize(size.unsigned_abs() as usize, 0);
        }
        call.set(&key, Value::String(value.clone()));
        call.modified(&key, Class::String, "set");
        call.say(&[b"SET", &key, &value]);
    }
    call.reply.ok();
    Ok(())
}

fn reload(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let has = |option: &str| words[2..].iter().any(|word| words::is(word, option));
    let is_known = |word: &&[u8]| ["merge", "noflush", "nosave"].iter().any(|option| words::is(word, option));
    if !words[2..].iter().all(is_known) {
        return Err(Fault::of("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."));
    }
    if !call.may_wait {
        return Err(Fault::of("ERR Command not allowed inside a transaction"));
    }
    let server = call.server;
    if !has("nosave") {
        server.save(false).map_err(|why| Fault::made(format!("ERR {why}")))?;
    }
    if !has("noflush") {
        let mut data = server.lock(Shards::ALL).ok_or(BUSY)?;
        for database in 0..server.settings.databases {
            server.discard_all(data.parts_mut(database).map(|(_, part, _)| part.take()).collect());
        }
    }
    server.load_file(&server.own_file(), call.wall).map_err(|why| Fault::made(format!("ERR {why}")))?;
    call.reply.ok();
    Ok(())
}

fn error(_call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    Err(Fault::made(words[2].to_vec()))
}

fn nothing(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.ok();
    Ok(())
}

fn load_log(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    if !call.may_wait {
        return Err(Fault::of("ERR Command not allowed inside a transaction"));
    }
    call.server.reload_log(call.wall).map_err(|why| Fault::made(format!("ERR {why}")))?;
    call.reply.ok();
    Ok(())
}

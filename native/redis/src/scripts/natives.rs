//! The functions of the table `redis` that need no dataset, and what the sandbox is built of.

use std::rc::Rc;

use mlua::{Lua, Table, Value, Variadic};
use resp::Version;

use crate::scripts::general;
use crate::scripts::raised::{self, Raised};
use crate::scripts::reply::truncated;
use crate::scripts::script;
use crate::scripts::state::State;
use crate::server::VERSION;

/// `redis.LOG_…`, and what `redis.set_repl` takes.
const NUMBERS: [(&str, i64); 9] = [
    ("LOG_DEBUG", 0),
    ("LOG_VERBOSE", 1),
    ("LOG_NOTICE", 2),
    ("LOG_WARNING", 3),
    ("REPL_NONE", 0),
    ("REPL_AOF", 1),
    ("REPL_SLAVE", 2),
    ("REPL_REPLICA", 2),
    ("REPL_ALL", 3),
];

/// The table, without what needs a run's dataset.
pub(super) fn redis(lua: &Lua, state: &Rc<State>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, number) in NUMBERS {
        table.set(name, number)?;
    }
    table.set("REDIS_VERSION", VERSION)?;
    table.set("REDIS_VERSION_NUM", version_number())?;
    table.set("sha1hex", lua.create_function(sha1hex)?)?;
    table.set("error_reply", lua.create_function(error_reply)?)?;
    table.set("status_reply", lua.create_function(status_reply)?)?;
    table.set("set_repl", lua.create_function(set_repl)?)?;
    table.set("replicate_commands", lua.create_function(|_, ()| Ok(true))?)?;
    table.set("breakpoint", lua.create_function(|_, ()| Ok(false))?)?;
    table.set("debug", lua.create_function(|_, _: Variadic<Value>| Ok(()))?)?;
    let state = state.clone();
    table.set("setresp", lua.create_function(move |_, words: Variadic<Value>| set_version(&state, &words))?)?;
    Ok(table)
}

/// `0xMMmmpp`.
fn version_number() -> i64 {
    VERSION.split('.').fold(0, |number, part| number << 8 | part.parse::<i64>().unwrap_or(0))
}

/// A string, or a number as Lua writes it.
pub(super) fn string_of(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        value => Some(general::text(number_of(value)?, 14)),
    }
}

/// A number; not a string that is one.
pub(super) fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// A number, or a string that Lua takes for one.
pub(super) fn lax_number(lua: &Lua, value: &Value) -> Option<f64> {
    number_of(value).or_else(|| lua.coerce_number(value.clone()).ok().flatten())
}

fn sha1hex(lua: &Lua, words: Variadic<Value>) -> mlua::Result<mlua::LuaString> {
    let [word] = &**words else { return Err(raised::reply("wrong number of arguments")) };
    lua.create_string(script::sha(&string_of(word).unwrap_or_default()))
}

fn error_reply(lua: &Lua, words: Variadic<Value>) -> mlua::Result<Table> {
    let [Value::String(text)] = &**words else {
        return raised::reply_table(lua, b"ERR wrong number or type of arguments");
    };
    let text = text.as_bytes();
    let text = text.strip_prefix(b"-").unwrap_or(&text);
    let end = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    let text = &text[..end];
    let full = if text.contains(&b' ') { text.to_vec() } else { [b"ERR ", text].concat() };
    raised::reply_table(lua, &full)
}

fn status_reply(lua: &Lua, words: Variadic<Value>) -> mlua::Result<Table> {
    let [Value::String(text)] = &**words else {
        return raised::reply_table(lua, b"ERR wrong number or type of arguments");
    };
    let table = lua.create_table_with_capacity(0, 1)?;
    table.raw_set("ok", text)?;
    Ok(table)
}

/// Effects go where they go: what a script says of it is only checked.
fn set_repl(lua: &Lua, words: Variadic<Value>) -> mlua::Result<()> {
    let [flags] = &**words else { return Err(raised::reply("redis.set_repl() requires two arguments.")) };
    let flags = lax_number(lua, flags).map_or(0, truncated);
    if flags & !3 != 0 {
        let problem = "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.";
        return Err(raised::reply(problem));
    }
    Ok(())
}

fn set_version(state: &State, words: &[Value]) -> mlua::Result<()> {
    let [version] = words else { return Err(raised::reply("redis.setresp() requires one argument.")) };
    let text = string_of(version).unwrap_or_default();
    state.version.set(match &*text {
        b"2" => Version::Two,
        b"3" => Version::Three,
        _ => return Err(raised::reply("RESP version must be 2 or 3.")),
    });
    Ok(())
}

/// `math.random` and `math.randomseed`.
pub(super) fn math(lua: &Lua, state: &Rc<State>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let (of_random, of_seed) = (state.clone(), state.clone());
    table.set("random", lua.create_function(move |lua, bounds: Variadic<Value>| random(&of_random, lua, &bounds))?)?;
    table.set(
        "randomseed",
        lua.create_function(move |lua, seed: Variadic<Value>| {
            of_seed.random.seed(integer(lua, &seed, 1, "randomseed")?);
            Ok(())
        })?,
    )?;
    Ok(table)
}

fn random(state: &State, lua: &Lua, bounds: &[Value]) -> mlua::Result<f64> {
    let fraction = state.random.fraction();
    let (low, high) = match bounds.len() {
        0 => return Ok(fraction),
        1 => (1, integer(lua, bounds, 1, "random")?),
        2 => (integer(lua, bounds, 1, "random")?, integer(lua, bounds, 2, "random")?),
        _ => return Err(raised::text(lua, "wrong number of arguments")),
    };
    if low > high {
        return Err(raised::argument(lua, bounds.len(), "random", "interval is empty"));
    }
    Ok((fraction * (f64::from(high) - f64::from(low) + 1.0)).floor() + f64::from(low))
}

/// An argument of C's type `int`.
fn integer(lua: &Lua, words: &[Value], position: usize, function: &str) -> mlua::Result<i32> {
    let value = words.get(position - 1);
    let number = value.and_then(|value| lax_number(lua, value));
    number.map(|number| truncated(number) as i32).ok_or_else(|| expected(lua, position, function, "number", value))
}

/// `bad argument … (number expected, got string)`.
pub(super) fn expected(lua: &Lua, position: usize, function: &str, kind: &str, got: Option<&Value>) -> mlua::Error {
    raised::argument(lua, position, function, &format!("{kind} expected, got {}", got.map_or("no value", kind_of)))
}

/// As `type` says it.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nil",
        Value::Boolean(_) => "boolean",
        Value::Integer(_) | Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Table(_) => "table",
        Value::Function(_) => "function",
        Value::Thread(_) => "thread",
        _ => "userdata",
    }
}

/// Somebody reads a global that is not there.
pub(super) fn missing(lua: &Lua, (_, name): (Value, Value)) -> mlua::Result<()> {
    let name = string_of(&name).unwrap_or_else(|| kind_of(&name).into());
    let problem = b"Script attempted to access nonexistent global variable '";
    Err(raised::text(lua, [problem, &*name, b"'"].concat()))
}

/// Redis's handler of errors that end a script: a table with `err` and the place where it was raised.
pub(super) fn placed(lua: &Lua, problem: Value) -> mlua::Result<Table> {
    if problem.as_error().is_some_and(|error| matches!(error.downcast_ref(), Some(Raised::Stopped))) {
        return lua.create_table();
    }
    let problem = raised::seen(lua, problem)?;
    let table = match problem {
        Value::Table(table) => table,
        other => {
            let text = string_of(&other).unwrap_or_else(|| kind_of(&other).into());
            let table = lua.create_table()?;
            table.raw_set("err", lua.create_string([b"ERR ", &*text].concat())?)?;
            table
        }
    };
    if let Some((source, line)) = place(lua) {
        table.raw_set("source", lua.create_string(source)?)?;
        table.raw_set("line", line)?;
    }
    Ok(table)
}

/// Of the function that raised the error; of a native one's caller, and of what called the sandbox.
fn place(lua: &Lua) -> Option<(Vec<u8>, i64)> {
    let mut level = 1;
    loop {
        let (source, line, is_passed) = lua.inspect_stack(level, |frame| {
            let source = frame.source();
            let text = source.source.as_deref().unwrap_or("").as_bytes().to_vec();
            let line = frame.current_line().map_or(-1, |line| line as i64);
            let is_passed = source.what == "C" && level == 1 || text == b"=sandbox" || text == b"=(tail call)";
            (text, line, is_passed)
        })?;
        if !is_passed {
            return Some((source, line));
        }
        level += 1;
    }
}

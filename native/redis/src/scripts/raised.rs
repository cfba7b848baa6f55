//! Errors that native functions raise in a script, and what a script sees of them. The VM carries such an error as a value of its own
//! kind; before a script's hands get it (from `pcall` and its kin, and at the end) it becomes what Redis's functions would have
//! raised: a string with the place, or for an error reply a table with `err`.

use mlua::{Lua, Table, Value};

/// An error of a native function.
#[derive(Clone, Debug)]
pub(super) enum Raised {
    /// A string.
    Text(Vec<u8>),
    /// An error reply, its code first.
    Reply(Vec<u8>),
    /// The run is over, whatever the script does with it: see `Stop`.
    Stopped,
}

impl std::fmt::Display for Raised {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) | Self::Reply(text) => formatter.write_str(&String::from_utf8_lossy(text)),
            Self::Stopped => formatter.write_str("the script was stopped"),
        }
    }
}

impl std::error::Error for Raised {}

impl From<Raised> for mlua::Error {
    fn from(raised: Raised) -> Self {
        Self::external(raised)
    }
}

/// Raises a text with the place of the script's line before it, as functions of Lua's own library do.
pub(super) fn text(lua: &Lua, text: impl AsRef<[u8]>) -> mlua::Error {
    let mut full = place(lua, 1).unwrap_or_default();
    full.extend_from_slice(text.as_ref());
    Raised::Text(full).into()
}

/// Raises a text as it is.
pub(super) fn bare(text: &str) -> mlua::Error {
    Raised::Text(text.into()).into()
}

/// Raises an error reply without a code of its own.
pub(super) fn reply(text: &str) -> mlua::Error {
    Raised::Reply([b"ERR ", text.as_bytes()].concat()).into()
}

/// `bad argument #1 to 'encode' (table expected, got nil)`; `position` is counted from 1.
pub(super) fn argument(lua: &Lua, position: usize, function: &str, problem: &str) -> mlua::Error {
    let is_named = lua.inspect_stack(0, |frame| frame.names().name.is_some()).unwrap_or(false);
    let function = if is_named { function } else { "?" };
    text(lua, format!("bad argument #{position} to '{function}' ({problem})"))
}

/// `user_script:1: `, if the function at this level is the script's.
fn place(lua: &Lua, level: usize) -> Option<Vec<u8>> {
    lua.inspect_stack(level, |frame| {
        let line = frame.current_line()?;
        let source = frame.source();
        Some(format!("{}:{line}: ", source.short_src.as_deref().unwrap_or("?")).into_bytes())
    })?
}

/// What a script sees of a value that was raised: native errors as strings or tables, all else as it is.
pub(super) fn seen(lua: &Lua, value: Value) -> mlua::Result<Value> {
    let Value::Error(error) = &value else { return Ok(value) };
    Ok(match error.downcast_ref::<Raised>() {
        Some(Raised::Text(text)) => Value::String(lua.create_string(text)?),
        Some(Raised::Reply(text)) => Value::Table(reply_table(lua, text)?),
        Some(raised @ Raised::Stopped) => Value::String(lua.create_string(raised.to_string())?),
        None => Value::String(lua.create_string(plain(error))?),
    })
}

/// An error reply as a script gets it.
pub(super) fn reply_table(lua: &Lua, text: &[u8]) -> mlua::Result<Table> {
    let table = lua.create_table_with_capacity(0, 2)?;
    table.raw_set("err", lua.create_string(text)?)?;
    table.raw_set("ignore_error_stats_update", true)?;
    Ok(table)
}

/// An error of the VM itself.
pub(super) fn plain(error: &mlua::Error) -> String {
    match error {
        mlua::Error::CallbackError { cause, .. } => plain(cause),
        mlua::Error::RuntimeError(text) | mlua::Error::MemoryError(text) => text.clone(),
        other => other.to_string(),
    }
}

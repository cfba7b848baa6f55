//! Replies of commands as values of Lua, by Redis's rules for both versions of the protocol.

use mlua::{Lua, Table, Value};

use crate::scripts::raised;

/// A reply that this server has written itself.
pub(super) struct Answer<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Answer<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// An error reply's text.
    pub(super) fn error(&self) -> Option<&'b [u8]> {
        let text = self.bytes.strip_prefix(b"-")?;
        Some(text.strip_suffix(b"\r\n").unwrap_or(text))
    }

    fn line(&mut self) -> &'b [u8] {
        let rest = &self.bytes[self.at..];
        let length = rest.windows(2).position(|end| end == b"\r\n").unwrap_or(rest.len());
        self.at = (self.at + length + 2).min(self.bytes.len());
        &rest[..length]
    }

    fn blob(&mut self, length: usize) -> &'b [u8] {
        let blob = &self.bytes[self.at..self.at + length];
        self.at += length + 2;
        blob
    }

    /// The next value.
    pub(super) fn value(&mut self, lua: &Lua) -> mlua::Result<Value> {
        let line = self.line();
        let Some((kind, rest)) = line.split_first() else { return Ok(Value::Nil) };
        Ok(match kind {
            b':' => Value::Number(number(rest) as f64),
            b'$' => match usize::try_from(number(rest)) {
                Ok(length) => Value::String(lua.create_string(self.blob(length))?),
                Err(_) => Value::Boolean(false),
            },
            b'+' => single(lua, "ok", lua.create_string(rest)?)?,
            b'-' => Value::Table(raised::reply_table(lua, rest)?),
            b'*' | b'>' => match usize::try_from(number(rest)) {
                Ok(count) => Value::Table(self.array(lua, count)?),
                Err(_) => Value::Boolean(false),
            },
            b'%' => single(lua, "map", self.map(lua, number(rest))?)?,
            b'~' => single(lua, "set", self.set(lua, number(rest))?)?,
            b'#' => Value::Boolean(rest == b"t"),
            b',' => single(lua, "double", double(rest))?,
            b'(' => single(lua, "big_number", lua.create_string(rest)?)?,
            b'=' => self.verbatim(lua, number(rest))?,
            _ => Value::Nil,
        })
    }

    fn array(&mut self, lua: &Lua, count: usize) -> mlua::Result<Table> {
        let table = lua.create_table_with_capacity(count, 0)?;
        for position in 1..=count {
            table.raw_set(position, self.value(lua)?)?;
        }
        Ok(table)
    }

    fn map(&mut self, lua: &Lua, pairs: i64) -> mlua::Result<Table> {
        let table = lua.create_table_with_capacity(0, pairs.unsigned_abs() as usize)?;
        for _ in 0..pairs {
            table.raw_set(self.value(lua)?, self.value(lua)?)?;
        }
        Ok(table)
    }

    fn set(&mut self, lua: &Lua, count: i64) -> mlua::Result<Table> {
        let table = lua.create_table_with_capacity(0, count.unsigned_abs() as usize)?;
        for _ in 0..count {
            table.raw_set(self.value(lua)?, true)?;
        }
        Ok(table)
    }

    fn verbatim(&mut self, lua: &Lua, length: i64) -> mlua::Result<Value> {
        let blob = self.blob(length.unsigned_abs() as usize);
        let (format, text) = blob.split_at(blob.len().min(3));
        let table = lua.create_table_with_capacity(0, 2)?;
        table.raw_set("format", lua.create_string(format)?)?;
        table.raw_set("string", lua.create_string(text.strip_prefix(b":").unwrap_or(text))?)?;
        single(lua, "verbatim_string", table)
    }
}

/// A table with one field.
fn single(lua: &Lua, field: &str, value: impl mlua::IntoLua) -> mlua::Result<Value> {
    let table = lua.create_table_with_capacity(0, 1)?;
    table.raw_set(field, value)?;
    Ok(Value::Table(table))
}

fn number(digits: &[u8]) -> i64 {
    std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn double(text: &[u8]) -> f64 {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

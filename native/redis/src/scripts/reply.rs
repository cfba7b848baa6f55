//! What a script returns, as a reply: by Redis's rules for both versions of the protocol.

use mlua::{Table, Value};
use resp::{Version, Writer};

use crate::numbers;

/// Tables in tables that are written; what lies deeper is an error in its place.
const DEPTH_MAX: usize = 1000;

/// Longest reply: tables that hold each other many times would make an endless one.
const REPLY_MAX: usize = 512 << 20;

/// Writes a value; `script` is the version that the script has asked for.
pub(super) fn write(value: &Value, script: Version, reply: &mut Writer<'_>) -> mlua::Result<()> {
    let limit = reply.buffer().len() + REPLY_MAX;
    Depth { script, left: DEPTH_MAX, limit }.write(value, reply)
}

struct Depth {
    script: Version,
    left: usize,
    limit: usize,
}

impl Depth {
    fn write(&mut self, value: &Value, reply: &mut Writer<'_>) -> mlua::Result<()> {
        if reply.buffer().len() > self.limit {
            return Err(mlua::Error::runtime("the reply of the script is too large"));
        }
        match value {
            Value::String(text) => reply.bulk(&text.as_bytes()),
            Value::Integer(number) => reply.integer(*number),
            Value::Number(number) => reply.integer(truncated(*number)),
            Value::Boolean(value) if self.script == Version::Three => reply.boolean(*value),
            Value::Boolean(true) => reply.integer(1),
            Value::Table(table) if self.left == 0 => {
                let _ = table;
                reply.error(b"ERR reached lua stack limit");
            }
            Value::Table(table) => {
                self.left -= 1;
                self.table(table, reply)?;
                self.left += 1;
            }
            _ => reply.null(),
        }
        Ok(())
    }

    fn table(&mut self, table: &Table, reply: &mut Writer<'_>) -> mlua::Result<()> {
        if let Value::String(text) = table.raw_get("err")? {
            reply.error(trimmed(&text.as_bytes()));
        } else if let Value::String(text) = table.raw_get("ok")? {
            status(b'+', &text.as_bytes(), reply);
        } else if let Some(number) = number(&table.raw_get("double")?) {
            reply.double_text(&numbers::double_text(number));
        } else if let Value::Table(map) = table.raw_get("map")? {
            self.map(&map, reply)?;
        } else if let Value::Table(set) = table.raw_get("set")? {
            self.set(&set, reply)?;
        } else if let Value::String(text) = table.raw_get("big_number")? {
            big_number(&text.as_bytes(), reply);
        } else if !verbatim(table, reply)? {
            self.array(table, reply)?;
        }
        Ok(())
    }

    fn map(&mut self, map: &Table, reply: &mut Writer<'_>) -> mlua::Result<()> {
        reply.map(entries(map)?);
        map.for_each(|key: Value, value: Value| {
            self.write(&key, reply)?;
            self.write(&value, reply)
        })
    }

    fn set(&mut self, set: &Table, reply: &mut Writer<'_>) -> mlua::Result<()> {
        reply.set(entries(set)?);
        set.for_each(|member: Value, _: Value| self.write(&member, reply))
    }

    /// Elements up to the first nil. Lua's own length may pass it: then the count that was written first is put right.
    fn array(&mut self, table: &Table, reply: &mut Writer<'_>) -> mlua::Result<()> {
        let (start, length) = (reply.buffer().len(), table.raw_len());
        reply.array(length);
        let first = reply.buffer().len();
        for position in 1..=length {
            let value: Value = table.raw_get(position)?;
            if value.is_nil() {
                let written = reply.buffer().split_off(first);
                reply.buffer().truncate(start);
                reply.array(position - 1);
                reply.buffer().extend_from_slice(&written);
                break;
            }
            self.write(&value, reply)?;
        }
        Ok(())
    }
}

fn entries(table: &Table) -> mlua::Result<usize> {
    let mut count = 0;
    table.for_each(|_: Value, _: Value| {
        count += 1;
        Ok(())
    })?;
    Ok(count)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// As the processor turns a double into an integer: one that has no place in 64 bits is the smallest.
pub(super) fn truncated(number: f64) -> i64 {
    // 2 to the 63rd is the first that is too large.
    let fits = number >= i64::MIN as f64 && number < 9_223_372_036_854_775_808.0;
    if fits { number as i64 } else { i64::MIN }
}

/// A line: line ends in it become spaces.
fn status(kind: u8, text: &[u8], reply: &mut Writer<'_>) {
    let buffer = reply.buffer();
    buffer.push(kind);
    buffer.extend(text.iter().map(|&byte| if byte == b'\r' || byte == b'\n' { b' ' } else { byte }));
    buffer.extend_from_slice(b"\r\n");
}

fn big_number(text: &[u8], reply: &mut Writer<'_>) {
    match reply.version() {
        Version::Three => status(b'(', text, reply),
        Version::Two => {
            let shown: Vec<u8> =
                text.iter().map(|&byte| if byte == b'\r' || byte == b'\n' { b' ' } else { byte }).collect();
            reply.bulk(&shown);
        }
    }
}

/// False when the table is none.
fn verbatim(table: &Table, reply: &mut Writer<'_>) -> mlua::Result<bool> {
    let Value::Table(verbatim) = table.raw_get("verbatim_string")? else { return Ok(false) };
    let (Value::String(format), Value::String(text)) = (verbatim.raw_get("format")?, verbatim.raw_get("string")?)
    else {
        return Ok(false);
    };
    let mut three = *b"   ";
    three.iter_mut().zip(&*format.as_bytes()).for_each(|(place, byte)| *place = *byte);
    reply.verbatim(&three, &text.as_bytes());
    Ok(true)
}

/// Redis takes line ends off an error before it turns those within into spaces.
fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    &text[..end]
}

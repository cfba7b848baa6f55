//! MessagePack as values. Nothing is made larger than the input shows: lengths are only believed.

use mlua::{Lua, Table, Value};

use crate::scripts::raised;

/// Arrays and maps in each other.
const DEPTH_MAX: usize = 200;

/// What is wrong.
pub(super) enum Problem {
    /// With the input.
    Text(&'static str),
    /// With the VM.
    Lua(mlua::Error),
}

impl From<mlua::Error> for Problem {
    fn from(error: mlua::Error) -> Self {
        Self::Lua(error)
    }
}

const MISSING: Problem = Problem::Text("Missing bytes in input.");
const BAD: Problem = Problem::Text("Bad data format in input.");

/// What is left to be read.
pub(super) struct Input<'d>(&'d [u8]);

impl<'d> Input<'d> {
    pub(super) fn new(bytes: &'d [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, count: usize) -> Result<&'d [u8], Problem> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(MISSING)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of so many bytes, the highest first.
    fn unsigned(&mut self, bytes: usize) -> Result<u64, Problem> {
        Ok(self.take(bytes)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn length(&mut self, bytes: usize) -> Result<usize, Problem> {
        Ok(self.unsigned(bytes)? as usize)
    }

    /// The next value.
    pub(super) fn value(&mut self, lua: &Lua, depth: usize) -> Result<Value, Problem> {
        let kind = self.take(1)?[0];
        Ok(match kind {
            0x00..=0x7f => Value::Number(f64::from(kind)),
            0xe0..=0xff => Value::Number(f64::from(kind.cast_signed())),
            0x80..=0x8f => self.map(lua, usize::from(kind & 15), depth)?,
            0x90..=0x9f => self.array(lua, usize::from(kind & 15), depth)?,
            0xa0..=0xbf => self.text(lua, usize::from(kind & 31))?,
            0xc0 => Value::Nil,
            0xc2 | 0xc3 => Value::Boolean(kind == 0xc3),
            0xca => Value::Number(f32::from_bits(self.unsigned(4)? as u32).into()),
            0xcb => Value::Number(f64::from_bits(self.unsigned(8)?)),
            // As the original has it: the largest are negative.
            0xcc..=0xcf => Value::Number(self.unsigned(1 << (kind - 0xcc))?.cast_signed() as f64),
            0xd0..=0xd3 => {
                let bytes = 1 << (kind - 0xd0);
                let unused = 64 - 8 * bytes as u32;
                Value::Number(((self.unsigned(bytes)? << unused).cast_signed() >> unused) as f64)
            }
            0xd9..=0xdb => {
                let length = self.length(1 << (kind - 0xd9))?;
                self.text(lua, length)?
            }
            0xdc | 0xdd => {
                let length = self.length(2 << (kind - 0xdc))?;
                self.array(lua, length, depth)?
            }
            0xde | 0xdf => {
                let length = self.length(2 << (kind - 0xde))?;
                self.map(lua, length, depth)?
            }
            _ => return Err(BAD),
        })
    }

    fn text(&mut self, lua: &Lua, length: usize) -> Result<Value, Problem> {
        Ok(Value::String(lua.create_string(self.take(length)?)?))
    }

    fn array(&mut self, lua: &Lua, length: usize, depth: usize) -> Result<Value, Problem> {
        let table = begin(lua, depth, "stack overflow (in function mp_decode_to_lua_array)")?;
        for position in 1..=length {
            table.raw_set(position, self.value(lua, depth + 1)?)?;
        }
        Ok(Value::Table(table))
    }

    fn map(&mut self, lua: &Lua, length: usize, depth: usize) -> Result<Value, Problem> {
        let table = begin(lua, depth, "stack overflow (in function mp_decode_to_lua_hash)")?;
        for _ in 0..length {
            let (key, value) = (self.value(lua, depth + 1)?, self.value(lua, depth + 1)?);
            match key {
                Value::Nil => return Err(Problem::Lua(raised::bare("table index is nil"))),
                Value::Number(number) if number.is_nan() => {
                    return Err(Problem::Lua(raised::bare("table index is NaN")));
                }
                key => table.raw_set(key, value)?,
            }
        }
        Ok(Value::Table(table))
    }
}

fn begin(lua: &Lua, depth: usize, too_deep: &'static str) -> Result<Table, Problem> {
    if depth >= DEPTH_MAX { Err(Problem::Text(too_deep)) } else { Ok(lua.create_table()?) }
}

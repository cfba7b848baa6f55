//! What a native function was given: values by their position, and Lua's own errors when they are of another type.

use mlua::{Lua, Value};

use crate::scripts::natives::{expected, lax_number, string_of};
use crate::scripts::raised;
use crate::scripts::reply::truncated;

/// The arguments of one call.
pub(super) struct Arguments<'a> {
    pub(super) lua: &'a Lua,
    /// As errors name it.
    function: &'static str,
    pub(super) values: &'a [Value],
}

impl<'a> Arguments<'a> {
    pub(super) fn new(lua: &'a Lua, function: &'static str, values: &'a [Value]) -> Self {
        Self { lua, function, values }
    }

    /// The value at this position, counted from 1.
    pub(super) fn value(&self, position: usize) -> Option<&'a Value> {
        self.values.get(position - 1)
    }

    /// Nothing, or nil, stands there.
    pub(super) fn is_absent(&self, position: usize) -> bool {
        self.value(position).is_none_or(Value::is_nil)
    }

    pub(super) fn number(&self, position: usize) -> mlua::Result<f64> {
        let value = self.value(position);
        let number = value.and_then(|value| lax_number(self.lua, value));
        number.ok_or_else(|| self.expected(position, "number"))
    }

    pub(super) fn integer(&self, position: usize) -> mlua::Result<i64> {
        self.number(position).map(truncated)
    }

    pub(super) fn integer_or(&self, position: usize, otherwise: i64) -> mlua::Result<i64> {
        if self.is_absent(position) { Ok(otherwise) } else { self.integer(position) }
    }

    /// Bytes; a number is one, as Lua writes it.
    pub(super) fn bytes(&self, position: usize) -> mlua::Result<Vec<u8>> {
        let value = self.value(position);
        value.and_then(string_of).ok_or_else(|| self.expected(position, "string"))
    }

    /// `bad argument #2 to 'unpack' (<problem>)`, unless the condition holds.
    pub(super) fn check(&self, holds: bool, position: usize, problem: &str) -> mlua::Result<()> {
        if holds { Ok(()) } else { Err(raised::argument(self.lua, position, self.function, problem)) }
    }

    /// An error with the script's line before it.
    pub(super) fn error(&self, problem: impl AsRef<[u8]>) -> mlua::Error {
        raised::text(self.lua, problem)
    }

    fn expected(&self, position: usize, kind: &str) -> mlua::Error {
        expected(self.lua, position, self.function, kind, self.value(position))
    }
}

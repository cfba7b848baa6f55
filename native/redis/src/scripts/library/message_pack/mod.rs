//! The library `cmsgpack`: values as MessagePack. Tables deeper than `NESTED_MAX` are packed as nil, as in Redis.

mod decode;
mod encode;

use mlua::{Lua, MultiValue, Table, Value, Variadic};

use super::arguments::Arguments;

pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.set(
        "pack",
        lua.create_function(|lua, values: Variadic<Value>| pack(&Arguments::new(lua, "pack", &values)))?,
    )?;
    let unpack: fn(&Arguments<'_>) -> mlua::Result<(i64, i64)> = |_| Ok((0, 0));
    let one: fn(&Arguments<'_>) -> mlua::Result<(i64, i64)> = |words| Ok((1, words.integer_or(2, 0)?));
    let limit: fn(&Arguments<'_>) -> mlua::Result<(i64, i64)> =
        |words| Ok((words.integer(2)?, words.integer_or(3, 0)?));
    for (name, bounds) in [("unpack", unpack), ("unpack_one", one), ("unpack_limit", limit)] {
        table.set(
            name,
            lua.create_function(move |lua, values: Variadic<Value>| {
                let words = Arguments::new(lua, name, &values);
                let (limit, offset) = bounds(&words)?;
                unpacked(&words, limit, offset)
            })?,
        )?;
    }
    table.set("_NAME", "cmsgpack")?;
    table.set("_VERSION", "lua-cmsgpack 0.4.0")?;
    table.set("_DESCRIPTION", "MessagePack C implementation for Lua")?;
    table.set("_COPYRIGHT", "")?;
    Ok(table)
}

fn pack(words: &Arguments<'_>) -> mlua::Result<mlua::LuaString> {
    words.check(!words.values.is_empty(), 0, "MessagePack pack needs input.")?;
    let mut out = Vec::new();
    for value in words.values {
        encode::write(value, 0, &mut out)?;
    }
    words.lua.create_string(out)
}

/// As many values as `limit` says, from `offset` on, behind where the next one begins (-1: at the end); with neither, only all values.
fn unpacked(words: &Arguments<'_>, limit: i64, offset: i64) -> mlua::Result<MultiValue> {
    let data = words.bytes(1)?;
    let (limit, offset) = (limit as i32, offset as i32);
    let takes_all = limit == 0 && offset == 0;
    let Ok(start) = usize::try_from(offset).and_then(|start| usize::try_from(limit).map(|_| start)) else {
        let problem = format!("Invalid request to unpack with offset of {offset} and limit of {}.", data.len());
        return Err(words.error(problem));
    };
    if start > data.len() {
        let problem = format!("Start offset {offset} greater than input length {}.", data.len());
        return Err(words.error(problem));
    }
    let mut input = decode::Input::new(&data[start..]);
    let mut values = MultiValue::new();
    while !input.is_empty() && (takes_all || values.len() < limit.unsigned_abs() as usize) {
        let value = input.value(words.lua, 0).map_err(|problem| match problem {
            decode::Problem::Text(text) => words.error(text),
            decode::Problem::Lua(error) => error,
        })?;
        values.push_back(value);
    }
    if !takes_all {
        let next = if input.is_empty() { -1.0 } else { (data.len() - input.left()) as f64 };
        values.push_front(Value::Number(next));
    }
    Ok(values)
}

//! The libraries that Redis's scripts find beside Lua's own.

mod arguments;
mod bits;
mod json;
mod message_pack;
mod structs;

use std::rc::Rc;

use mlua::{Lua, Table};

pub(super) use json::Options;

/// Longest text that a library makes.
const TEXT_MAX: usize = 512 << 20;

/// All of them by their names.
pub(super) fn all(lua: &Lua, options: &Rc<Options>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.set("bit", bits::table(lua)?)?;
    table.set("cjson", json::table(lua, options)?)?;
    table.set("cmsgpack", message_pack::table(lua)?)?;
    table.set("struct", structs::table(lua)?)?;
    Ok(table)
}

fn too_large() -> mlua::Error {
    mlua::Error::MemoryError("not enough memory".to_owned())
}

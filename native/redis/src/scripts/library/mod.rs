//! The libraries that Redis's scripts find beside Lua's own.

use mlua::{Lua, Table};

/// All of them by their names.
pub(super) fn all(lua: &Lua) -> mlua::Result<Table> {
    lua.create_table()
}

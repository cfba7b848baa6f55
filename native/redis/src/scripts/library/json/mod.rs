//! The library `cjson`. What a script sets of its options is gone with the script: the next one finds the defaults.

mod decode;
mod encode;
mod options;
mod tokens;

use std::rc::Rc;

use mlua::{Lua, Table, Value, Variadic};

pub(in crate::scripts) use options::Options;

use super::arguments::Arguments;

/// Deepest nesting, whatever a script sets: each level takes some of the thread's stack.
const DEPTH_MAX: usize = 1000;

pub(super) fn table(lua: &Lua, options: &Rc<Options>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    add(lua, &table, "encode", options, |words, options| {
        words.check(words.values.len() == 1, 1, "expected 1 argument")?;
        Ok(options::one(Value::String(words.lua.create_string(encode::encode(words, options)?)?)))
    })?;
    add(lua, &table, "decode", options, |words, options| {
        words.check(words.values.len() == 1, 1, "expected 1 argument")?;
        decode::decode(words, options).map(options::one)
    })?;
    for (name, set) in options::FUNCTIONS {
        add(lua, &table, name, options, *set)?;
    }
    table.set("new", lua.create_function(|lua, ()| self::table(lua, &Rc::new(Options::default())))?)?;
    table.set("null", Value::NULL)?;
    table.set("_NAME", "cjson")?;
    table.set("_VERSION", "2.1.0")?;
    Ok(table)
}

type Returned = mlua::Result<Variadic<Value>>;
type Act = fn(&Arguments<'_>, &Options) -> Returned;

fn add(lua: &Lua, table: &Table, name: &'static str, options: &Rc<Options>, act: Act) -> mlua::Result<()> {
    let options = options.clone();
    let function =
        lua.create_function(move |lua, values: Variadic<Value>| act(&Arguments::new(lua, name, &values), &options))?;
    table.set(name, function)
}

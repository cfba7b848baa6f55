//! The library `bit`: operations on numbers of 32 bits.

use mlua::{Lua, Table, Value, Variadic};

use super::arguments::Arguments;

/// Operations by name.
type Named<F, const N: usize> = [(&'static str, F); N];

pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let folds: Named<fn(u32, u32) -> u32, 3> =
        [("band", |one, other| one & other), ("bor", |one, other| one | other), ("bxor", |one, other| one ^ other)];
    for (name, fold) in folds {
        add(lua, &table, name, move |words| {
            let mut result = bits(words, 1)?;
            for position in 2..=words.values.len() {
                result = fold(result, bits(words, position)?);
            }
            Ok(result)
        })?;
    }
    let shifts: Named<fn(u32, u32) -> u32, 5> = [
        ("lshift", |value, by| value << by),
        ("rshift", |value, by| value >> by),
        ("arshift", |value, by| (value.cast_signed() >> by).cast_unsigned()),
        ("rol", u32::rotate_left),
        ("ror", u32::rotate_right),
    ];
    for (name, shift) in shifts {
        add(lua, &table, name, move |words| {
            let value = bits(words, 1)?;
            Ok(shift(value, bits(words, 2)? & 31))
        })?;
    }
    let others: Named<fn(u32) -> u32, 3> =
        [("tobit", |value| value), ("bnot", |value| !value), ("bswap", u32::swap_bytes)];
    for (name, change) in others {
        add(lua, &table, name, move |words| bits(words, 1).map(change))?;
    }
    table.set(
        "tohex",
        lua.create_function(|lua, values: Variadic<Value>| to_hex(&Arguments::new(lua, "tohex", &values)))?,
    )?;
    Ok(table)
}

fn add(
    lua: &Lua,
    table: &Table,
    name: &'static str,
    operation: impl Fn(&Arguments<'_>) -> mlua::Result<u32> + 'static,
) -> mlua::Result<()> {
    let function = lua.create_function(move |lua, values: Variadic<Value>| {
        let result = operation(&Arguments::new(lua, name, &values))?;
        Ok(f64::from(result.cast_signed()))
    })?;
    table.set(name, function)
}

/// The lowest 32 bits of a number, rounded: the sum leaves no room for a fraction in a double, as the original library does it.
fn bits(words: &Arguments<'_>, position: usize) -> mlua::Result<u32> {
    Ok((words.number(position)? + 6_755_399_441_055_744.0).to_bits() as u32)
}

/// The last digits, small ones, or large ones when their count is negative.
fn to_hex(words: &Arguments<'_>) -> mlua::Result<String> {
    let value = bits(words, 1)?;
    let digits = if words.value(2).is_some() { bits(words, 2)?.cast_signed() } else { 8 };
    let text = if digits < 0 { format!("{value:08X}") } else { format!("{value:08x}") };
    let shown = digits.unsigned_abs().min(8) as usize;
    Ok(text[8 - shown..].to_owned())
}

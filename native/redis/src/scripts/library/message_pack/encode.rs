//! Values as MessagePack, each in its shortest form.

use mlua::{Table, Value};

use super::super::{TEXT_MAX, too_large};

/// Tables in tables; what lies deeper is nil.
const NESTED_MAX: usize = 16;

/// Appends one value.
pub(super) fn write(value: &Value, level: usize, out: &mut Vec<u8>) -> mlua::Result<()> {
    if out.len() > TEXT_MAX {
        return Err(too_large());
    }
    match value {
        Value::String(text) => string(&text.as_bytes(), out),
        Value::Boolean(value) => out.push(if *value { 0xc3 } else { 0xc2 }),
        Value::Integer(number) => self::number(*number as f64, out),
        Value::Number(number) => self::number(*number, out),
        Value::Table(table) if level < NESTED_MAX => self::table(table, level, out)?,
        _ => out.push(0xc0),
    }
    Ok(())
}

fn string(text: &[u8], out: &mut Vec<u8>) {
    length(text.len(), (0xa0, 32), Some(0xd9), [0xda, 0xdb], out);
    out.extend_from_slice(text);
}

/// A length: within the first byte, or behind it in one, two or four bytes.
fn length(length: usize, (fixed, below): (u8, usize), one: Option<u8>, [two, four]: [u8; 2], out: &mut Vec<u8>) {
    match (length, one) {
        (length, _) if length < below => out.push(fixed | length as u8),
        (..=0xff, Some(one)) => out.extend_from_slice(&[one, length as u8]),
        (..=0xffff, _) => {
            out.push(two);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(four);
            out.extend_from_slice(&(length as u32).to_be_bytes());
        }
    }
}

fn number(value: f64, out: &mut Vec<u8>) {
    // 2 to the 63rd is the first integer that is too large.
    let is_integer =
        value.trunc() == value && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
    if is_integer {
        return integer(value as i64, out);
    }
    let short = value as f32;
    if f64::from(short) == value {
        out.push(0xca);
        out.extend_from_slice(&short.to_be_bytes());
    } else {
        out.push(0xcb);
        out.extend_from_slice(&value.to_be_bytes());
    }
}

fn integer(value: i64, out: &mut Vec<u8>) {
    let (kind, bytes) = match value {
        -32..=127 => return out.push(value as u8),
        128..=0xff => (0xcc, 1),
        0x100..=0xffff => (0xcd, 2),
        0x1_0000..=0xffff_ffff => (0xce, 4),
        0x1_0000_0000.. => (0xcf, 8),
        -0x80..-32 => (0xd0, 1),
        -0x8000..-0x80 => (0xd1, 2),
        -0x8000_0000..-0x8000 => (0xd2, 4),
        _ => (0xd3, 8),
    };
    out.push(kind);
    out.extend_from_slice(&value.to_be_bytes()[8 - bytes..]);
}

fn table(table: &Table, level: usize, out: &mut Vec<u8>) -> mlua::Result<()> {
    let (entries, is_array) = shape(table)?;
    if is_array {
        let elements = table.raw_len();
        length(elements, (0x90, 16), None, [0xdc, 0xdd], out);
        for position in 1..=elements {
            write(&table.raw_get(position)?, level + 1, out)?;
        }
        return Ok(());
    }
    length(entries, (0x80, 16), None, [0xde, 0xdf], out);
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        write(&key, level + 1, out)?;
        write(&value, level + 1, out)?;
    }
    Ok(())
}

/// How many entries, and whether their keys are the integers from 1 on.
fn shape(table: &Table) -> mlua::Result<(usize, bool)> {
    let (mut count, mut largest, mut is_array) = (0_usize, 0_i64, true);
    for pair in table.pairs::<Value, Value>() {
        count += 1;
        match pair?.0 {
            Value::Integer(key) if key > 0 && key <= i64::from(i32::MAX) => largest = largest.max(key),
            _ => is_array = false,
        }
    }
    Ok((count, is_array && largest.unsigned_abs() as usize == count))
}

//! The library `struct`: values in bytes, as a format says it, letter by letter.

use mlua::{Lua, MultiValue, Table, Value, Variadic};

use super::arguments::Arguments;
use super::{TEXT_MAX, too_large};

/// Widest integer.
const INTEGER_MAX: usize = 32;
/// Alignment of `!` alone.
const NATIVE_ALIGNMENT: usize = 8;

pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.set(
        "pack",
        lua.create_function(|lua, values: Variadic<Value>| {
            let mut values = values;
            values.push(Value::Nil);
            let packed = pack(&Arguments::new(lua, "pack", &values))?;
            lua.create_string(packed)
        })?,
    )?;
    table.set(
        "unpack",
        lua.create_function(|lua, values: Variadic<Value>| unpack(&Arguments::new(lua, "unpack", &values)))?,
    )?;
    table.set(
        "size",
        lua.create_function(|lua, values: Variadic<Value>| size(&Arguments::new(lua, "size", &values)))?,
    )?;
    Ok(table)
}

/// A format that is read.
struct Format<'a> {
    words: &'a Arguments<'a>,
    text: Vec<u8>,
    at: usize,
    is_little: bool,
    alignment: usize,
}

/// One letter of a format, and how many bytes it stands for.
struct Item {
    letter: u8,
    size: usize,
    /// Bytes that come before it.
    padding: usize,
}

impl<'a> Format<'a> {
    fn new(words: &'a Arguments<'a>) -> mlua::Result<Self> {
        let mut text = words.bytes(1)?;
        // As C reads it.
        let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
        text.truncate(end);
        Ok(Self { words, text, at: 0, is_little: true, alignment: 1 })
    }

    /// The next letter, `position` bytes from the beginning.
    fn next(&mut self, position: usize) -> mlua::Result<Option<Item>> {
        let Some(&letter) = self.text.get(self.at) else { return Ok(None) };
        self.at += 1;
        let size = match letter {
            b'b' | b'B' | b'x' => 1,
            b'h' | b'H' => 2,
            b'f' => 4,
            b'l' | b'L' | b'T' | b'd' => 8,
            b'c' => self.number(1)?,
            b'i' | b'I' => self.integer_size()?,
            _ => 0,
        };
        let aligned = if letter == b'c' { 0 } else { size.min(self.alignment) };
        let padding = match aligned {
            0 => 0,
            aligned => aligned.wrapping_sub(position & (aligned - 1)) & (aligned - 1),
        };
        Ok(Some(Item { letter, size, padding }))
    }

    fn integer_size(&mut self) -> mlua::Result<usize> {
        let size = self.number(4)?;
        if size > INTEGER_MAX {
            let problem = format!("integral size {size} is larger than limit of {INTEGER_MAX}");
            return Err(self.words.error(problem));
        }
        Ok(size)
    }

    fn number(&mut self, otherwise: usize) -> mlua::Result<usize> {
        let mut number: Option<i32> = None;
        while let Some(digit) = self.text.get(self.at).filter(|byte| byte.is_ascii_digit()) {
            let next = number.unwrap_or(0).checked_mul(10).and_then(|tens| tens.checked_add(i32::from(digit - b'0')));
            number = Some(next.ok_or_else(|| self.words.error("integral size overflow"))?);
            self.at += 1;
        }
        Ok(number.map_or(otherwise, |number| number.unsigned_abs() as usize))
    }

    /// A letter that stands for no bytes.
    fn control(&mut self, letter: u8) -> mlua::Result<()> {
        match letter {
            b' ' => {}
            b'>' => self.is_little = false,
            b'<' => self.is_little = true,
            b'!' => {
                let alignment = self.number(NATIVE_ALIGNMENT)?;
                if !alignment.is_power_of_two() {
                    return Err(self.words.error(format!("alignment {alignment} is not a power of 2")));
                }
                self.alignment = alignment;
            }
            other => {
                let problem = format!("invalid format option '{}'", char::from(other));
                self.words.check(false, 1, &problem)?;
            }
        }
        Ok(())
    }

    /// Bytes in the order that the format says; they are given in the little one.
    fn ordered<const N: usize>(&self, mut bytes: [u8; N]) -> [u8; N] {
        if !self.is_little {
            bytes.reverse();
        }
        bytes
    }
}

/// A value that is missing is nil.
fn pack(words: &Arguments<'_>) -> mlua::Result<Vec<u8>> {
    let mut format = Format::new(words)?;
    let (mut out, mut argument) = (Vec::new(), 2);
    while let Some(Item { letter, size, padding }) = format.next(out.len())? {
        if out.len() + padding + size > TEXT_MAX {
            return Err(too_large());
        }
        out.resize(out.len() + padding, 0);
        match letter {
            b'x' => out.push(0),
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
                put_integer(words.number(argument)?, size, format.is_little, &mut out);
            }
            b'f' => out.extend_from_slice(&format.ordered((words.number(argument)? as f32).to_le_bytes())),
            b'd' => out.extend_from_slice(&format.ordered(words.number(argument)?.to_le_bytes())),
            b'c' | b's' => {
                let text = words.bytes(argument)?;
                let size = if size == 0 { text.len() } else { size };
                words.check(text.len() >= size, argument + 1, "string too short")?;
                out.extend_from_slice(&text[..size]);
                if letter == b's' {
                    out.push(0);
                }
            }
            other => {
                format.control(other)?;
                continue;
            }
        }
        argument += usize::from(letter != b'x');
    }
    Ok(out)
}

/// Two's complement of 64 bits, with zeros beyond.
fn put_integer(number: f64, size: usize, is_little: bool, out: &mut Vec<u8>) {
    let value = if number < 0.0 { (number as i64).cast_unsigned() } else { number as u64 };
    let start = out.len();
    out.extend(value.to_le_bytes().into_iter().chain(std::iter::repeat(0)).take(size));
    if !is_little {
        out[start..].reverse();
    }
}

fn get_integer(bytes: &[u8], is_little: bool, is_signed: bool) -> f64 {
    let step = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    let value = if is_little { bytes.iter().rev().fold(0, step) } else { bytes.iter().fold(0, step) };
    if !is_signed {
        return value as f64;
    }
    let mask = u64::MAX.wrapping_shl((bytes.len() as u32 * 8).wrapping_sub(1));
    let extended = if value & mask == 0 { value } else { value | mask };
    extended.cast_signed() as f64
}

fn unpack(words: &Arguments<'_>) -> mlua::Result<MultiValue> {
    let mut format = Format::new(words)?;
    let data = words.bytes(2)?;
    let first = usize::try_from(words.integer_or(3, 1)?).unwrap_or(usize::MAX);
    words.check(first > 0, 3, "offset must be 1 or greater")?;
    let mut at = first - 1;
    let mut values = MultiValue::new();
    while let Some(Item { letter, size, padding }) = format.next(at)? {
        at = at.saturating_add(padding);
        let bytes = at.checked_add(size).and_then(|end| data.get(at..end));
        words.check(bytes.is_some(), 2, "data string too short")?;
        let bytes = bytes.unwrap_or_default();
        at += size;
        match letter {
            b'x' => {}
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
                values.push_back(Value::Number(get_integer(bytes, format.is_little, letter.is_ascii_lowercase())));
            }
            b'f' => {
                let bytes = format.ordered(bytes.try_into().expect("four were taken"));
                values.push_back(Value::Number(f32::from_le_bytes(bytes).into()));
            }
            b'd' => {
                let bytes = format.ordered(bytes.try_into().expect("eight were taken"));
                values.push_back(Value::Number(f64::from_le_bytes(bytes)));
            }
            b'c' => {
                let text = if size == 0 { counted(words, &mut values, &data, &mut at)? } else { bytes };
                values.push_back(Value::String(words.lua.create_string(text)?));
            }
            b's' => {
                let rest = data.get(at..).unwrap_or_default();
                let length = rest.iter().position(|&byte| byte == 0);
                let length = length.ok_or_else(|| words.error("unfinished string in data"))?;
                values.push_back(Value::String(words.lua.create_string(&rest[..length])?));
                at += length + 1;
            }
            other => format.control(other)?,
        }
    }
    values.push_back(Value::Number((at + 1) as f64));
    Ok(values)
}

/// A text whose length is the value before it.
fn counted<'d>(
    words: &Arguments<'_>,
    values: &mut MultiValue,
    data: &'d [u8],
    at: &mut usize,
) -> mlua::Result<&'d [u8]> {
    let size = values.pop_back().and_then(|value| words.lua.coerce_number(value).ok().flatten());
    let size = size.ok_or_else(|| words.error("format 'c0' needs a previous size"))? as usize;
    let text = at.checked_add(size).and_then(|end| data.get(*at..end));
    words.check(text.is_some(), 2, "data string too short")?;
    *at += size;
    Ok(text.unwrap_or_default())
}

fn size(words: &Arguments<'_>) -> mlua::Result<f64> {
    let mut format = Format::new(words)?;
    let mut at = 0_usize;
    while let Some(Item { letter, size, padding }) = format.next(at)? {
        words.check(letter != b's', 1, "option 's' has no fixed size")?;
        words.check(letter != b'c' || size > 0, 1, "option 'c0' has no fixed size")?;
        if !letter.is_ascii_alphanumeric() {
            format.control(letter)?;
        }
        at = at.saturating_add(padding).saturating_add(size);
    }
    Ok(at as f64)
}

//! Values as JSON.

use mlua::{Table, Value};

use super::super::arguments::Arguments;
use super::super::{TEXT_MAX, too_large};
use super::DEPTH_MAX;
use super::options::{Invalid, Options};
use crate::scripts::general;
use crate::scripts::natives::kind_of;

pub(super) fn encode(words: &Arguments<'_>, options: &Options) -> mlua::Result<Vec<u8>> {
    let mut encoder = Encoder { words, options, out: Vec::new() };
    encoder.value(&words.values[0], 0)?;
    Ok(encoder.out)
}

struct Encoder<'a> {
    words: &'a Arguments<'a>,
    options: &'a Options,
    out: Vec<u8>,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> mlua::Result<()> {
        if self.out.len() > TEXT_MAX {
            return Err(too_large());
        }
        match value {
            Value::String(text) => self.string(&text.as_bytes()),
            Value::Integer(number) => self.number(*number as f64)?,
            Value::Number(number) => self.number(*number)?,
            Value::Boolean(value) => self.out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Value::Table(table) => self.table(table, depth + 1)?,
            Value::Nil => self.out.extend_from_slice(b"null"),
            value if *value == Value::NULL => self.out.extend_from_slice(b"null"),
            other => return Err(self.refused(other, "type not supported")),
        }
        Ok(())
    }

    fn refused(&self, value: &Value, reason: &str) -> mlua::Error {
        self.words.error(format!("Cannot serialise {}: {reason}", kind_of(value)))
    }

    fn number(&mut self, number: f64) -> mlua::Result<()> {
        if !number.is_finite() {
            match self.options.encode_invalid.get() {
                Invalid::Refused => return Err(self.refused(&Value::Number(number), "must not be NaN or Inf")),
                Invalid::Null => self.out.extend_from_slice(b"null"),
                Invalid::Written if number.is_nan() => self.out.extend_from_slice(b"nan"),
                Invalid::Written => general::write(number, 14, &mut self.out),
            }
            return Ok(());
        }
        general::write(number, self.options.precision.get().unsigned_abs() as usize, &mut self.out);
        Ok(())
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for &byte in text {
            let escaped = match byte {
                b'"' | b'\\' | b'/' => byte,
                0x08 => b'b',
                b'\t' => b't',
                b'\n' => b'n',
                0x0c => b'f',
                b'\r' => b'r',
                0..0x20 | 0x7f => {
                    self.out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                    continue;
                }
                _ => {
                    self.out.push(byte);
                    continue;
                }
            };
            self.out.extend_from_slice(&[b'\\', escaped]);
        }
        self.out.push(b'"');
    }

    fn table(&mut self, table: &Table, depth: usize) -> mlua::Result<()> {
        let depth_max = (self.options.encode_depth.get().unsigned_abs() as usize).min(DEPTH_MAX);
        if depth > depth_max {
            return Err(self.words.error(format!("Cannot serialise, excessive nesting ({depth})")));
        }
        match self.places(table)? {
            Some(places) if places > 0 => self.array(table, places, depth),
            _ => self.object(table, depth),
        }
    }

    /// The largest index of an array; none for a table that is none.
    fn places(&self, table: &Table) -> mlua::Result<Option<usize>> {
        let (mut largest, mut elements) = (0_i64, 0_i64);
        for pair in table.pairs::<Value, Value>() {
            match pair?.0 {
                Value::Integer(key) if key > 0 && key <= i64::from(i32::MAX) => largest = largest.max(key),
                _ => return Ok(None),
            }
            elements += 1;
        }
        let ratio = i64::from(self.options.sparse_ratio.get());
        let is_sparse = ratio > 0 && largest > elements.saturating_mul(ratio);
        if is_sparse && largest > i64::from(self.options.sparse_safe.get()) {
            if !self.options.converts_sparse.get() {
                return Err(self.refused(&Value::Table(table.clone()), "excessively sparse array"));
            }
            return Ok(None);
        }
        Ok(usize::try_from(largest).ok())
    }

    fn array(&mut self, table: &Table, places: usize, depth: usize) -> mlua::Result<()> {
        self.out.push(b'[');
        for position in 1..=places {
            if position > 1 {
                self.out.push(b',');
            }
            self.value(&table.raw_get(position)?, depth)?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn object(&mut self, table: &Table, depth: usize) -> mlua::Result<()> {
        self.out.push(b'{');
        let start = self.out.len();
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            if self.out.len() > start {
                self.out.push(b',');
            }
            match &key {
                Value::String(text) => self.string(&text.as_bytes()),
                Value::Integer(_) | Value::Number(_) => {
                    self.out.push(b'"');
                    self.value(&key, depth)?;
                    self.out.push(b'"');
                }
                other => return Err(self.refused(other, "table key must be a number or string")),
            }
            self.out.push(b':');
            self.value(&value, depth)?;
        }
        self.out.push(b'}');
        Ok(())
    }
}

//! What scripts may set of `cjson`, and the functions that set it: each returns what is set then.

use std::cell::Cell;

use mlua::{Value, Variadic};

use super::super::arguments::Arguments;

/// What is done with numbers that JSON has no form for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    Refused,
    Written,
    Null,
}

/// The options.
#[derive(Debug)]
pub(in crate::scripts) struct Options {
    /// Sparse arrays are written as objects instead of refused.
    pub(super) converts_sparse: Cell<bool>,
    /// An array is sparse when it has so many times more places than elements; 0: never.
    pub(super) sparse_ratio: Cell<i32>,
    /// One with so few places never is.
    pub(super) sparse_safe: Cell<i32>,
    pub(super) encode_depth: Cell<i32>,
    pub(super) decode_depth: Cell<i32>,
    pub(super) encode_invalid: Cell<Invalid>,
    pub(super) decode_invalid: Cell<bool>,
    pub(super) precision: Cell<i32>,
    keeps_buffer: Cell<bool>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            converts_sparse: Cell::new(false),
            sparse_ratio: Cell::new(2),
            sparse_safe: Cell::new(10),
            encode_depth: Cell::new(1000),
            decode_depth: Cell::new(1000),
            encode_invalid: Cell::new(Invalid::Refused),
            decode_invalid: Cell::new(true),
            precision: Cell::new(14),
            keeps_buffer: Cell::new(true),
        }
    }
}

impl Options {
    /// As they were at first.
    pub(in crate::scripts) fn reset(&self) {
        let fresh = Self::default();
        self.converts_sparse.set(fresh.converts_sparse.get());
        self.sparse_ratio.set(fresh.sparse_ratio.get());
        self.sparse_safe.set(fresh.sparse_safe.get());
        self.encode_depth.set(fresh.encode_depth.get());
        self.decode_depth.set(fresh.decode_depth.get());
        self.encode_invalid.set(fresh.encode_invalid.get());
        self.decode_invalid.set(fresh.decode_invalid.get());
        self.precision.set(fresh.precision.get());
        self.keeps_buffer.set(fresh.keeps_buffer.get());
    }
}

pub(super) const FUNCTIONS: &[(&str, super::Act)] = &[
    ("encode_sparse_array", encode_sparse_array),
    ("encode_max_depth", |words, options| single(words, &options.encode_depth, i32::MAX)),
    ("decode_max_depth", |words, options| single(words, &options.decode_depth, i32::MAX)),
    ("encode_number_precision", |words, options| single(words, &options.precision, 14)),
    ("encode_keep_buffer", |words, options| switch(words, &options.keeps_buffer)),
    ("decode_invalid_numbers", |words, options| switch(words, &options.decode_invalid)),
    ("encode_invalid_numbers", encode_invalid_numbers),
];

fn at_most(words: &Arguments<'_>, count: usize) -> mlua::Result<()> {
    words.check(words.values.len() <= count, count + 1, "found too many arguments")
}

/// A number from 1, or from 0.
fn number(words: &Arguments<'_>, position: usize, option: &Cell<i32>, least: i32, most: i32) -> mlua::Result<Value> {
    if !words.is_absent(position) {
        let value = words.integer(position)? as i32;
        let problem = format!("expected integer between {least} and {most}");
        words.check((least..=most).contains(&value), 1, &problem)?;
        option.set(value);
    }
    Ok(Value::Number(option.get().into()))
}

fn single(words: &Arguments<'_>, option: &Cell<i32>, most: i32) -> super::Returned {
    at_most(words, 1)?;
    Ok(one(number(words, 1, option, 1, most)?))
}

pub(super) fn one(value: Value) -> Variadic<Value> {
    vec![value].into()
}

fn is_on(words: &Arguments<'_>, position: usize, option: &Cell<bool>) -> mlua::Result<Value> {
    if !words.is_absent(position) {
        let choice = choice(words, position, &["off", "on"])?;
        option.set(choice == 1);
    }
    Ok(Value::Boolean(option.get()))
}

fn switch(words: &Arguments<'_>, option: &Cell<bool>) -> super::Returned {
    at_most(words, 1)?;
    Ok(one(is_on(words, 1, option)?))
}

/// One of some words, or a boolean for one of the first two.
fn choice(words: &Arguments<'_>, position: usize, names: &[&str]) -> mlua::Result<usize> {
    if let Some(Value::Boolean(value)) = words.value(position) {
        return Ok((*value).into());
    }
    let name = words.bytes(position)?;
    let found = names.iter().position(|known| known.as_bytes() == name);
    let problem = format!("invalid option '{}'", String::from_utf8_lossy(&name));
    words.check(found.is_some(), position, &problem)?;
    Ok(found.unwrap_or_default())
}

fn encode_sparse_array(words: &Arguments<'_>, options: &Options) -> super::Returned {
    at_most(words, 3)?;
    let converts = is_on(words, 1, &options.converts_sparse)?;
    let ratio = number(words, 2, &options.sparse_ratio, 0, i32::MAX)?;
    let safe = number(words, 3, &options.sparse_safe, 0, i32::MAX)?;
    Ok(vec![converts, ratio, safe].into())
}

fn encode_invalid_numbers(words: &Arguments<'_>, options: &Options) -> super::Returned {
    at_most(words, 1)?;
    if !words.is_absent(1) {
        let choice = choice(words, 1, &["off", "on", "null"])?;
        options.encode_invalid.set([Invalid::Refused, Invalid::Written, Invalid::Null][choice]);
    }
    Ok(one(match options.encode_invalid.get() {
        Invalid::Refused => Value::Boolean(false),
        Invalid::Written => Value::Boolean(true),
        Invalid::Null => Value::String(words.lua.create_string("null")?),
    }))
}

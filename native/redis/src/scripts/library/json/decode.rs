//! JSON as values. Objects and arrays become tables, `null` becomes `cjson.null`.

use mlua::{Table, Value};

use super::super::arguments::Arguments;
use super::DEPTH_MAX;
use super::options::Options;
use super::tokens::{Token, Tokens};

pub(super) fn decode(words: &Arguments<'_>, options: &Options) -> mlua::Result<Value> {
    let text = words.bytes(1)?;
    if text.len() >= 2 && text[..2].contains(&0) {
        return Err(words.error("JSON parser does not support UTF-16 or UTF-32"));
    }
    let depth_max = (options.decode_depth.get().unsigned_abs() as usize).min(DEPTH_MAX);
    let mut decoder = Decoder { words, tokens: Tokens::new(&text, options.decode_invalid.get()), depth: 0, depth_max };
    let first = decoder.tokens.next();
    let value = decoder.value(first)?;
    match decoder.tokens.next() {
        (Token::End, _) => Ok(value),
        found => Err(decoder.wrong("the end", &found)),
    }
}

struct Decoder<'a> {
    words: &'a Arguments<'a>,
    tokens: Tokens<'a>,
    depth: usize,
    depth_max: usize,
}

impl Decoder<'_> {
    fn wrong(&self, wanted: &str, (found, at): &(Token, usize)) -> mlua::Error {
        self.words.error(format!("Expected {wanted} but found {} at character {}", found.name(), at + 1))
    }

    fn value(&mut self, (token, at): (Token, usize)) -> mlua::Result<Value> {
        Ok(match token {
            Token::String(text) => Value::String(self.words.lua.create_string(text)?),
            Token::Number(number) => Value::Number(number),
            Token::Boolean(value) => Value::Boolean(value),
            Token::Null => Value::NULL,
            Token::ObjectBegin => Value::Table(self.nested(Self::object)?),
            Token::ArrayBegin => Value::Table(self.nested(Self::array)?),
            token => return Err(self.wrong("value", &(token, at))),
        })
    }

    fn nested(&mut self, read: fn(&mut Self, &Table) -> mlua::Result<()>) -> mlua::Result<Table> {
        self.depth += 1;
        if self.depth > self.depth_max {
            let (depth, at) = (self.depth, self.tokens.read());
            let problem = format!("Found too many nested data structures ({depth}) at character {at}");
            return Err(self.words.error(problem));
        }
        let table = self.words.lua.create_table()?;
        read(self, &table)?;
        self.depth -= 1;
        Ok(table)
    }

    fn object(&mut self, table: &Table) -> mlua::Result<()> {
        let mut next = self.tokens.next();
        if next.0 == Token::ObjectEnd {
            return Ok(());
        }
        loop {
            let (Token::String(key), _) = next else { return Err(self.wrong("object key string", &next)) };
            match self.tokens.next() {
                (Token::Colon, _) => {}
                found => return Err(self.wrong("colon", &found)),
            }
            let first = self.tokens.next();
            let value = self.value(first)?;
            table.raw_set(self.words.lua.create_string(key)?, value)?;
            match self.tokens.next() {
                (Token::ObjectEnd, _) => return Ok(()),
                (Token::Comma, _) => next = self.tokens.next(),
                found => return Err(self.wrong("comma or object end", &found)),
            }
        }
    }

    fn array(&mut self, table: &Table) -> mlua::Result<()> {
        let mut next = self.tokens.next();
        if next.0 == Token::ArrayEnd {
            return Ok(());
        }
        for position in 1.. {
            table.raw_set(position, self.value(next)?)?;
            match self.tokens.next() {
                (Token::ArrayEnd, _) => return Ok(()),
                (Token::Comma, _) => next = self.tokens.next(),
                found => return Err(self.wrong("comma or array end", &found)),
            }
        }
        Ok(())
    }
}

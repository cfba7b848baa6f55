//! Requests as a person types them into telnet: a line of words, in quotes where they hold spaces or bytes that can't be typed.

use std::borrow::Cow;

use memchr::memchr;

use crate::request::{Limits, Parsed};

/// Reads one line into `words`.
pub(crate) fn parse<'a>(input: &'a [u8], limits: &Limits, words: &mut Vec<&'a [u8]>) -> Parsed {
    let Some(end) = memchr(b'\n', input) else {
        return if input.len() > limits.inline_max {
            Parsed::Bad(Cow::Borrowed(b"Protocol error: too big inline request"))
        } else {
            Parsed::NeedMore
        };
    };
    // A text that ends at a zero byte, as in C.
    let line = &input[..end];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = &line[..memchr(0, line).unwrap_or(line.len())];
    if line.iter().any(|byte| matches!(byte, b'"' | b'\'')) {
        return match split(line) {
            Some(words) => Parsed::Quoted(words, end + 1),
            None => Parsed::Bad(Cow::Borrowed(b"Protocol error: unbalanced quotes in request")),
        };
    }
    words.extend(line.split(|byte| is_space(*byte)).filter(|word| !word.is_empty()));
    Parsed::Done(end + 1)
}

/// As C's `isspace`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The words of a line, quotes and escapes resolved; `None` when a quote is not closed, or not followed by a space.
#[must_use]
pub fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        rest = &rest[rest.iter().position(|byte| !is_space(*byte)).unwrap_or(rest.len())..];
        if rest.is_empty() {
            return Some(words);
        }
        let (word, length) = word(rest)?;
        words.push(word);
        rest = &rest[length..];
    }
}

/// The word that `text` begins with, and the bytes it takes. A quote may open anywhere in it.
fn word(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut word = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' | b'\'' => {
                at = quoted(text, at, &mut word)?;
                return text.get(at).is_none_or(|byte| is_space(*byte)).then_some((word, at));
            }
            _ if is_space(byte) => break,
            _ => word.push(byte),
        }
        at += 1;
    }
    Some((word, at))
}

/// Reads what stands in the quotes that open at `from`, and returns the place behind them.
fn quoted(text: &[u8], from: usize, word: &mut Vec<u8>) -> Option<usize> {
    let quote = text[from];
    let mut rest = &text[from + 1..];
    loop {
        let (byte, length) = match rest {
            [] => return None,
            [byte, ..] if *byte == quote => return Some(text.len() - rest.len() + 1),
            [b'\\', b'x', high, low, ..] if quote == b'"' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (hex(*high) << 4 | hex(*low), 4)
            }
            [b'\\', escaped, ..] if quote == b'"' => (unescaped(*escaped), 2),
            [b'\\', b'\'', ..] => (b'\'', 2),
            [byte, ..] => (*byte, 1),
        };
        word.push(byte);
        rest = &rest[length..];
    }
}

fn hex(digit: u8) -> u8 {
    (digit as char).to_digit(16).map_or(0, |value| value as u8)
}

fn unescaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'a' => 7,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_redis_splits_them() {
        let rows: [(&str, Option<&[&[u8]]>); 14] = [
            ("set a b", Some(&[b"set", b"a", b"b"])),
            ("  set \t a  ", Some(&[b"set", b"a"])),
            ("", Some(&[])),
            (r#"set "a b" c"#, Some(&[b"set", b"a b", b"c"])),
            (r#"set "" ''"#, Some(&[b"set", b"", b""])),
            (r#""\x41\n\r\t\b\a\q\"""#, Some(&[b"A\n\r\t\x08\x07q\""])),
            (r#""\x4g""#, Some(&[b"x4g"])),
            (r"'a\'b\n'", Some(&[b"a'b\\n"])),
            (r#"a"b c""#, Some(&[b"ab c"])),
            (r#""a"b"#, None),
            (r#""a"#, None),
            (r"'a", None),
            (r#""a\"#, None),
            (r"'a'b", None),
        ];
        for (line, words) in rows {
            let expected = words.map(|words| words.iter().map(|word| word.to_vec()).collect());
            assert_eq!(split(line.as_bytes()), expected, "{line}");
        }
    }
}

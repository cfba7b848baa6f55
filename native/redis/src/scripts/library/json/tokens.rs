//! JSON, piece by piece. As lenient as the original: control characters in strings, numbers as C's `strtod` takes them; a zero byte
//! is the end of the text.

use crate::extended::Extended;

/// A piece.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    String(Vec<u8>),
    Number(f64),
    Boolean(bool),
    Null,
    Colon,
    Comma,
    End,
    /// What is wrong.
    Error(&'static str),
}

impl Token {
    /// As errors name it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::ObjectBegin => "T_OBJ_BEGIN",
            Self::ObjectEnd => "T_OBJ_END",
            Self::ArrayBegin => "T_ARR_BEGIN",
            Self::ArrayEnd => "T_ARR_END",
            Self::String(_) => "T_STRING",
            Self::Number(_) => "T_NUMBER",
            Self::Boolean(_) => "T_BOOLEAN",
            Self::Null => "T_NULL",
            Self::Colon => "T_COLON",
            Self::Comma => "T_COMMA",
            Self::End => "T_END",
            Self::Error(problem) => problem,
        }
    }
}

/// A text that is read.
pub(super) struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
    /// Numbers that JSON does not have are read.
    takes_invalid: bool,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t [u8], takes_invalid: bool) -> Self {
        Self { text, at: 0, takes_invalid }
    }

    /// Bytes that are read.
    pub(super) fn read(&self) -> usize {
        self.at
    }

    /// The byte so far ahead; 0 behind the end.
    fn ahead(&self, distance: usize) -> u8 {
        self.text.get(self.at + distance).copied().unwrap_or(0)
    }

    /// The next piece, and where it begins; where the trouble is, for an error.
    pub(super) fn next(&mut self) -> (Token, usize) {
        while matches!(self.ahead(0), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        let start = self.at;
        let token = self.token();
        let place = if matches!(token, Token::Error(_)) { self.at } else { start };
        (token, place)
    }

    fn token(&mut self) -> Token {
        let single = match self.ahead(0) {
            0 => return Token::End,
            b'"' => return self.string(),
            b'-' | b'0'..=b'9' if !self.takes_invalid && self.is_invalid() => return Token::Error("invalid number"),
            b'-' | b'0'..=b'9' => return self.number(),
            b't' if self.begins(b"true") => return self.word(4, Token::Boolean(true)),
            b'f' if self.begins(b"false") => return self.word(5, Token::Boolean(false)),
            b'n' if self.begins(b"null") => return self.word(4, Token::Null),
            b'+' | b'n' | b'N' | b'i' | b'I' if self.takes_invalid && self.is_invalid() => return self.number(),
            b'{' => Token::ObjectBegin,
            b'}' => Token::ObjectEnd,
            b'[' => Token::ArrayBegin,
            b']' => Token::ArrayEnd,
            b':' => Token::Colon,
            b',' => Token::Comma,
            _ => return Token::Error("invalid token"),
        };
        self.at += 1;
        single
    }

    fn begins(&self, word: &[u8]) -> bool {
        self.text[self.at..].starts_with(word)
    }

    fn word(&mut self, length: usize, token: Token) -> Token {
        self.at += length;
        token
    }

    /// A number that JSON does not have: with a plus, hexadecimal, with zeros before it, infinite, none at all.
    fn is_invalid(&self) -> bool {
        if self.ahead(0) == b'+' {
            return true;
        }
        let sign = usize::from(self.ahead(0) == b'-');
        let first = self.ahead(sign);
        if first == b'0' {
            let second = self.ahead(sign + 1);
            return second | 0x20 == b'x' || second.is_ascii_digit();
        }
        let rest = &self.text[(self.at + sign).min(self.text.len())..];
        first > b'9' && [&b"inf"[..], b"nan"].iter().any(|name| rest.len() > 2 && rest[..3].eq_ignore_ascii_case(name))
    }

    fn number(&mut self) -> Token {
        let rest = &self.text[self.at..];
        let length = number_length(rest);
        match value(&rest[..length]) {
            Some(number) => self.word(length, Token::Number(number)),
            None => Token::Error("invalid number"),
        }
    }

    fn string(&mut self) -> Token {
        let mut text = Vec::new();
        self.at += 1;
        loop {
            match self.ahead(0) {
                b'"' => return self.word(1, Token::String(text)),
                0 => return Token::Error("unexpected end of string"),
                b'\\' => {
                    let byte = match self.ahead(1) {
                        byte @ (b'"' | b'\\' | b'/') => byte,
                        b'b' => 0x08,
                        b't' => b'\t',
                        b'n' => b'\n',
                        b'f' => 0x0c,
                        b'r' => b'\r',
                        b'u' => match self.unicode() {
                            Some((letter, length)) => {
                                text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                                self.at += length;
                                continue;
                            }
                            None => return Token::Error("invalid unicode escape code"),
                        },
                        _ => return Token::Error("invalid escape code"),
                    };
                    text.push(byte);
                    self.at += 2;
                }
                byte => {
                    text.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    /// The letter of `\uXXXX`, or of two of them that make one, and how many bytes that takes.
    fn unicode(&self) -> Option<(char, usize)> {
        let high = self.hexadecimal(2)?;
        if !(0xd800..0xe000).contains(&high) {
            return Some((char::from_u32(high)?, 6));
        }
        let is_pair = high < 0xdc00 && self.ahead(6) == b'\\' && self.ahead(7) == b'u';
        let low = if is_pair { self.hexadecimal(8)? } else { return None };
        if !(0xdc00..0xe000).contains(&low) {
            return None;
        }
        Some((char::from_u32(0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff))?, 12))
    }

    /// Four digits.
    fn hexadecimal(&self, distance: usize) -> Option<u32> {
        let digits = self.text.get(self.at + distance..self.at + distance + 4)?;
        digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
    }
}

/// How many bytes C's `strtod` would take.
fn number_length(text: &[u8]) -> usize {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let rest = &text[sign..];
    let begins = |name: &[u8]| rest.len() >= name.len() && rest[..name.len()].eq_ignore_ascii_case(name);
    for name in [&b"infinity"[..], b"inf", b"nan"] {
        if begins(name) {
            return sign + name.len();
        }
    }
    if begins(b"0x") {
        let digits = digits(&rest[2..], |byte| byte.is_ascii_hexdigit(), b'p');
        if digits > 0 {
            return sign + 2 + digits;
        }
    }
    sign + digits(rest, u8::is_ascii_digit, b'e')
}

/// Digits with or without a point and an exponent; 0 when there is no digit.
fn digits(text: &[u8], is_digit: fn(&u8) -> bool, mark: u8) -> usize {
    let run = |from: usize| text[from.min(text.len())..].iter().take_while(|byte| is_digit(byte)).count();
    let whole = run(0);
    let mut end = whole;
    if text.get(end) == Some(&b'.') {
        let fraction = run(end + 1);
        if whole + fraction == 0 {
            return 0;
        }
        end += 1 + fraction;
    }
    if end == 0 {
        return 0;
    }
    if text.get(end).is_some_and(|byte| byte | 0x20 == mark) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'-' | b'+')));
        let first = end + 1 + sign;
        let exponent = text[first.min(text.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if exponent > 0 {
            end = first + exponent;
        }
    }
    end
}

fn value(text: &[u8]) -> Option<f64> {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    if unsigned.len() > 1 && unsigned[1] | 0x20 == b'x' {
        return Extended::parse(text)?.to_double();
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_c_ends_them() {
        let rows: [(&str, usize); 12] = [
            ("12,", 2),
            ("-1.5e3]", 6),
            ("1e", 1),
            ("1e+", 1),
            ("1.e5x", 4),
            (".5", 2),
            ("-", 1),
            ("0x1fg", 4),
            ("0xg", 1),
            ("0x", 1),
            ("-Infinity,", 9),
            ("nanx", 3),
        ];
        for (text, length) in rows {
            assert_eq!(number_length(text.as_bytes()), length, "{text}");
        }
    }

    #[test]
    fn pieces_come_with_their_places() {
        let mut tokens = Tokens::new(b" {\"a\\u00e4\\ud83d\\ude00\": [1, true]}", true);
        let all: Vec<(Token, usize)> =
            std::iter::from_fn(|| Some(tokens.next()).filter(|(token, _)| *token != Token::End)).collect();
        assert_eq!(all[1], (Token::String("a\u{e4}\u{1f600}".into()), 2));
        assert_eq!(all[4], (Token::Number(1.0), 26));
        assert_eq!(all.len(), 9);
    }
}

//! What a directive is: a row, and how its value is read and shown.

use crate::server::Server;
use crate::words;

/// Does what follows from a value; the error says why it can't.
pub(crate) type Apply = fn(&Server, &str) -> Result<(), String>;

/// One directive of redis.conf.
#[derive(Clone, Copy)]
pub(crate) struct Directive {
    pub(crate) name: &'static str,
    /// Its former name.
    pub(crate) alias: &'static str,
    pub(crate) kind: Kind,
    /// As redis.conf would write it.
    pub(crate) default: &'static str,
    /// It stands from the start on: CONFIG SET refuses it.
    pub(crate) is_fixed: bool,
    /// Why no other value than the default may be asked for; none if it may.
    pub(crate) refusal: &'static str,
    /// What is done when it has changed.
    pub(crate) apply: Option<Apply>,
}

/// What values a directive takes.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// yes or no.
    Switch,
    /// A number within bounds.
    Number(i64, i64),
    /// Bytes within bounds: `1gb`, `100k`.
    Bytes(i64, i64),
    /// Bytes, or a percentage of `maxmemory`, kept as a negative number.
    BytesOrPercent,
    /// Permission bits in octal digits.
    Octal,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Anything.
    Text,
    /// What this function accepts, as it shows it.
    Checked(fn(&str) -> Result<String, String>),
}

/// A value as it is kept: a number to be read fast, and what CONFIG GET shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) number: i64,
    pub(crate) text: String,
}

impl Directive {
    pub(crate) const fn new(name: &'static str, kind: Kind, default: &'static str) -> Self {
        Self { name, alias: "", kind, default, is_fixed: false, refusal: "", apply: None }
    }

    pub(crate) const fn also(self, alias: &'static str) -> Self {
        Self { alias, ..self }
    }

    pub(crate) const fn fixed(self) -> Self {
        Self { is_fixed: true, ..self }
    }

    pub(crate) const fn only_default(self, refusal: &'static str) -> Self {
        Self { refusal, ..self }
    }

    pub(crate) const fn then(self, apply: Apply) -> Self {
        Self { apply: Some(apply), ..self }
    }

    /// Reads a value; the error says what is wrong with it, in Redis's words.
    pub(crate) fn read(&self, text: &str) -> Result<Setting, String> {
        let number = |number: i64| Ok(Setting { number, text: number.to_string() });
        let plain = |text: &str| Ok(Setting { number: 0, text: text.to_owned() });
        let setting = match self.kind {
            Kind::Switch => match text.to_ascii_lowercase().as_str() {
                "yes" => Ok(Setting { number: 1, text: "yes".to_owned() }),
                "no" => Ok(Setting { number: 0, text: "no".to_owned() }),
                _ => Err("argument must be 'yes' or 'no'".to_owned()),
            },
            Kind::Number(least, most) => {
                let value = words::canonical(text.as_bytes());
                let value = value.ok_or_else(|| "argument couldn't be parsed into an integer".to_owned())?;
                within(value, least, most).and_then(number)
            }
            Kind::Bytes(least, most) => {
                let value = bytes(text).ok_or_else(|| "argument must be a memory value".to_owned());
                within(value?, least, most).and_then(number)
            }
            Kind::BytesOrPercent => bytes_or_percent(text),
            Kind::Octal => match i64::from_str_radix(text, 8) {
                Ok(value) if (0..=0o777).contains(&value) => Ok(Setting { number: value, text: format!("{value:o}") }),
                _ => Err("argument must be an octal number from 0 to 777".to_owned()),
            },
            Kind::Choice(choices) => choice(text, choices),
            Kind::Text => plain(text),
            Kind::Checked(check) => check(text).and_then(|text| plain(&text)),
        }?;
        let is_default = setting.text.eq_ignore_ascii_case(self.default);
        if self.refusal.is_empty() || is_default { Ok(setting) } else { Err(self.refusal.to_owned()) }
    }
}

fn choice(text: &str, choices: &[&str]) -> Result<Setting, String> {
    let found = choices.iter().position(|name| name.eq_ignore_ascii_case(text));
    let found = found.ok_or_else(|| format!("argument(s) must be one of the following: {}", choices.join(", ")))?;
    Ok(Setting { number: found as i64, text: choices[found].to_owned() })
}

fn bytes_or_percent(text: &str) -> Result<Setting, String> {
    if let Some(percent) = text.strip_suffix('%') {
        let percent: i64 = percent.parse().map_err(|_| "argument must be a memory or percent value".to_owned())?;
        return match percent {
            0..=100 => Ok(Setting { number: -percent, text: text.to_owned() }),
            _ => Err("percentage argument must be less or equal to 100".to_owned()),
        };
    }
    let number = bytes(text).ok_or_else(|| "argument must be a memory or percent value".to_owned())?;
    Ok(Setting { number, text: number.to_string() })
}

fn within(value: i64, least: i64, most: i64) -> Result<i64, String> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(format!("argument must be between {least} and {most} inclusive"))
    }
}

/// A number of bytes with its unit: b, k (1000), kb (1024), m, mb, g, gb, in any case.
pub(crate) fn bytes(text: &str) -> Option<i64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let unit = match text[end..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    text[..end].parse::<i64>().ok()?.checked_mul(unit)
}

//! Rules of users, as ACL SETUSER and ACL files take them: a word each.

use super::access::{READ, WRITE};
use super::selector::{KeyPattern, Selector};
use super::user::{Rules, digest};

/// Why a rule is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Syntax,
    Unknown,
    NoSuchPassword,
    BadHash,
    AllKeys,
    AllChannels,
}

impl Wrong {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Syntax => "Syntax error",
            Self::Unknown => "Unknown command or category name in ACL",
            Self::NoSuchPassword => "The password you are trying to remove from the user does not exist",
            Self::BadHash => {
                "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
            }
            Self::AllKeys => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try \
                 'resetkeys' to start with an empty list of patterns"
            }
            Self::AllChannels => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try \
                 'resetchannels' to start with an empty list of channels"
            }
        }
    }
}

/// Applies the words of a line to a user; the error says which word is wrong.
pub(crate) fn apply_all(rules: &mut Rules, words: &[&[u8]]) -> Result<(), String> {
    let mut rest = words;
    while let [word, after @ ..] = rest {
        // A selector may be written as several words.
        let length = match word {
            [b'(', ..] => {
                1 + rest.iter().position(|word| word.ends_with(b")")).ok_or_else(|| {
                    let text = String::from_utf8_lossy(word);
                    format!("Unmatched parenthesis in acl selector starting at '{text}'.")
                })?
            }
            _ => 1,
        };
        let whole = rest[..length].join(&b' ');
        let failed = |wrong: Wrong| {
            let text = String::from_utf8_lossy(&whole);
            format!("Error in ACL SETUSER modifier '{text}': {}", wrong.text())
        };
        apply(rules, &whole).map_err(failed)?;
        rest = if length == 1 { after } else { &rest[length..] };
    }
    Ok(())
}

fn apply(rules: &mut Rules, word: &[u8]) -> Result<(), Wrong> {
    match word {
        [b'(', inner @ .., b')'] => {
            let mut selector = Selector::default();
            let words = inner.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
            words.into_iter().try_for_each(|word| select(&mut selector, word))?;
            rules.selectors.push(selector);
            Ok(())
        }
        [b'>', password @ ..] => add_password(rules, digest(password)),
        [b'#', hash @ ..] => add_password(rules, hexadecimal(hash)?),
        [b'<', password @ ..] => remove_password(rules, &digest(password)),
        [b'!', hash @ ..] => remove_password(rules, &hexadecimal(hash)?),
        _ => match word.to_ascii_lowercase().as_slice() {
            b"on" => set(&mut rules.is_on, true),
            b"off" => set(&mut rules.is_on, false),
            b"nopass" => {
                rules.passwords.clear();
                set(&mut rules.is_nopass, true)
            }
            b"resetpass" => {
                rules.passwords.clear();
                set(&mut rules.is_nopass, false)
            }
            b"sanitize-payload" => set(&mut rules.is_sanitized, true),
            b"skip-sanitize-payload" => set(&mut rules.is_sanitized, false),
            b"clearselectors" => {
                rules.selectors.clear();
                Ok(())
            }
            b"reset" => {
                *rules = Rules::default();
                Ok(())
            }
            _ => select(&mut rules.root, word),
        },
    }
}

fn set(flag: &mut bool, value: bool) -> Result<(), Wrong> {
    *flag = value;
    Ok(())
}

fn hexadecimal(hash: &[u8]) -> Result<String, Wrong> {
    let is_right = hash.len() == 64 && hash.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_right { Ok(String::from_utf8_lossy(hash).into_owned()) } else { Err(Wrong::BadHash) }
}

fn add_password(rules: &mut Rules, hash: String) -> Result<(), Wrong> {
    if !rules.passwords.contains(&hash) {
        rules.passwords.push(hash);
    }
    rules.is_nopass = false;
    Ok(())
}

fn remove_password(rules: &mut Rules, hash: &str) -> Result<(), Wrong> {
    let at = rules.passwords.iter().position(|known| known == hash).ok_or(Wrong::NoSuchPassword)?;
    rules.passwords.remove(at);
    Ok(())
}

fn select(selector: &mut Selector, word: &[u8]) -> Result<(), Wrong> {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Wrong::Syntax);
    match word {
        [b'~', pattern @ ..] => add_keys(selector, READ | WRITE, pattern),
        [b'%', rest @ ..] => {
            let tilde = rest.iter().position(|byte| *byte == b'~').ok_or(Wrong::Syntax)?;
            let access = rest[..tilde].iter().try_fold(0, |access, byte| match byte.to_ascii_uppercase() {
                b'R' if access & READ == 0 => Ok(access | READ),
                b'W' if access & WRITE == 0 => Ok(access | WRITE),
                _ => Err(Wrong::Syntax),
            })?;
            if access == 0 { Err(Wrong::Syntax) } else { add_keys(selector, access, &rest[tilde + 1..]) }
        }
        [b'&', pattern @ ..] => add_channels(selector, pattern),
        [b'+', b'@', name @ ..] => selector.category(&text(name)?, true),
        [b'-', b'@', name @ ..] => selector.category(&text(name)?, false),
        [b'+', name @ ..] => selector.command(&text(name)?, true),
        [b'-', name @ ..] => selector.command(&text(name)?, false),
        _ => match word.to_ascii_lowercase().as_slice() {
            b"allkeys" => add_keys(selector, READ | WRITE, b"*"),
            b"resetkeys" => {
                selector.keys.clear();
                set(&mut selector.all_keys, false)
            }
            b"allchannels" => add_channels(selector, b"*"),
            b"resetchannels" => {
                selector.channels.clear();
                set(&mut selector.all_channels, false)
            }
            b"allcommands" => selector.category("all", true),
            b"nocommands" => selector.category("all", false),
            _ => Err(Wrong::Syntax),
        },
    }
}

fn add_keys(selector: &mut Selector, access: u8, pattern: &[u8]) -> Result<(), Wrong> {
    if pattern == b"*" && access == READ | WRITE {
        selector.keys.clear();
        return set(&mut selector.all_keys, true);
    }
    if selector.all_keys {
        return Err(Wrong::AllKeys);
    }
    if pattern.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0) {
        return Err(Wrong::Syntax);
    }
    match selector.keys.iter_mut().find(|known| known.pattern == pattern) {
        Some(known) => known.access |= access,
        None => selector.keys.push(KeyPattern { access, pattern: pattern.to_vec() }),
    }
    Ok(())
}

fn add_channels(selector: &mut Selector, pattern: &[u8]) -> Result<(), Wrong> {
    if pattern == b"*" {
        selector.channels.clear();
        return set(&mut selector.all_channels, true);
    }
    if selector.all_channels {
        return Err(Wrong::AllChannels);
    }
    if pattern.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0) {
        return Err(Wrong::Syntax);
    }
    if !selector.channels.iter().any(|known| known == pattern) {
        selector.channels.push(pattern.to_vec());
    }
    Ok(())
}

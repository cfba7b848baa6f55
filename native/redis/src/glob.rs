//! Patterns of names, by Redis's exact rules: `*`, `?`, `[a-c]`, `[^a]`, `\x`. Only the last `*` is ever tried again, so that no pattern
//! takes more than its length times the text's.

/// The whole text is what the pattern describes.
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    search(pattern, text, false)
}

/// The same in any case of letters.
#[must_use]
pub fn matches_any_case(pattern: &[u8], text: &[u8]) -> bool {
    search(pattern, text, true)
}

fn search(pattern: &[u8], text: &[u8], any_case: bool) -> bool {
    let (mut at, mut rest) = (0, pattern);
    // Where to go on after the last star, and what it swallows by then.
    let mut star: Option<(&[u8], usize)> = None;
    while at < text.len() {
        if let [b'*', after @ ..] = rest {
            star = Some((after, at));
            rest = after;
            continue;
        }
        match one(rest, text[at], any_case) {
            Some(after) => (rest, at) = (after, at + 1),
            None => match star {
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    (rest, at) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    rest.iter().all(|&byte| byte == b'*')
}

/// What follows in the pattern, when its first element describes this byte.
fn one(pattern: &[u8], byte: u8, any_case: bool) -> Option<&[u8]> {
    match pattern {
        [] => None,
        [b'?', rest @ ..] => Some(rest),
        [b'[', rest @ ..] => class(rest, byte, any_case),
        [b'\\', wanted, rest @ ..] | [wanted, rest @ ..] => same(*wanted, byte, any_case).then_some(rest),
    }
}

/// Bytes between brackets; a class that does not end takes the whole rest.
fn class(pattern: &[u8], byte: u8, any_case: bool) -> Option<&[u8]> {
    let (is_negated, mut pattern) = match pattern {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    let mut is_found = false;
    let rest = loop {
        pattern = match pattern {
            [] => break pattern,
            [b'\\', wanted, rest @ ..] => {
                is_found |= *wanted == byte;
                rest
            }
            [b']', rest @ ..] => break rest,
            [first, b'-', last, rest @ ..] => {
                is_found |= within(*first, *last, byte, any_case);
                rest
            }
            [wanted, rest @ ..] => {
                is_found |= same(*wanted, byte, any_case);
                rest
            }
        }
    };
    (is_found != is_negated).then_some(rest)
}

fn same(wanted: u8, byte: u8, any_case: bool) -> bool {
    wanted == byte || any_case && wanted.eq_ignore_ascii_case(&byte)
}

/// A range in either order. Redis compares signed characters: bytes from 128 on stand before the others.
fn within(first: u8, last: u8, byte: u8, any_case: bool) -> bool {
    let (first, last) = ((first as i8).min(last as i8), (first as i8).max(last as i8));
    let lower = |byte: i8| if any_case { (byte as u8).to_ascii_lowercase() as i8 } else { byte };
    (lower(first)..=lower(last)).contains(&lower(byte as i8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_redis_does() {
        let rows: [(&str, &str, bool); 34] = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "", true),
            ("?", "", false),
            ("[", "", false),
            ("a*", "a", true),
            ("*a*b*", "xxayybzz", true),
            ("*a*b*", "xxbyyazz", false),
            ("*aab", "aaaaab", true),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-c]llo", "hbllo", true),
            ("h[c-a]llo", "hbllo", true),
            ("h[a-", "h-", true),
            ("h[a-", "ha", true),
            ("h[a", "ha", true),
            ("h[a", "hab", false),
            ("h[]llo", "hello", false),
            ("h[^]llo", "hello", true),
            ("h\\[a", "h[a", true),
            ("h\\*", "h*", true),
            ("h\\*", "ha", false),
            ("h\\", "h\\", true),
            ("[\\]]", "]", true),
            ("[a\\-z]", "b", false),
            ("[a\\-z]", "-", true),
            ("a**c", "abc", true),
            ("*c", "abcc", true),
            ("a*c?", "abcc", true),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn letters_in_any_case() {
        assert!(matches_any_case(b"MAX*[A-C]", b"maxmemory-b"));
        assert!(!matches(b"MAX*", b"maxmemory"));
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = [&b"a*".repeat(60)[..], b"b"].concat();
        assert!(!matches(&pattern, &b"a".repeat(5000)));
    }
}

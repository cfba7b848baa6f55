//! The first line of a library: `#!lua name=…`.

use crate::fault::Fault;

const BAD_NAME: Fault = Fault::of(
    "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long",
);

/// The library's name.
///
/// # Errors
/// Redis's texts for a line that is none of a library.
pub(super) fn name(code: &[u8]) -> Result<String, Fault> {
    if !code.starts_with(b"#!") {
        return Err(Fault::of("ERR Missing library metadata"));
    }
    let line = &code[..length(code).ok_or(Fault::of("ERR Invalid library metadata"))?];
    let mut words = line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
    let engine = words.next().unwrap_or_default();
    let mut name = None;
    for word in words {
        match word.split_at_checked(5) {
            Some((key, value)) if key.eq_ignore_ascii_case(b"name=") => {
                if name.replace(value).is_some() {
                    return Err(Fault::of("ERR Invalid metadata value, name argument was given multiple times"));
                }
            }
            _ => return Err(Fault::naming(&[b"ERR Invalid metadata value given: ", word])),
        }
    }
    let name = name.ok_or(Fault::of("ERR Library name was not given"))?;
    let name = plain(name).ok_or(BAD_NAME)?;
    if !engine[2..].eq_ignore_ascii_case(b"lua") {
        return Err(Fault::naming(&[b"ERR Engine '", &engine[2..], b"' not found"]));
    }
    Ok(name)
}

/// Bytes of the line, without its end.
pub(super) fn length(code: &[u8]) -> Option<usize> {
    code.iter().position(|&byte| byte == b'\n')
}

/// A name of letters, digits and underscores.
pub(super) fn plain(name: &[u8]) -> Option<String> {
    let is_plain = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    is_plain.then(|| String::from_utf8_lossy(name).into_owned())
}

/// The same, or Redis's refusal: it says libraries of functions, too.
pub(super) fn function_name(name: &[u8]) -> Result<String, Fault> {
    plain(name).ok_or(BAD_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines() {
        assert_eq!(name(b"#!lua name=my_lib\ncode"), Ok("my_lib".to_owned()));
        assert_eq!(name(b"#!LUA NAME=x\n"), Ok("x".to_owned()));
        for (code, error) in [
            ("return 1", "ERR Missing library metadata"),
            ("#!lua name=x", "ERR Invalid library metadata"),
            ("#!lua\n", "ERR Library name was not given"),
            ("#!lua name=a name=b\n", "ERR Invalid metadata value, name argument was given multiple times"),
            ("#!lua name=a b\n", "ERR Invalid metadata value given: b"),
            ("#!js name=a\n", "ERR Engine 'js' not found"),
        ] {
            assert_eq!(name(code.as_bytes()), Err(Fault::of(error)), "{code}");
        }
        assert_eq!(name(b"#!lua name=a-b\n"), Err(BAD_NAME));
    }
}

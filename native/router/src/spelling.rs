//! How a line is spelled toward a node. Versions of memcached read odd lines differently, and one that refuses a `set` line may
//! take its value for commands: a client could make a node say things that nobody asked. So a line that a node might read in
//! another way than the parser here is written anew, from what the parser understood.

use std::io::Write;

use memcached::request::{Keyed, Request, Storage};

/// More digits than this may mean different numbers to different versions.
const PLAIN_DIGITS_MAX: usize = 9;

/// The line as a node must get it, with its end; `None` if it can go as it came. `noreply` is taken off: every request has an
/// answer.
#[must_use]
pub fn rewritten(request: &Request<'_>, line: &[u8]) -> Option<Vec<u8>> {
    match request {
        Request::Storage(storage) => {
            let numbers = if storage.command.name == "cas" { 4 } else { 3 };
            let is_plain = !storage.noreply && is_plain(line, storage.key, numbers);
            (!is_plain).then(|| storage_line(storage))
        }
        Request::Keyed(keyed) => {
            let numbers = usize::from(keyed.command.name != "delete");
            let is_plain = !keyed.noreply && is_plain(line, keyed.key, numbers);
            (!is_plain).then(|| keyed_line(keyed))
        }
        // Its flags mean nothing, but for `b`.
        Request::Meta(meta) if meta.command.name == "me" => {
            let base64: &[u8] = if meta.flags.has(b'b') { b" b" } else { b"" };
            Some([b"me ", meta.sent_key, base64, b"\r\n"].concat())
        }
        _ => None,
    }
}

/// A command for every node, its words without any `noreply`, with its end.
#[must_use]
pub fn for_every_node(line: &[u8]) -> Vec<u8> {
    let words = line.trim_ascii_end().split(|&byte| byte == b' ');
    let kept: Vec<&[u8]> = words.filter(|word| !word.is_empty() && *word != b"noreply").collect();
    [kept.join(&b' ').as_slice(), b"\r\n"].concat()
}

/// `<name> <key>` and so many short numbers, a single space before each, and the usual line end.
fn is_plain(line: &[u8], key: &[u8], numbers: usize) -> bool {
    let key_start = key.as_ptr() as usize - line.as_ptr() as usize;
    let mut rest = &line[key_start + key.len()..];
    for _ in 0..numbers {
        let Some(number) = rest.strip_prefix(b" ") else { return false };
        let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > PLAIN_DIGITS_MAX {
            return false;
        }
        rest = &number[digits..];
    }
    rest == b"\r\n"
}

fn storage_line(storage: &Storage<'_>) -> Vec<u8> {
    let mut line = Vec::with_capacity(storage.key.len() + 64);
    line.extend_from_slice(storage.command.name.as_bytes());
    line.push(b' ');
    line.extend_from_slice(storage.key);
    // Writing to memory does not fail.
    let _ = write!(line, " {} {} {}", storage.flags, storage.expiry, storage.length);
    if storage.command.name == "cas" {
        let _ = write!(line, " {}", storage.compare);
    }
    line.extend_from_slice(b"\r\n");
    line
}

fn keyed_line(keyed: &Keyed<'_>) -> Vec<u8> {
    let mut line = [keyed.command.name.as_bytes(), b" ", keyed.key].concat();
    let _ = match keyed.command.name {
        "incr" | "decr" => write!(line, " {}", keyed.delta),
        "touch" => write!(line, " {}", keyed.expiry),
        _ => Ok(()),
    };
    line.extend_from_slice(b"\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use memcached::request::{Limits, Parsed, parse};

    #[test]
    fn odd_lines_are_written_anew() {
        for (line, sent) in [
            ("set a 1 2 3\r\n", None),
            ("cas a 1 2 3 4\r\n", None),
            ("delete a\r\n", None),
            ("touch a 5\r\n", None),
            ("mg a v\r\n", None),
            ("set a 1 2 3\n", Some("set a 1 2 3\r\n")),
            ("set a 1 2 3 noreply\r\n", Some("set a 1 2 3\r\n")),
            ("set a 1 2 3 x y z\r\n", Some("set a 1 2 3\r\n")),
            ("set  a 1 2 3\r\n", None),
            ("set a 1  2 3\r\n", Some("set a 1 2 3\r\n")),
            ("set a +5 -1 3\r\n", Some("set a 5 -1 3\r\n")),
            ("set a 4294967301 0 3\r\n", Some("set a 5 0 3\r\n")),
            ("cas a 1 2 3 4 noreply\r\n", Some("cas a 1 2 3 4\r\n")),
            ("incr a 18446744073709551615\r\n", Some("incr a 18446744073709551615\r\n")),
            ("incr a 1 noreply noreply\r\n", Some("incr a 1\r\n")),
            ("touch a -1\r\n", Some("touch a -1\r\n")),
            ("delete a 0\r\n", Some("delete a\r\n")),
            ("me a q v\r\n", Some("me a\r\n")),
            ("me YQ== b\r\n", Some("me YQ== b\r\n")),
        ] {
            let Parsed::Done { request, .. } = parse(line.as_bytes(), &Limits::default()) else { panic!("{line}") };
            let got = rewritten(&request, line.as_bytes());
            assert_eq!(got.as_deref(), sent.map(str::as_bytes), "{line}");
        }
        assert_eq!(for_every_node(b"flush_all  5 noreply noreply\r\n"), b"flush_all 5\r\n");
    }
}

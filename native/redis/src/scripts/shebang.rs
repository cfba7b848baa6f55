//! The first line of a script, if it is `#!lua`: what the script says of itself.

use crate::fault::Fault;

/// It writes nothing, and may not.
pub(crate) const NO_WRITES: u32 = 1;
/// It runs although memory is full.
pub(crate) const ALLOW_OOM: u32 = 1 << 1;
/// It runs on a replica that has lost its primary.
pub(crate) const ALLOW_STALE: u32 = 1 << 2;
/// Not in a cluster.
pub(crate) const NO_CLUSTER: u32 = 1 << 3;
/// Its keys may lie in different slots.
pub(crate) const ALLOW_CROSS_SLOT_KEYS: u32 = 1 << 4;

const FLAGS: [(&[u8], u32); 5] = [
    (b"no-writes", NO_WRITES),
    (b"allow-oom", ALLOW_OOM),
    (b"allow-stale", ALLOW_STALE),
    (b"no-cluster", NO_CLUSTER),
    (b"allow-cross-slot-keys", ALLOW_CROSS_SLOT_KEYS),
];

/// The flag of this name.
pub(crate) fn flag(name: &[u8]) -> Option<u32> {
    FLAGS.iter().find(|(known, _)| *known == name).map(|(_, flag)| *flag)
}

/// The names of flags, as FUNCTION LIST shows them.
pub(crate) fn names(flags: u32) -> impl Iterator<Item = &'static [u8]> {
    FLAGS.iter().filter(move |(_, flag)| flags & flag != 0).map(|(name, _)| *name)
}

/// What the first line says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// There is such a line: what it does not allow is forbidden.
    pub(crate) is_there: bool,
    /// Of those above.
    pub(crate) flags: u32,
    /// Bytes of the line, without its end.
    pub(crate) length: usize,
}

/// # Errors
/// Redis's texts for a line that it would not take.
pub(crate) fn read(text: &[u8]) -> Result<Header, Fault> {
    if !text.starts_with(b"#!") {
        return Ok(Header::default());
    }
    let length = text.iter().position(|&byte| byte == b'\n').ok_or(Fault::of("ERR Invalid script shebang"))?;
    let mut words = text[..length].split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
    let engine = words.next().unwrap_or_default();
    if engine != b"#!lua" {
        return Err(unknown("Unexpected engine in script shebang", engine));
    }
    let mut header = Header { is_there: true, flags: 0, length };
    for word in words {
        let list = word.strip_prefix(b"flags=").ok_or_else(|| unknown("Unknown lua shebang option", word))?;
        for name in list.split(|&byte| byte == b',').filter(|name| !name.is_empty()) {
            header.flags |= flag(name).ok_or_else(|| unknown("Unexpected flag in script shebang", name))?;
        }
    }
    Ok(header)
}

fn unknown(what: &str, word: &[u8]) -> Fault {
    Fault::made([b"ERR ", what.as_bytes(), b": ", word].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read() {
        let header = read(b"#!lua flags=no-writes,allow-oom\nreturn 1").expect("Redis takes it");
        assert_eq!(header, Header { is_there: true, flags: NO_WRITES | ALLOW_OOM, length: 31 });
        assert_eq!(read(b"return 1"), Ok(Header::default()));
        assert_eq!(read(b"#!lua\n").map(|header| header.length), Ok(5));
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        let rows: [(&[u8], &str); 4] = [
            (b"#!lua", "ERR Invalid script shebang"),
            (b"#!python\n", "ERR Unexpected engine in script shebang: #!python"),
            (b"#!lua name=x\n", "ERR Unknown lua shebang option: name=x"),
            (b"#!lua flags=no-writes,x\n", "ERR Unexpected flag in script shebang: x"),
        ];
        for (text, error) in rows {
            assert_eq!(read(text), Err(Fault::made(error)));
        }
    }
}

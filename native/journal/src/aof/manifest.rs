//! The manifest: which files make the log, in their order. Read as strictly as redis-server reads it, and in its words.
//!
//! ```text
//!   #MC:crc=7a2f6352                                    CRC-32 of all that follows; redis-server skips it, and writes none
//!   file appendonly.aof.2.base.rdb seq 2 type b          the base, at most one
//!   file appendonly.aof.1.incr.aof seq 1 type h          history: to be deleted
//!   file appendonly.aof.2.incr.aof seq 2 type i          increments, in growing sequence
//! ```

use std::fmt::Write;

/// One file of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the folder of the manifest.
    pub name: String,
    /// Its number among those of its kind.
    pub sequence: u64,
}

impl Entry {
    /// As it stands in the manifest.
    fn line(&self, kind: char) -> String {
        let Self { name, sequence } = self;
        let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\'');
        let name = if is_plain { name.clone() } else { quoted(name) };
        format!("file {name} seq {sequence} type {kind}\n")
    }
}

/// The files of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// All data at a point in time.
    pub base: Option<Entry>,
    /// What is superseded and has yet to be deleted.
    pub history: Vec<Entry>,
    /// What came behind the base, in order.
    pub increments: Vec<Entry>,
}

/// What the first line begins with, where there is a checksum.
const PREFIX: &str = "#MC:crc=";
/// Bytes of a line, as redis-server reads them.
const LINE_MAX: usize = 1024;

impl Manifest {
    /// Reads one.
    ///
    /// # Errors
    /// The number of the wrong line and what is wrong with it.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        if text.is_empty() {
            return Err("line 1: found an empty AOF manifest".to_owned());
        }
        if text.starts_with(super::mark::PREFIX) {
            verify(text).map_err(|why| format!("line 1: {why}"))?;
        }
        let mut manifest = Self::default();
        for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            if !line.starts_with(b"#") {
                manifest.add(line).map_err(|why| format!("line {}: {why}", number + 1))?;
            }
        }
        // Nobody writes one, and who took it for a log of nothing would begin another one over the files.
        if manifest.parts().next().is_none() {
            return Err("it names no file of a log".to_owned());
        }
        Ok(manifest)
    }

    fn add(&mut self, line: &[u8]) -> Result<(), &'static str> {
        if line.len() > LINE_MAX || !line.ends_with(b"\n") {
            return Err("the line is too long, or not whole");
        }
        const WRONG: &str = "invalid AOF manifest file format";
        let words = words(line.trim_ascii()).ok_or(WRONG)?;
        if words.len() < 6 || !words.len().is_multiple_of(2) {
            return Err(WRONG);
        }
        let (mut name, mut sequence, mut kind) = (None, None, None);
        for pair in words.chunks(2) {
            let value = pair[1].as_str();
            match pair[0].to_ascii_lowercase().as_str() {
                "file" if value.contains(['/', '\\']) => return Err("a file can't be a path, just a filename"),
                "file" => name = Some(value.to_owned()),
                "seq" => sequence = Some(value.parse().map_err(|_| WRONG)?),
                "type" => kind = value.chars().next(),
                _ => {}
            }
        }
        let (Some(name), Some(sequence), Some(kind)) = (name, sequence, kind) else { return Err(WRONG) };
        if name.is_empty() || sequence == 0 {
            return Err(WRONG);
        }
        let entry = Entry { name, sequence };
        // Quoted it takes more bytes than it may have had here: what is taken over must be written again.
        if entry.line(kind).len() > LINE_MAX {
            return Err("the file's name is too long");
        }
        match kind {
            'b' if self.base.is_some() => return Err("found duplicate base file information"),
            'b' => self.base = Some(entry),
            'h' => self.history.push(entry),
            'i' if self.increments.last().is_some_and(|last| last.sequence >= sequence) => {
                return Err("found a non-monotonic sequence number");
            }
            'i' => self.increments.push(entry),
            _ => return Err("unknown AOF file type"),
        }
        Ok(())
    }

    /// Whether a text has a checksum, which `parse` has verified: it is whole.
    #[must_use]
    pub(super) fn is_signed(text: &[u8]) -> bool {
        text.starts_with(PREFIX.as_bytes())
    }

    /// As it stands in its file.
    #[must_use]
    pub fn text(&self) -> String {
        let lines = self.lines();
        format!("{PREFIX}{:08x}\n{lines}", crc32fast::hash(lines.as_bytes()))
    }

    fn lines(&self) -> String {
        let mut text = String::new();
        let base = self.base.iter().map(|entry| (entry, 'b'));
        let history = self.history.iter().map(|entry| (entry, 'h'));
        let increments = self.increments.iter().map(|entry| (entry, 'i'));
        for (entry, kind) in base.chain(history).chain(increments) {
            text += &entry.line(kind);
        }
        text
    }

    /// The number of the next file of each kind.
    #[must_use]
    pub fn next(&self) -> u64 {
        let all = self.base.iter().chain(&self.history).chain(&self.increments);
        all.map(|entry| entry.sequence).max().unwrap_or(0) + 1
    }

    /// The base and the increments, in the order in which they are read.
    pub fn parts(&self) -> impl Iterator<Item = &Entry> {
        self.base.iter().chain(&self.increments)
    }
}

/// Whether a text that begins with a checksum has the right one.
fn verify(text: &[u8]) -> Result<(), &'static str> {
    let end = memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1);
    let (first, rest) = text.split_at(end);
    if first != format!("{PREFIX}{:08x}\n", crc32fast::hash(rest)).as_bytes() {
        return Err(
            "its checksum is wrong: the manifest is not as it was written. Bring it back from a copy; delete this line only if \
                    it was changed on purpose",
        );
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    let mut text = "\"".to_owned();
    for byte in name.bytes() {
        match byte {
            b'"' | b'\\' => text.extend(['\\', byte as char]),
            b' '..=b'~' => text.push(byte as char),
            _ => _ = write!(text, "\\x{byte:02x}"),
        }
    }
    text + "\""
}

/// Words between blanks; one in double quotes may hold blanks and escapes, one in single quotes blanks.
fn words(mut line: &[u8]) -> Option<Vec<String>> {
    let mut words = Vec::new();
    loop {
        line = line.trim_ascii_start();
        let Some(&first) = line.first() else { return Some(words) };
        let mut word = Vec::new();
        if first == b'"' || first == b'\'' {
            line = &line[1..];
            while *line.first()? != first {
                let (byte, rest) = unescaped(line, first)?;
                word.push(byte);
                line = rest;
            }
            line = &line[1..];
            if !line.is_empty() && !line[0].is_ascii_whitespace() {
                return None;
            }
        } else {
            let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
            word.extend_from_slice(&line[..end]);
            line = &line[end..];
        }
        words.push(String::from_utf8(word).ok()?);
    }
}

/// The first byte of a quoted word, and what is behind it.
fn unescaped(line: &[u8], quote: u8) -> Option<(u8, &[u8])> {
    match line {
        [b'\\', b'x', high, low, rest @ ..] if quote == b'"' => {
            let digit = |byte: u8| (byte as char).to_digit(16);
            Some(((digit(*high)? * 16 + digit(*low)?) as u8, rest))
        }
        [b'\\', byte, rest @ ..] if quote == b'"' => {
            let byte = match byte {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'b' => 8,
                b'a' => 7,
                other => *other,
            };
            Some((byte, rest))
        }
        [b'\\', b'\'', rest @ ..] if quote == b'\'' => Some((b'\'', rest)),
        [byte, rest @ ..] => Some((*byte, rest)),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_redis_writes() {
        let text = "file appendonly.aof.2.base.rdb seq 2 type b\n# a remark\nfile a.1.incr.aof seq 1 type h\nfile \"a b.2.incr.aof\" seq 2 type i\n";
        let manifest = Manifest::parse(text.as_bytes()).expect("it is right");
        assert_eq!(manifest.increments[0].name, "a b.2.incr.aof");
        assert_eq!(Manifest::parse(manifest.text().as_bytes()), Ok(manifest.clone()));
        assert_eq!((manifest.next(), manifest.parts().count()), (3, 2));
    }

    #[test]
    fn refuses_what_redis_refuses() {
        let rows = [
            ("", "line 1: found an empty AOF manifest"),
            ("\n", "line 1: invalid AOF manifest file format"),
            ("file a seq 1 type i", "line 1: the line is too long, or not whole"),
            ("file a seq 1\n", "line 1: invalid AOF manifest file format"),
            ("file a seq 1 type i extra\n", "line 1: invalid AOF manifest file format"),
            ("file a/b seq 1 type i\n", "line 1: a file can't be a path, just a filename"),
            ("file a seq 1 type b\nfile b seq 2 type b\n", "line 2: found duplicate base file information"),
            ("file a seq 2 type i\nfile b seq 1 type i\n", "line 2: found a non-monotonic sequence number"),
            ("file a seq 1 type x\n", "line 1: unknown AOF file type"),
            ("file \"a seq 1 type i\n", "line 1: invalid AOF manifest file format"),
            ("file \"\" seq 1 type i\n", "line 1: invalid AOF manifest file format"),
            ("file a seq 0 type i\n", "line 1: invalid AOF manifest file format"),
            ("# a remark\n", "it names no file of a log"),
            ("file a seq 1 type h\n", "it names no file of a log"),
        ];
        for (text, error) in rows {
            assert_eq!(Manifest::parse(text.as_bytes()), Err(error.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn refuses_a_name_that_is_too_long_when_it_is_quoted() {
        let parse = |length| Manifest::parse(format!("file {} seq 1 type i\n", "\0".repeat(length)).as_bytes());
        assert_eq!(parse(251), Err("line 1: the file's name is too long".to_owned()));
        let longest = parse(250).expect("it is right");
        assert_eq!(Manifest::parse(longest.text().as_bytes()), Ok(longest));
    }

    /// One bit makes of an increment what is to be deleted.
    #[test]
    fn what_is_not_as_it_was_written_is_refused() {
        let entry = |name: &str, sequence| Entry { name: name.to_owned(), sequence };
        let manifest = Manifest {
            base: Some(entry("a.3.base.rdb", 3)),
            history: vec![entry("a.1.base.rdb", 1)],
            increments: vec![entry("a b.1.incr.aof", 1), entry("a.2.incr.aof", 2)],
        };
        let text = manifest.text().into_bytes();
        let is_found = |text: &[u8]| Manifest::parse(text).map_or(true, |other| other == manifest);
        for at in 0..text.len() {
            for flip in 1..=255 {
                let mut wrong = text.clone();
                wrong[at] ^= flip;
                assert!(is_found(&wrong), "{}", wrong.escape_ascii());
            }
            assert!(is_found(&text[..at]) && is_found(&[&text[..at], &text[at + 1..]].concat()), "{at}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in prop::collection::vec(any::<u8>(), 0..200)) {
            _ = Manifest::parse(&text);
        }

        #[test]
        fn what_is_read_is_written(word in "[ -~]{0,6}|\"[ -~]{0,6}\"", sequence in 0_u64..3) {
            let text = format!("file {word} seq {sequence} type i\n");
            if let Ok(manifest) = Manifest::parse(text.as_bytes()) {
                prop_assert_eq!(Manifest::parse(manifest.text().as_bytes()), Ok(manifest));
            }
        }

        #[test]
        fn what_is_written_is_read(names in prop::collection::vec("[^/\\\\\n\r\0]{1,20}", 1..5)) {
            let increments = names.into_iter().zip(1..).map(|(name, sequence)| Entry { name, sequence }).collect();
            let manifest = Manifest { increments, ..Manifest::default() };
            prop_assert_eq!(Manifest::parse(manifest.text().as_bytes()), Ok(manifest));
        }
    }
}

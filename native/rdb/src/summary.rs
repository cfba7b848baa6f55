//! What a file holds in all, and where it is broken if it is: for people.

use std::collections::BTreeMap;
use std::io::BufRead;

use crate::{Error, Event, Kind, read};

/// What was found in a file, up to its end or up to where it is broken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The format's version; 0 before that could be read.
    pub version: u32,
    /// Of Valkey, under its own magic.
    pub is_valkey: bool,
    /// Names and values about the file, but for those that stand before single keys.
    pub aux: Vec<(String, String)>,
    /// What each database has.
    pub databases: BTreeMap<u64, Database>,
    /// Libraries of functions.
    pub libraries: u64,
    /// What is no key and would be passed over, and how often.
    pub passed: Vec<(String, u64)>,
    /// The checksum that it carries.
    pub checksum: Option<u64>,
}

/// Keys of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Database {
    /// Strings, lists, sets, sorted sets, hashes and streams, as `KINDS` has them.
    pub keys: [u64; 6],
    /// Those that expire.
    pub expiring: u64,
}

/// The names of kinds, in the order in which they are counted.
pub const KINDS: [&str; 6] = ["string", "list", "set", "zset", "hash", "stream"];

/// A value about the file is not shown longer than this.
const SHOWN_MAX: usize = 200;
/// So many of them are kept.
const AUX_MAX: usize = 100;

impl Summary {
    /// Reads all of it.
    ///
    /// # Errors
    /// What is wrong and where; what was found before that stands in `self`.
    pub fn read(&mut self, source: impl BufRead) -> Result<(), Error> {
        let mut database = 0;
        read(source, |event| {
            match event {
                Event::Begin { version, is_valkey } => (self.version, self.is_valkey) = (version, is_valkey),
                Event::Aux { name, value } => self.note_aux(name, value),
                Event::Database(number) => database = number,
                Event::Key(key) => {
                    let found = self.databases.entry(database).or_default();
                    found.keys[place(key.kind)] += 1;
                    found.expiring += u64::from(key.expires_at.is_some());
                }
                Event::Library(_) => self.libraries += 1,
                Event::Passed(what) => match self.passed.iter_mut().find(|(known, _)| known == what) {
                    Some((_, count)) => *count += 1,
                    None => self.passed.push((what.to_owned(), 1)),
                },
                Event::End { checksum } => self.checksum = checksum,
                _ => {}
            }
            Ok(())
        })
    }

    fn note_aux(&mut self, name: &[u8], value: &[u8]) {
        // Behind the first key they are about keys.
        if self.databases.is_empty() && self.aux.len() < AUX_MAX {
            let shown = |bytes: &[u8]| bytes[..bytes.len().min(SHOWN_MAX)].escape_ascii().to_string();
            self.aux.push((shown(name), shown(value)));
        }
    }
}

fn place(kind: Kind) -> usize {
    match kind {
        Kind::String => 0,
        Kind::List => 1,
        Kind::Set => 2,
        Kind::SortedSet => 3,
        Kind::Hash => 4,
        Kind::Stream => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Type, Writer};

    #[test]
    fn it_counts_up_to_where_the_file_is_broken() {
        let mut writer = Writer::new(Options::default());
        writer.aux("redis-ver", b"7.2.4");
        writer.database(3);
        writer.expires_at(5);
        writer.key(Type::String, b"a");
        writer.string(b"value");
        writer.key(Type::List, b"b");
        writer.length(1);
        writer.string(b"element");
        writer.end();
        let mut summary = Summary::default();
        summary.read(writer.bytes()).expect("it is right");
        assert_eq!(summary.aux, [("redis-ver".to_owned(), "7.2.4".to_owned())]);
        assert_eq!(summary.databases[&3], Database { keys: [1, 1, 0, 0, 0, 0], expiring: 1 });
        assert!(summary.checksum.is_some());
        let mut cut = Summary::default();
        let error = cut.read(&writer.bytes()[..writer.bytes().len() - 12]).expect_err("it is cut");
        assert_eq!(error.key.as_deref(), Some(&b"b"[..]));
        assert_eq!(cut.databases[&3].keys, [1, 1, 0, 0, 0, 0], "the key that is broken is counted");
    }
}

//! The file side against a model: whatever is written is read, whatever is cut off leaves what was acknowledged, and no byte that
//! differs goes unnoticed.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use journal::aof::{Damage, Directory, Fsync, Names, Outcome, Piece, Writer, read};
use journal::{Journal, Want, words};
use proptest::prelude::*;

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("journal-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary folder can be made");
        Self(path)
    }

    fn names(&self) -> Names {
        Names { home: self.0.clone(), folder: "appendonlydir".into(), file: "appendonly.aof".into() }
    }

    fn open(&self) -> Directory {
        Directory::open(self.names()).expect("the manifest is right")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

type Words = Vec<Vec<u8>>;

/// What a file's commands are, without what only orders them.
fn commands(bytes: &[u8]) -> (Result<Outcome, Damage>, Vec<Words>) {
    let (mut all, mut open, mut ahead) = (Vec::new(), None, VecDeque::<Words>::new());
    let outcome = read(bytes, 0, bytes.len() as u64, &mut |piece| {
        if let Piece::Ahead(words) = piece {
            ahead.push_back(words.iter().map(|word| word.to_vec()).collect());
        } else if let Piece::Command(words, raw) = piece {
            assert!(raw.starts_with(b"*") || words.is_empty());
            // What was told ahead comes, in that order; a command that no buffer held whole is not told.
            if ahead.front().is_some_and(|first| first == words) {
                ahead.pop_front();
            } else {
                assert!(ahead.is_empty(), "{ahead:?} was told, {words:?} comes");
            }
            match words {
                [b"SELECT", _] => {}
                [b"MULTI"] => open = Some(Vec::new()),
                [b"EXEC"] => all.extend(open.take().into_iter().flatten()),
                _ => open.as_mut().unwrap_or(&mut all).push(words.iter().map(|word| word.to_vec()).collect()),
            }
        }
        Ok(())
    });
    (outcome.expect("memory can be read"), all)
}

fn wanted(end: u64) -> Arc<Journal> {
    let journal = Arc::new(Journal::new([b'a'; 40]));
    if end > 0 {
        journal.restart(journal.history(), end);
    }
    journal.want(Want::File, true);
    journal
}

#[derive(Clone, Debug)]
struct Unit {
    database: usize,
    commands: Vec<Words>,
    /// Waits for the disk behind it.
    is_awaited: bool,
}

impl Unit {
    fn append(&self, journal: &Journal) -> u64 {
        let mut bytes = Vec::new();
        let mut put = |words: &[Vec<u8>]| words::put(&mut bytes, &words.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let is_one = self.commands.len() == 1;
        if !is_one {
            put(&[b"MULTI".to_vec()]);
        }
        self.commands.iter().for_each(|words| put(words));
        if !is_one {
            put(&[b"EXEC".to_vec()]);
        }
        let end = journal.append(self.database, &bytes);
        journal.kick();
        end
    }
}

fn unit() -> impl Strategy<Value = Unit> {
    let word = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20),
        Just(b"\r\n#MC:e=0,off=1,crc=00000000\r\n".to_vec()),
        Just(vec![b'x'; 300]),
    ];
    let command = prop::collection::vec(word, 1..4).prop_map(|mut words| {
        words[0] = b"SET".to_vec();
        words
    });
    (0..3_usize, prop::collection::vec(command, 1..3), any::<bool>())
        .prop_map(|(database, commands, is_awaited)| Unit { database, commands, is_awaited })
}

/// Writes units to a new log; the file, and how long it was when each awaited unit was on the disk, with the commands up to there.
fn write(folder: &Folder, units: &[Unit]) -> (PathBuf, Vec<(u64, usize)>) {
    let journal = wanted(0);
    let writer = Writer::start(journal.clone(), folder.open(), false, Fsync::Always).expect("the log begins");
    let path = folder.open().last().expect("there is an increment");
    let (mut acknowledged, mut count) = (Vec::new(), 0);
    for unit in units {
        let end = unit.append(&journal);
        count += unit.commands.len();
        if unit.is_awaited {
            wait(&journal, end);
            acknowledged.push((fs::metadata(&path).expect("it is there").len(), count));
        }
    }
    writer.stop();
    journal.validate();
    assert_eq!(journal.synced.get(), journal.end.get());
    acknowledged.push((fs::metadata(&path).expect("it is there").len(), count));
    (path, acknowledged)
}

fn wait(journal: &Journal, end: u64) {
    let own = std::thread::current();
    let bell = journal.synced.bell(move || own.unpark());
    while journal.synced.get() < end {
        bell.arm();
        if journal.synced.get() < end {
            std::thread::park_timeout(std::time::Duration::from_secs(5));
        }
    }
}

fn all(units: &[Unit]) -> Vec<Words> {
    units.iter().flat_map(|unit| unit.commands.clone()).collect()
}

fn content(path: &Path) -> Vec<u8> {
    fs::read(path).expect("it is there")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_survives_any_cut(units in prop::collection::vec(unit(), 1..12), cut in 0.0..1.0_f64, more in prop::collection::vec(unit(), 1..3)) {
        let folder = Folder::new();
        let (path, acknowledged) = write(&folder, &units);
        let (bytes, all) = (content(&path), all(&units));
        let first = commands(&bytes);
        prop_assert_eq!(&first.1, &all);
        let outcome = first.0.expect("nothing is damaged");
        prop_assert!(outcome.ends_with_mark && !outcome.is_truncated && outcome.whole == bytes.len() as u64);
        let begun = bytes.iter().position(|byte| *byte == b'*').unwrap_or(bytes.len());
        for at in begun..=bytes.len() {
            let (outcome, some) = commands(&bytes[..at]);
            let outcome = outcome.expect("a cut is no damage");
            prop_assert!(all.starts_with(&some), "what is left is a beginning");
            let least = acknowledged.iter().filter(|(length, _)| *length <= at as u64).map(|(_, count)| *count).max();
            prop_assert!(some.len() >= least.unwrap_or(0), "what was acknowledged is there");
            prop_assert_eq!(outcome.is_truncated, outcome.whole != at as u64);
            // What is whole, is whole when it is read once more.
            let (again, same) = commands(&bytes[..outcome.whole as usize]);
            prop_assert_eq!((same, again.expect("it is whole").is_truncated), (some, false));
        }
        // A server goes on behind a cut, and what it writes then is read behind what was left.
        let at = begun + ((bytes.len() - begun) as f64 * cut) as usize;
        let (outcome, some) = commands(&bytes[..at]);
        let outcome = outcome.expect("a cut is no damage");
        fs::write(&path, &bytes[..outcome.whole as usize]).expect("it can be written");
        let journal = wanted(outcome.position.map_or(0, |position| position.offset + outcome.unmarked));
        let writer = Writer::start(journal.clone(), folder.open(), outcome.ends_with_mark, Fsync::EverySecond).expect("it goes on");
        more.iter().for_each(|unit| _ = unit.append(&journal));
        writer.stop();
        let (mut read, mut offset) = (Vec::new(), 0);
        for part in folder.open().parts() {
            let (outcome, some) = commands(&content(&part));
            read.extend(some);
            offset = outcome.expect("nothing is damaged").position.expect("the stream has a name").offset;
        }
        prop_assert_eq!(read, [some, self::all(&more)].concat());
        prop_assert_eq!(offset, journal.end.get());
    }

    #[test]
    fn no_byte_that_differs_goes_unnoticed(units in prop::collection::vec(unit(), 1..8), flip in 1..=255_u8) {
        let folder = Folder::new();
        let (path, _) = write(&folder, &units);
        let (bytes, all) = (content(&path), all(&units));
        let begun = bytes.iter().position(|byte| *byte == b'*').unwrap_or(bytes.len()) as u64;
        for at in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= flip;
            let (outcome, some) = commands(&wrong);
            match outcome {
                // Then it is in the last mark itself, which says nothing any more.
                Ok(outcome) => {
                    prop_assert_eq!(some, all.clone(), "{}: {:?}", at, outcome);
                    prop_assert!(!outcome.ends_with_mark);
                }
                Err(damage) => {
                    // Before the first mark nothing vouches for anything.
                    prop_assert!(damage.right <= (at as u64).max(begun), "{} is right up to {}", at, damage.right);
                    prop_assert!(commands(&wrong[..damage.right as usize]).0.is_ok());
                }
            }
        }
    }

    #[test]
    fn anything_is_read_or_refused(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'*'), Just(b'$'), Just(b'1'), Just(b'\r'), Just(b'\n'), Just(b'#')], 0..200)) {
        _ = commands(&bytes);
    }
}

#[test]
fn a_length_that_reaches_over_the_last_mark_is_damage() {
    let folder = Folder::new();
    let mut seen = 0;
    for length in 10..70 {
        let words = vec![b"SET".to_vec(), b"key".to_vec(), vec![b'x'; length]];
        let unit = |words: &Words| Unit { database: 0, commands: vec![words.clone()], is_awaited: true };
        let (path, acknowledged) = write(&folder, &[unit(&words), unit(&words)]);
        let mut bytes = content(&path);
        let begun = acknowledged[0].0 as usize;
        let value = begun + bytes[begun..].iter().position(|byte| *byte == b'x').expect("there is the value");
        let wrong = (bytes.len() - 2 - value).to_string();
        if wrong.len() == length.to_string().len() {
            seen += 1;
            bytes[value - 4..value - 2].copy_from_slice(wrong.as_bytes());
            let damage = commands(&bytes).0.expect_err("the mark is in the value");
            assert_eq!((damage.at, damage.right), (begun as u64, begun as u64), "{}", damage.why);
            assert!(damage.why.contains("a length is wrong"), "{}", damage.why);
            // Also where what came behind it was torn off.
            bytes.extend_from_slice(b"*1\r\n$4\r\nPI");
            assert_eq!(commands(&bytes).0.expect_err("the mark is in the value").right, begun as u64);
        }
        fs::remove_dir_all(folder.names().path()).expect("it is there");
    }
    assert!(seen > 20, "{seen}");
}

/// Each of its checksums is right.
#[test]
fn a_group_that_is_missing_or_there_twice_is_damage() {
    let folder = Folder::new();
    let set = |value: &[u8]| Unit {
        database: 0,
        commands: vec![vec![b"SET".to_vec(), b"key".to_vec(), value.to_vec()]],
        is_awaited: true,
    };
    let (path, acknowledged) = write(&folder, &[set(b"1"), set(b"2"), set(b"3")]);
    let bytes = content(&path);
    let [first, second] = [0, 1].map(|number| acknowledged[number].0 as usize);
    let missing = [&bytes[..first], &bytes[second..]].concat();
    let twice = [&bytes[..second], &bytes[first..]].concat();
    for (wrong, right) in [(missing, first), (twice, second)] {
        let damage = commands(&wrong).0.expect_err("offsets follow each other");
        assert!(damage.why.contains("bytes are missing, or are there twice"), "{}", damage.why);
        assert_eq!(damage.right, right as u64);
    }
}

#[test]
fn a_rotation_begins_a_file_that_stands_alone() {
    let folder = Folder::new();
    let journal = wanted(0);
    let writer = Writer::start(journal.clone(), folder.open(), false, Fsync::EverySecond).expect("the log begins");
    let set = |database, value: &[u8]| {
        let mut bytes = Vec::new();
        words::put(&mut bytes, &[b"SET", b"key", value]);
        journal.append(database, &bytes);
        journal.kick();
    };
    set(2, b"before");
    writer.rotate();
    set(2, b"after");
    let temporary = folder.open().temporary();
    fs::write(&temporary, b"REDIS0009").expect("it can be written");
    writer.rebase("rdb").expect("the base is new");
    assert!(writer.rebase("rdb").is_err(), "once a rotation");
    writer.flush();
    let parts = folder.open().parts();
    assert!(parts[0].to_string_lossy().ends_with(".base.rdb") && parts.len() == 2, "{parts:?}");
    let bytes = content(&parts[1]);
    let mut seen = Vec::new();
    let outcome = read(&*bytes, 0, bytes.len() as u64, &mut |piece| {
        if let Piece::Command(_, raw) = piece {
            seen.extend_from_slice(raw);
        }
        Ok(())
    });
    let mut wanted = Vec::new();
    words::put_select(&mut wanted, 2);
    words::put(&mut wanted, &[b"SET", b"key", b"after"]);
    assert_eq!(seen, wanted, "the database is said again");
    let position = outcome.expect("memory can be read").expect("nothing is damaged").position.expect("it has a name");
    assert_eq!(position.offset, journal.end.get(), "what says it again is no part of the stream");
    writer.stop();
    let left: Vec<_> = fs::read_dir(folder.names().path()).expect("it is there").collect();
    assert_eq!(left.len(), 3, "what is superseded is gone: {left:?}");
}

#[test]
fn a_log_that_is_switched_on_leaves_the_former_one_until_it_has_a_base() {
    let folder = Folder::new();
    let journal = wanted(0);
    let set = |value: &[u8]| {
        let mut bytes = Vec::new();
        words::put(&mut bytes, &[b"SET", b"key", value]);
        journal.append(0, &bytes);
        journal.kick();
    };
    let start =
        |directory| Writer::start(journal.clone(), directory, false, Fsync::EverySecond).expect("the log begins");
    let writer = start(folder.open());
    set(b"former");
    writer.stop();
    let former = folder.open().parts();
    for is_based in [false, true] {
        // Killed before it has a base, and switched on again.
        let mut directory = folder.open();
        directory.begin_unlisted();
        let writer = start(directory);
        set(b"latter");
        writer.flush();
        assert!(!writer.is_listed());
        assert_eq!(folder.open().parts(), former);
        assert!(content(&former[0]).windows(6).any(|word| word == b"former"));
        if is_based {
            fs::write(writer.temporary(), b"REDIS0009").expect("it can be written");
            writer.rotate();
            writer.rebase("rdb").expect("the base is new");
            assert!(writer.is_listed());
            assert!(folder.open().base().is_some() && !former[0].exists());
        }
        writer.stop();
    }
}

#[test]
fn a_log_of_one_file_becomes_a_base_and_a_strange_folder_is_refused() {
    let folder = Folder::new();
    fs::write(folder.0.join("appendonly.aof"), b"*1\r\n$4\r\nPING\r\n").expect("it can be written");
    assert_eq!(folder.open().parts().len(), 1);
    assert_eq!(folder.open().parts().len(), 1, "also the next time");
    let path = folder.names().path();
    fs::remove_file(path.join("appendonly.aof")).expect("it is there");
    let error = Directory::open(folder.names()).expect_err("a part is missing");
    assert!(error.contains("appendonly.aof") && error.contains("not there"), "{error}");
    fs::remove_file(path.join("appendonly.aof.manifest")).expect("it is there");
    fs::write(path.join("appendonly.aof.1.incr.aof"), b"").expect("it can be written");
    let error = Directory::open(folder.names()).expect_err("the manifest is missing");
    assert!(error.contains("restore the manifest"), "{error}");
}

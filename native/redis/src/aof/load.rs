//! The log at the start: its base as data, its increments as commands, each through its row. The journal stands afterwards where the
//! log ends, with its last bytes in memory, so that replicas go on where they were.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use dataset::{Millis, Shards};
use journal::aof::{Directory, Outcome, PREFIX, Piece, Position, Writer, read};
use journal::{History, Want};

use crate::applier::Applier;
use crate::batch::Batch;
use crate::config;
use crate::host::chance_name;
use crate::load::Expired;
use crate::restraints::reason;
use crate::server::Server;

/// Read at a time.
const CHUNK: usize = 1 << 18;

/// What was found at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadedLog {
    /// Commands of it.
    pub commands: u64,
    /// What was cut off its end, which was not whole.
    pub notice: Option<String>,
    /// It ends where it says that it ends: replicas may go on.
    pub is_exact: bool,
}

impl Server {
    /// Loads the log, if there is to be one, and goes on writing it. Before anybody is served, and with nothing loaded but what is to be
    /// the base of a log that begins.
    ///
    /// # Errors
    /// Which file is wrong, where, and what can be done.
    pub fn begin_log(self: &Arc<Self>, now: Millis) -> Result<Option<LoadedLog>, String> {
        self.aof.has_begun.store(true, SeqCst);
        if !self.config.is_on(config::APPENDONLY) {
            return Ok(None);
        }
        let (mut directory, has_data) = (Directory::open(self.log_names())?, self.dataset.weight() > 0);
        // Before anything is cut off: it may be what another server writes at this moment.
        directory.lock()?;
        if directory.is_empty() {
            if has_data {
                // A base is made of what was loaded from elsewhere.
                drop(directory);
                self.switch_log_on(now);
                return Ok(None);
            }
            self.go_on(directory, false)?;
            return Ok(None);
        }
        if has_data {
            return Err(format!(
                "{} holds data of its own, and other data has been loaded: move one of them away",
                self.log_names().path().display()
            ));
        }
        let (loaded, ends_with_mark) = self.load_log(&directory, true, now)?;
        self.go_on(directory, ends_with_mark)?;
        Ok(Some(loaded))
    }

    /// Empties all data and makes it once more of the log (`DEBUG LOADAOF`); nothing is locked by the caller.
    ///
    /// # Errors
    /// Which file is wrong, and where: what stood before that is there.
    pub(crate) fn reload_log(&self, now: Millis) -> Result<(), String> {
        let writer = self.log_writer().ok_or("there is no append-only file: CONFIG SET appendonly yes begins one")?;
        let mut data = self.lock(Shards::ALL).ok_or("a script is running")?;
        self.restraints.set(reason::LOADING, true);
        writer.flush();
        for database in 0..self.settings.databases {
            self.discard_all(data.parts_mut(database).map(|(_, part, _)| part.take()).collect());
        }
        drop(data);
        let loaded = Directory::open(self.log_names()).and_then(|directory| self.load_log(&directory, false, now));
        self.restraints.set(reason::LOADING, false);
        loaded.map(drop)
    }

    fn go_on(&self, directory: Directory, ends_with_mark: bool) -> Result<(), String> {
        self.journal.want(Want::File, true);
        let writer = Writer::start(self.journal.clone(), directory, ends_with_mark, self.fsync())?;
        *self.aof.writer.lock() = Some(Arc::new(writer));
        self.adjust_log();
        Ok(())
    }

    /// Loads all parts; also says whether the last one ends with a mark.
    fn load_log(&self, directory: &Directory, is_start: bool, now: Millis) -> Result<(LoadedLog, bool), String> {
        let (ahead, loaded) = Default::default();
        let (applier, head) = (Applier::new(self), None);
        let mut load = Load { server: self, applier, ahead, is_start, head, now, loaded };
        let (parts, base) = (directory.parts(), directory.base());
        let (mut last, mut position, mut unmarked) = (Outcome::default(), None, 0);
        for (number, path) in parts.iter().enumerate() {
            let is_last = number + 1 == parts.len();
            last = load.part(path, base.as_ref() == Some(path), is_last)?;
            unmarked = if last.position.is_some() { last.unmarked } else { unmarked + last.unmarked };
            position = last.position.or(position);
            load.loaded.commands += last.commands;
        }
        load.loaded.is_exact = position.is_some() && unmarked == 0;
        if is_start && !load.loaded.is_exact {
            // Whoever wrote what no mark vouches for may have been another server: from here on it is another stream.
            let end = self.journal.end.get();
            let epoch = self.journal.history().epoch;
            self.journal.restart(History { epoch, ..History::new(chance_name()) }, end);
        }
        let is_increment = directory.last().as_ref() == parts.last();
        Ok((load.loaded, is_increment && last.ends_with_mark))
    }
}

/// A load that is on its way.
struct Load<'s> {
    server: &'s Server,
    applier: Applier<&'s Server>,
    /// What the next commands will look up.
    ahead: Batch,
    /// The journal follows what is loaded; else it goes on where it is.
    is_start: bool,
    /// What comes is no part of the stream, but says where in it a file begins; and whether it has said the database.
    head: Option<bool>,
    now: Millis,
    loaded: LoadedLog,
}

impl Load<'_> {
    fn part(&mut self, path: &Path, is_base: bool, is_last: bool) -> Result<Outcome, String> {
        let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let file = File::open(path).map_err(|error| wrong(&error))?;
        let length = file.metadata().map_err(|error| wrong(&error))?.len();
        let mut source = BufReader::with_capacity(CHUNK, file);
        let mut first = 0;
        let start = source.fill_buf().map_err(|error| wrong(&error))?;
        if is_base && (start.starts_with(b"REDIS") || start.starts_with(b"VALKEY")) {
            self.snapshot(&mut source).map_err(|why| wrong(&why))?;
            first = source.stream_position().map_err(|error| wrong(&error))?;
        }
        // The parts of a log are streams of their own: each begins in database 0.
        self.applier.select(0);
        self.head = source.fill_buf().map_err(|error| wrong(&error))?.starts_with(PREFIX).then_some(false);
        let mut missing = 0;
        let outcome = read(source, first, length - first, &mut |piece| {
            missing = self.missing(&piece);
            if missing > 0 { Err(String::new()) } else { self.piece(&piece) }
        });
        let shortened = |size: u64| {
            let others = if is_last { String::new() } else { format!("{}, then ", unlisted("all later files")) };
            format!("or, to go on without all that follows: {others}truncate --size={size} {}", path.display())
        };
        match outcome.map_err(|error| wrong(&error))? {
            Ok(outcome) if !outcome.is_truncated => Ok(outcome),
            // It is being written at this moment.
            Ok(outcome) if is_last && !self.is_start => Ok(outcome),
            Ok(outcome) if is_last && self.server.config.is_on(config::AOF_TRUNCATED) => {
                self.cut(path, length, outcome.whole).map_err(|error| wrong(&error))?;
                Ok(outcome)
            }
            Ok(outcome) => Err(wrong(&format!(
                "it ends in the middle of a command, and is whole up to byte {} of {length}; {}",
                outcome.whole,
                if is_last {
                    "`aof-load-truncated yes` cuts off what is behind it".to_owned()
                } else {
                    let shortened = shortened(outcome.whole);
                    format!(
                        "others follow it, so it was whole once: bring it back from a copy or a replica; {shortened}"
                    )
                }
            ))),
            Err(_) if missing > 0 => Err(wrong(&format!(
                "{missing} bytes of the stream are missing between it and what stands before it: bring that back from a copy or a \
                 replica; or, to go on without this file and what follows: {}",
                unlisted(if is_last { "this file" } else { "this file and all later ones" })
            ))),
            Err(damage) => Err(wrong(&format!(
                "damaged at byte {}: {}. It is right up to byte {} of {length}: bring it back from a copy or a replica; {}",
                damage.at,
                damage.why,
                damage.right,
                shortened(damage.right)
            ))),
        }
    }

    /// A base that is a snapshot.
    fn snapshot(&mut self, source: &mut (impl BufRead + Seek)) -> Result<(), String> {
        let loaded = self.server.load(&mut *source, self.now, Expired::Kept).map_err(|error| error.to_string())?;
        self.server.insist_on_checksum(&loaded)?;
        if let (Some(replid), Some(offset), Some(epoch)) = (loaded.replid, loaded.offset, loaded.epoch)
            && let Ok(replid) = replid.into_bytes().try_into()
            && self.is_start
        {
            self.server.journal.restart(History { epoch, ..History::new(replid) }, offset);
        }
        Ok(())
    }

    fn piece(&mut self, piece: &Piece<'_>) -> Result<(), String> {
        match piece {
            Piece::Ahead(words) => {
                self.ahead.note_keys(words);
                Ok(())
            }
            Piece::Command(words, raw) => {
                self.ahead.bring_noted(self.server, self.applier.database());
                let raw = if self.is_start && self.head.is_none() { raw } else { &b""[..] };
                self.head = self.head.map(|_| true);
                let done = self.applier.apply(words, raw, self.now);
                done.map_err(|fault| format!("the command can't be done: {}", String::from_utf8_lossy(&fault.0)))
            }
            Piece::Mark(position) => {
                let head = self.head.take();
                if let Some(position) = position.filter(|_| self.is_start) {
                    self.stand_at(&position, head);
                }
                Ok(())
            }
            Piece::Line(_) => Ok(()),
        }
    }

    /// Bytes of the stream between what has been loaded and the file that begins with this.
    fn missing(&self, piece: &Piece<'_>) -> u64 {
        let Piece::Mark(Some(position)) = piece else { return 0 };
        let journal = &self.server.journal;
        let goes_on = self.is_start && self.head.is_some() && journal.history().replid == position.history.replid;
        if goes_on { position.offset.saturating_sub(journal.end.get()) } else { 0 }
    }

    /// The stream is at this position; `head` if a file begins there.
    fn stand_at(&self, position: &Position, head: Option<bool>) {
        let journal = &self.server.journal;
        if position.offset == journal.end.get() {
            journal.change_history(|history, _| *history = position.history);
        } else {
            journal.restart(position.history, position.offset);
        }
        match head {
            Some(true) => journal.set_database(self.applier.database()),
            // The stream says it next, and so in this file.
            Some(false) => journal.forget_database(),
            None => {}
        }
    }

    /// What is behind the last whole unit was being written when the server ended.
    fn cut(&mut self, path: &Path, length: u64, whole: u64) -> std::io::Result<()> {
        let mut file = File::options().write(true).open(path)?;
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        file.sync_all()?;
        self.loaded.notice = Some(format!(
            "{}: it ended in the middle of a command: {} bytes behind byte {whole} were cut off (aof-load-truncated yes)",
            path.display(),
            length - whole
        ));
        // A transaction that was open is not done.
        self.applier = Applier::new(self.server);
        Ok(())
    }
}

/// How a log goes on without these files: the manifest's checksum would refuse another text.
fn unlisted(files: &str) -> String {
    format!("take {files} out of the manifest, and its first line (`#MC:crc=…`) with them")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::scene::Scene;

    /// A working directory, removed at the end.
    struct Home(PathBuf);

    impl Home {
        fn new() -> Self {
            static NUMBER: AtomicUsize = AtomicUsize::new(0);
            let number = NUMBER.fetch_add(1, Relaxed);
            let path = std::env::temp_dir().join(format!("memc-load-{}-{number}", std::process::id()));
            fs::create_dir_all(&path).expect("a folder");
            Self(path)
        }

        /// A server with what is here; or why it does not start.
        fn start(&self) -> Result<Scene, String> {
            let home = self.0.to_str().expect("text");
            let config = [
                ("dir", home),
                ("appendonly", "yes"),
                ("aof-timestamp-enabled", "yes"),
                ("enable-debug-command", "yes"),
            ];
            let scene = Scene::new(&config);
            scene.server.begin_log(1).map(|_| scene)
        }

        /// One that does these, and ends.
        fn run(&self, requests: &str) -> Vec<String> {
            let mut scene = self.start().expect("it starts");
            let mut session = scene.open();
            let replies = requests.lines().map(|request| scene.say(&mut session, request).reply).collect();
            scene.server.end_log();
            replies
        }

        fn files(&self) -> Vec<PathBuf> {
            let mut files: Vec<_> = fs::read_dir(self.0.join("appendonlydir"))
                .expect("a folder")
                .map(|entry| entry.expect("a file").path())
                .collect();
            files.sort();
            files
        }

        fn last(&self) -> PathBuf {
            self.files()
                .into_iter()
                .rfind(|path| path.extension().is_some_and(|end| end == "aof"))
                .expect("an increment")
        }

        /// One with a first increment that holds `a` and `b`, of which so many bytes hold `a`, and a second one that holds `c`.
        fn of_two() -> (Self, PathBuf, u64) {
            let home = Self::new();
            home.run("SET a 1");
            let first = home.last();
            let short = fs::metadata(&first).expect("a file").len();
            home.run("SET b 2");
            append(&first, b"#TS:7\r\n*3\r\n$3");
            home.run("SET c 3");
            (home, first, short)
        }

        /// Takes the last files out of the manifest, and its checksum.
        fn unlist(&self, count: usize) {
            let path = self.0.join("appendonlydir/appendonly.aof.manifest");
            let text = fs::read_to_string(&path).expect("a file");
            let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
            fs::write(path, lines[..lines.len() - count].join("\n") + "\n").expect("a file");
        }
    }

    impl Drop for Home {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    fn append(path: &Path, bytes: &[u8]) {
        let all = [fs::read(path).expect("a file"), bytes.to_vec()].concat();
        fs::write(path, all).expect("a file");
    }

    fn rewrite(scene: &Scene) {
        let done = scene.server.aof.rewriting().done.load(Relaxed);
        assert!(scene.server.schedule_rewrite());
        scene.server.tend_log(1);
        let began = Instant::now();
        while scene.server.aof.rewriting().done.load(Relaxed) == done {
            assert!(began.elapsed() < Duration::from_secs(30), "the rewrite");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// What was being written when the server was killed: the second, and no command yet.
    #[test]
    fn a_file_that_is_begun_at_a_start_says_the_database() {
        let home = Home::new();
        home.run("SELECT 2\nSET a 1");
        append(&home.last(), b"#TS:7\r\n*3\r\n$3");
        home.run("SELECT 2\nSET b 2");
        assert_eq!(home.files().len(), 3, "{:?}", home.files());
        assert_eq!(home.run("DBSIZE\nSELECT 2\nDBSIZE"), [":0\r\n", "+OK\r\n", ":2\r\n"]);
    }

    /// A replica's stream does not say it again.
    #[test]
    fn the_stream_is_in_the_database_in_which_it_was_before_a_rewrite() {
        let home = Home::new();
        let mut scene = home.start().expect("it starts");
        let mut session = scene.open();
        scene.say(&mut session, "SELECT 5\nSET a 1");
        rewrite(&scene);
        let (database, end) = (scene.server.journal.database(), scene.end());
        scene.server.end_log();
        let again = home.start().expect("it starts");
        assert_eq!((again.server.journal.database(), again.end()), (database, end));
        assert_eq!(database, Some(5));
    }

    /// As after a rewrite behind which nothing but notes came.
    #[test]
    fn a_primary_says_the_database_of_its_stream_again() {
        let home = Home::new();
        home.run("SELECT 5\nSET a 1");
        let again = home.start().expect("it starts");
        again.server.begin_stream();
        assert_eq!(again.server.journal.database(), None);
    }

    #[test]
    fn what_another_server_wrote_before_a_file_of_nothing_is_another_stream() {
        let home = Home::new();
        home.run("SET a 1");
        let name = |home: &Home| home.start().expect("it starts").server.journal.history().replid;
        let ours = name(&home);
        let (last, manifest) = (home.last(), home.0.join("appendonlydir/appendonly.aof.manifest"));
        append(&last, b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n");
        fs::write(last.with_file_name("appendonly.aof.9.incr.aof"), b"").expect("a file");
        let text = fs::read_to_string(&manifest).expect("a file");
        let lines = text.split_once('\n').expect("a checksum").1;
        fs::write(&manifest, format!("{lines}file appendonly.aof.9.incr.aof seq 9 type i\n")).expect("a file");
        assert_ne!(name(&home), ours);
        assert_eq!(home.run("DBSIZE"), [":2\r\n"]);
    }

    #[test]
    fn a_log_that_is_read_while_it_is_written_is_not_cut() {
        let home = Home::new();
        let mut scene = home.start().expect("it starts");
        let mut session = scene.open();
        scene.say(&mut session, "SET a 1");
        let end = scene.end();
        scene.server.log_writer().expect("it logs").flush();
        append(&home.last(), b"*3\r\n$3");
        let length = fs::metadata(home.last()).expect("a file").len();
        scene.server.reload_log(1).expect("it is right");
        assert_eq!(fs::metadata(home.last()).expect("a file").len(), length);
        assert_eq!((scene.say(&mut session, "GET a").reply, scene.end()), ("$1\r\n1\r\n".to_owned(), end));
        scene.server.end_log();
    }

    #[test]
    fn what_is_missing_between_two_files_is_found() {
        let (home, first, short) = Home::of_two();
        File::options().write(true).open(&first).and_then(|file| file.set_len(short)).expect("a file");
        let why = home.start().map(drop).expect_err("b is missing");
        assert!(why.contains("bytes of the stream are missing between it and what stands before it"), "{why}");
        assert!(why.contains("to go on without this file and what follows: take this file out of"), "{why}");
        assert!(!why.contains("truncate"), "{why}");
        home.unlist(1);
        assert_eq!(home.run("KEYS *"), ["*1\r\n$1\r\na\r\n"]);
    }

    #[test]
    fn the_advice_for_a_part_that_others_follow_is_enough() {
        let (home, first, right) = Home::of_two();
        append(&first, b"*3\r\n$3");
        let why = home.start().map(drop).expect_err("it was whole once");
        assert!(why.contains("to go on without all that follows: take all later files out of"), "{why}");
        let mut bytes = fs::read(&first).expect("a file");
        bytes[usize::try_from(right).expect("it is small")] ^= 1;
        fs::write(&first, bytes).expect("a file");
        let why = home.start().map(drop).expect_err("b is damaged");
        let advice = format!(
            "take all later files out of the manifest, and its first line (`#MC:crc=…`) with them, then truncate --size={right} {}",
            first.display()
        );
        assert!(why.ends_with(&advice), "{why}");
        home.unlist(1);
        File::options().write(true).open(&first).and_then(|file| file.set_len(right)).expect("a file");
        assert_eq!(home.run("KEYS *"), ["*1\r\n$1\r\na\r\n"]);
    }

    #[test]
    fn a_base_of_ours_without_its_checksum_is_refused() {
        let home = Home::new();
        let mut scene = home.start().expect("it starts");
        let mut session = scene.open();
        scene.say(&mut session, "SET a 1");
        rewrite(&scene);
        scene.server.end_log();
        let base =
            home.files().into_iter().find(|path| path.extension().is_some_and(|end| end == "rdb")).expect("a base");
        let mut bytes = fs::read(&base).expect("a file");
        let end = bytes.len() - 8;
        bytes[end..].fill(0);
        fs::write(&base, bytes).expect("a file");
        let why = home.start().map(drop).expect_err("nothing vouches for it");
        assert!(why.contains("its checksum is missing"), "{why}");
    }
}

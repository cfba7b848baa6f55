//! The folder of a log: its manifest and its files, found at the start, added to and replaced while the server runs. The manifest on the
//! disk changes in one step, and only after the files that it names are there.
//!
//! ```text
//!   temp-….manifest: write, fsync ── rename ──┬── fsync of the folder ──> settled: what is superseded is deleted
//!                                             └── that fails: `doubt`. Either manifest may be found after a crash, so the files of
//!                                                 both stay, and nothing counts as being on the disk until `settle` succeeds
//! ```
//!
//! Files that no manifest has named before are called `temp-…` until the new one is written: then they get their names, and last the
//! manifest. Where there was none, a log that was killed in between is finished by who finds it, as its manifest says.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::manifest::{Entry, Manifest};

/// What names begin with as long as no manifest names the file: swept away when a log is begun.
const TEMPORARY: &str = "temp-";

/// Where a log lies and how its files are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The server's working directory (`dir`).
    pub home: PathBuf,
    /// The folder in it (`appenddirname`).
    pub folder: String,
    /// What files begin with (`appendfilename`).
    pub file: String,
}

/// A log's folder.
#[derive(Debug)]
pub struct Directory {
    names: Names,
    manifest: Manifest,
    /// The manifest on the disk does not name the files that are written: their base is not complete yet.
    is_unlisted: bool,
    /// Why it is not known which manifest the disk has: this one, or one that was there before.
    doubt: Option<String>,
    /// Nobody else writes here as long as this is open.
    lock: Option<File>,
    /// Brings the folder's own entries to the disk.
    sync_folder: fn(&Path) -> io::Result<()>,
}

impl Names {
    /// Where all files lie.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.home.join(&self.folder)
    }

    fn manifest(&self) -> String {
        format!("{}.manifest", self.file)
    }
}

fn said(what: &str, path: &Path) -> impl Fn(io::Error) -> String {
    let text = format!("{what} {}", path.display());
    move |error| format!("{text}: {error}")
}

fn sync(folder: &Path) -> io::Result<()> {
    let synced = File::open(folder)?.sync_all();
    // A file system that knows no such thing of a folder says this, and would for ever: redis-server's `fsyncFileDir` goes on too.
    let is_unknown = |error: &io::Error| matches!(Errno::from_io_error(error), Some(Errno::INVAL | Errno::BADF));
    synced.or_else(|error| if is_unknown(&error) { Ok(()) } else { Err(error) })
}

impl Directory {
    fn new(names: Names, manifest: Manifest) -> Self {
        Self { names, manifest, is_unlisted: false, doubt: None, lock: None, sync_folder: sync }
    }

    /// The log that is there; an empty one where there is none. A log of one file from before Redis 7 becomes the base of one in parts.
    ///
    /// # Errors
    /// A manifest that is wrong, files that it names and that are not there, or a log's files without a manifest.
    pub fn open(names: Names) -> Result<Self, String> {
        let folder = names.path();
        let path = folder.join(names.manifest());
        let manifest = match fs::read(&path) {
            Ok(text) => Manifest::parse(&text).map_err(|why| format!("{}: {why}", path.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => match Self::finish(&names)? {
                Some(manifest) => manifest,
                None => return Self::without_manifest(names),
            },
            Err(error) => return Err(format!("can't read {}: {error}", path.display())),
        };
        let directory = Self::new(names, manifest);
        for entry in directory.manifest.parts() {
            let part = directory.part(entry);
            if !part.is_file() {
                return Err(format!(
                    "{} names {}, which is not there: bring it back, or restore the folder from a copy",
                    path.display(),
                    entry.name
                ));
            }
        }
        Ok(directory)
    }

    /// Does the rest for a first log whose writer was killed while it gave its files their names; None if there is no such log.
    fn finish(names: &Names) -> Result<Option<Manifest>, String> {
        let directory = Self::new(names.clone(), Manifest::default());
        let [path, temporary] = directory.manifest_paths();
        let Ok(text) = fs::read(&temporary) else { return Ok(None) };
        let manifest = Manifest::parse(&text).ok().filter(|_| Manifest::is_signed(&text));
        // Who is at it at this moment holds the folder.
        let folder = File::open(names.path()).map_err(said("can't open", &names.path()))?;
        let Some(manifest) = manifest.filter(|_| flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok())
        else {
            return Ok(None);
        };
        let base = manifest.base.iter().map(|entry| [directory.temporary(), directory.place(entry)]);
        let increments = manifest.increments.iter().map(|entry| [directory.unnamed(entry), directory.place(entry)]);
        let left: Vec<_> = base.chain(increments).filter(|[_, to]| !to.is_file()).collect();
        if left.iter().any(|[from, _]| !from.is_file()) {
            return Ok(None);
        }
        for [from, to] in left {
            fs::rename(&from, &to).map_err(said("can't finish what was begun: can't name", &to))?;
        }
        fs::rename(&temporary, &path).map_err(said("can't name the manifest", &path))?;
        Ok(Some(manifest))
    }

    fn without_manifest(names: Names) -> Result<Self, String> {
        let (folder, old) = (names.path(), names.home.join(&names.file));
        let of_parts = format!("{}.", names.file);
        let stray = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        let stray = stray
            .filter_map(|name| name.into_string().ok())
            .find(|name| name.starts_with(&of_parts) && (name.ends_with(".incr.aof") || name.contains(".base.")));
        if let Some(name) = stray {
            return Err(format!(
                "{} is there, but {} is not: restore the manifest, or move the folder away to begin with nothing",
                folder.join(name).display(),
                names.manifest()
            ));
        }
        let mut directory = Self::new(names, Manifest::default());
        let moved = folder.join(&directory.names.file);
        if old.is_file() || moved.is_file() {
            directory.create()?;
            directory.manifest.base = Some(Entry { name: directory.names.file.clone(), sequence: 1 });
            if old.is_file() {
                // Killed between this and the manifest, it is found in its new place.
                fs::rename(&old, &moved).map_err(said("can't move the log to", &moved))?;
            }
            directory.persist()?;
        }
        Ok(directory)
    }

    /// The folder is this server's, until this is dropped.
    ///
    /// # Errors
    /// Another server has it.
    pub fn lock(&mut self) -> Result<(), String> {
        self.create()?;
        let path = self.names.path();
        let folder = File::open(&path).map_err(said("can't open", &path))?;
        flock(&folder, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            format!(
                "{} is another server's, which runs: stop that, or give this one a `dir` of its own",
                path.display()
            )
        })?;
        self.lock = Some(folder);
        Ok(())
    }

    /// Removes what a rewrite that was interrupted has left; none is on its way.
    pub(super) fn sweep(&mut self) {
        for entry in fs::read_dir(self.names.path()).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                _ = fs::remove_file(entry.path());
            }
        }
        if !self.is_unlisted && !self.is_empty() {
            // Who wrote the manifest that was found may have been killed before the disk had it.
            self.sync();
            _ = self.settle();
        }
    }

    /// One manifest is known to be on the disk when this returns, and what it supersedes is gone. What is to be superseded by a base
    /// that has yet to be stays: until then it is the log.
    ///
    /// # Errors
    /// What the disk says; it is to be tried again.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        if self.doubt.is_some() {
            // All of it: after a sync that failed the kernel may have forgotten what it was to write.
            self.persist()?;
        }
        if let Some(why) = &self.doubt {
            return Err(why.clone());
        }
        if !self.is_unlisted && !self.manifest.history.is_empty() {
            self.manifest.history.iter().for_each(|entry| _ = fs::remove_file(self.place(entry)));
            self.manifest.history.clear();
            // If this fails, the files that it still names are gone already: history need not be there.
            return self.persist().or(Ok(()));
        }
        Ok(())
    }

    /// It is known that the disk has the manifest.
    pub(super) fn is_settled(&self) -> bool {
        self.doubt.is_none()
    }

    /// The manifest on the disk does not name what is written.
    #[must_use]
    pub fn is_unlisted(&self) -> bool {
        self.is_unlisted
    }

    /// There is no log here yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.manifest.parts().next().is_none()
    }

    /// Its files, in the order in which they are read.
    #[must_use]
    pub fn parts(&self) -> Vec<PathBuf> {
        self.manifest.parts().map(|entry| self.part(entry)).collect()
    }

    /// The base.
    #[must_use]
    pub fn base(&self) -> Option<PathBuf> {
        self.manifest.base.as_ref().map(|entry| self.part(entry))
    }

    /// The last increment, if there is one.
    #[must_use]
    pub fn last(&self) -> Option<PathBuf> {
        self.manifest.increments.last().map(|entry| self.part(entry))
    }

    /// Bytes of all files.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.parts().iter().filter_map(|path| fs::metadata(path).ok()).map(|file| file.len()).sum()
    }

    /// Where a new base is written before it is one.
    #[must_use]
    pub fn temporary(&self) -> PathBuf {
        self.names.path().join(format!("{TEMPORARY}rewrite.base"))
    }

    /// Where it lies: what no manifest names yet is called so that a server that finds it takes it for nothing.
    fn part(&self, entry: &Entry) -> PathBuf {
        let is_unnamed = self.is_unlisted && self.manifest.increments.contains(entry);
        if is_unnamed { self.unnamed(entry) } else { self.place(entry) }
    }

    fn unnamed(&self, entry: &Entry) -> PathBuf {
        self.names.path().join(format!("{TEMPORARY}{}", entry.name))
    }

    /// Where a manifest says that it lies.
    fn place(&self, entry: &Entry) -> PathBuf {
        self.names.path().join(&entry.name)
    }

    fn create(&self) -> Result<(), String> {
        let folder = self.names.path();
        fs::create_dir_all(&folder).map_err(said("can't make the folder", &folder))
    }

    /// From here on files are written whose base has yet to be: the manifest on the disk stays as it is until `rebase`.
    pub fn begin_unlisted(&mut self) {
        let parts = self.manifest.base.take().into_iter().chain(std::mem::take(&mut self.manifest.increments));
        self.manifest.history.extend(parts);
        // Whichever manifest the disk has, it is whole.
        (self.is_unlisted, self.doubt) = (true, None);
    }

    /// A new increment behind all others, begun by the closure; named by the manifest when this returns, if that is settled.
    ///
    /// # Errors
    /// What the disk says; the log is then as it was.
    pub(super) fn add_increment<R>(&mut self, begin: impl FnOnce(File) -> io::Result<R>) -> Result<R, String> {
        self.create()?;
        let sequence = self.manifest.next();
        let entry = Entry { name: format!("{}.{sequence}.incr.aof", self.names.file), sequence };
        let is_first = self.is_empty() && !self.is_unlisted;
        self.manifest.increments.push(entry.clone());
        let path = if is_first { self.unnamed(&entry) } else { self.part(&entry) };
        let named = is_first.then(|| [path.clone(), self.place(&entry)]);
        let begun = File::options().write(true).create(true).truncate(true).open(&path).and_then(begin);
        let done = begun.map_err(said("can't begin", &path)).and_then(|begun| {
            if !self.is_unlisted {
                self.publish(named.as_slice())?;
            }
            Ok(begun)
        });
        if done.is_err() {
            self.manifest.increments.pop();
            _ = fs::remove_file(&path);
        }
        done
    }

    /// What was written to `temporary()` becomes the base; of the increments only the last stays. The others are deleted when that is
    /// settled.
    ///
    /// # Errors
    /// What the disk says; the log is then as it was.
    pub fn rebase(&mut self, extension: &str) -> Result<(), String> {
        let before = self.manifest.clone();
        let sequence = before.next();
        let entry = Entry { name: format!("{}.{sequence}.base.{extension}", self.names.file), sequence };
        let mut superseded = before.increments.clone();
        let increments = superseded.split_off(superseded.len().saturating_sub(1));
        // Those that no manifest has named are in the way of nobody.
        let unnamed: Vec<_> = if self.is_unlisted { std::mem::take(&mut superseded) } else { Vec::new() };
        let unnamed: Vec<_> = unnamed.iter().map(|entry| self.part(entry)).collect();
        let history = before.history.iter().cloned().chain(before.base.clone()).chain(superseded).collect();
        let stays = increments.last().map(|entry| [self.part(entry), self.place(entry)]);
        let named: Vec<_> = stays.into_iter().chain([[self.temporary(), self.place(&entry)]]).collect();
        self.manifest = Manifest { base: Some(entry), history, increments };
        if let Err(why) = self.publish(&named) {
            self.manifest = before;
            _ = fs::remove_file(self.temporary());
            return Err(why);
        }
        self.is_unlisted = false;
        unnamed.iter().for_each(|path| _ = fs::remove_file(path));
        Ok(())
    }

    /// Puts the manifest in the place of the one that is there. Whether the disk has it then, `doubt` says.
    ///
    /// # Errors
    /// What the disk says; the one that was there is still there.
    fn persist(&mut self) -> Result<(), String> {
        self.publish(&[])
    }

    /// The same; before it these files, from and to, get the names by which the manifest knows them.
    fn publish(&mut self, named: &[[PathBuf; 2]]) -> Result<(), String> {
        let [path, temporary] = self.manifest_paths();
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(self.manifest.text().as_bytes())?;
            file.sync_all()
        });
        let mut done = written.map_err(said("can't write the manifest", &path));
        let mut count = 0;
        for [from, to] in named {
            done = done.and_then(|()| fs::rename(from, to).map_err(said("can't name", to)));
            count += usize::from(done.is_ok());
        }
        done = done.and_then(|()| fs::rename(&temporary, &path).map_err(said("can't write the manifest", &path)));
        if done.is_err() {
            _ = fs::remove_file(&temporary);
            named[..count].iter().for_each(|[from, to]| _ = fs::rename(to, from));
            return done;
        }
        self.sync();
        Ok(())
    }

    /// Of the manifest, and of one that is to take its place.
    fn manifest_paths(&self) -> [PathBuf; 2] {
        let name = self.names.manifest();
        [self.names.path().join(&name), self.names.path().join(format!("{TEMPORARY}{name}"))]
    }

    fn sync(&mut self) {
        let folder = self.names.path();
        let synced = (self.sync_folder)(&folder);
        self.doubt = synced.map_err(said("can't bring the manifest to the disk in", &folder)).err();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::aof::{Fsync, Writer};
    use crate::{Journal, Want};

    /// As long as this file is there, the folder can't be synced.
    const OBSTACLE: &str = "obstacle";

    struct Disk(PathBuf);

    impl Disk {
        fn new(name: &str) -> Self {
            let home = std::env::temp_dir().join(format!("directory-{name}-{}", std::process::id()));
            fs::create_dir_all(home.join("log")).expect("a folder");
            Self(home)
        }

        fn open(&self) -> Directory {
            let names = Names { home: self.0.clone(), folder: "log".into(), file: "a".into() };
            let directory = Directory::open(names).expect("it is whole");
            Directory { sync_folder: refusing, ..directory }
        }

        fn refuse(&self, is_refusing: bool) {
            let obstacle = self.0.join("log").join(OBSTACLE);
            if is_refusing { fs::write(obstacle, b"") } else { fs::remove_file(obstacle) }.expect("a file");
        }

        fn manifest(&self) -> Manifest {
            Manifest::parse(&fs::read(self.0.join("log/a.manifest")).expect("a file")).expect("right")
        }

        fn files(&self) -> BTreeSet<String> {
            let entries = fs::read_dir(self.0.join("log")).expect("a folder").flatten();
            let names = entries.map(|entry| entry.file_name().into_string().expect("text"));
            names.filter(|name| name != OBSTACLE && name != "a.manifest").collect()
        }
    }

    impl Drop for Disk {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    fn refusing(folder: &Path) -> io::Result<()> {
        if folder.join(OBSTACLE).exists() { Err(io::Error::other("no")) } else { sync(folder) }
    }

    fn wait_for(what: &str, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < Duration::from_secs(30), "{what}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Without a sync of the folder the disk has any of the manifests that were put there since the last one.
    #[test]
    fn whichever_manifest_the_disk_has_its_files_are_there() {
        let disk = Disk::new("doubt");
        let mut directory = disk.open();
        directory.add_increment(|_| Ok(())).expect("a file");
        assert!(directory.is_settled());
        let mut possible = vec![disk.manifest()];
        disk.refuse(true);
        for round in 0..6 {
            if round % 2 == 0 {
                directory.add_increment(|_| Ok(())).expect("a file");
            } else {
                fs::write(directory.temporary(), b"REDIS0009").expect("a file");
                directory.rebase("rdb").expect("it is put there");
            }
            assert!(directory.settle().is_err() && !directory.is_settled());
            possible.push(disk.manifest());
            for part in possible.iter().flat_map(Manifest::parts) {
                assert!(disk.files().contains(&part.name), "{} is gone in round {round}", part.name);
            }
            // Started again, nothing is known either.
            let mut again = disk.open();
            again.sweep();
            assert!(!again.is_settled() && possible.iter().flat_map(Manifest::parts).count() > 0);
            assert!(possible.iter().flat_map(Manifest::parts).all(|part| disk.files().contains(&part.name)));
        }
        disk.refuse(false);
        directory.settle().expect("the disk is well");
        let named: BTreeSet<_> = disk.manifest().parts().map(|part| part.name.clone()).collect();
        assert_eq!((disk.files(), disk.manifest().history.len()), (named, 0));
    }

    /// Killed at any moment, a first log is there with all that it has, or not at all.
    #[test]
    fn a_first_log_whose_begin_was_interrupted_is_finished() {
        for is_based in [false, true] {
            let disk = Disk::new("first");
            let mut directory = disk.open();
            if is_based {
                directory.begin_unlisted();
            }
            directory.add_increment(|mut file| file.write_all(b"increment")).expect("a file");
            if is_based {
                fs::write(directory.temporary(), b"base").expect("a file");
                directory.rebase("rdb").expect("it is put there");
            }
            let log = |directory: &Directory| -> Vec<_> {
                directory.parts().iter().map(|path| (path.clone(), fs::read(path).expect("a file"))).collect()
            };
            let whole = log(&directory);
            assert_eq!(whole.len(), 1 + usize::from(is_based));
            // Backwards: each step, and what was there before it.
            let [manifest, begun] = directory.manifest_paths();
            let mut steps = vec![[begun.clone(), manifest.clone()]];
            steps.extend(directory.manifest.base.iter().map(|base| [directory.temporary(), directory.place(base)]));
            let increments = directory.manifest.increments.iter();
            steps.extend(increments.map(|entry| [directory.unnamed(entry), directory.place(entry)]));
            let undo = |count| steps[..count].iter().for_each(|[from, to]| fs::rename(to, from).expect("a file"));
            for undone in 1..=steps.len() {
                undo(undone);
                directory.lock().expect("it is free");
                let meanwhile = Directory::open(directory.names.clone());
                assert!(!manifest.exists(), "its writer is at it");
                assert_eq!(
                    meanwhile.is_err(),
                    undone < steps.len(),
                    "what has a name already is not taken for nothing"
                );
                directory.lock = None;
                assert_eq!(log(&disk.open()), whole, "{undone} steps undone");
            }
            // Before its manifest was whole.
            undo(steps.len());
            let text = fs::read(&begun).expect("a file");
            fs::write(&begun, &text[..text.len() - 1]).expect("a file");
            assert!(disk.open().is_empty());
        }
    }

    #[test]
    fn what_was_synced_counts_as_soon_as_the_manifest_is_on_the_disk() {
        let disk = Disk::new("late");
        let journal = Arc::new(Journal::new([b'a'; 40]));
        journal.want(Want::File, true);
        let mut directory = disk.open();
        directory.begin_unlisted();
        let writer = Writer::start(journal.clone(), directory, false, Fsync::Always).expect("it begins");
        let end = journal.append(0, b"*1\r\n$4\r\nPING\r\n");
        journal.kick();
        writer.rotate();
        fs::write(writer.temporary(), b"REDIS0009").expect("a file");
        writer.flush();
        assert_eq!((journal.written.get(), journal.synced.get()), (end, 0), "there is no base yet");
        disk.refuse(true);
        assert!(writer.rebase("rdb").expect_err("the folder can't be synced").contains("can't bring the manifest"));
        disk.refuse(false);
        wait_for("what was synced to count", || journal.synced.get() == end);
        writer.stop();
    }

    #[test]
    fn a_file_system_that_syncs_no_folders_is_no_obstacle() {
        // One that every Linux has.
        let folder = Path::new("/proc");
        let refused = File::open(folder).and_then(|folder| folder.sync_all()).expect_err("it knows no fsync");
        assert_eq!(Errno::from_io_error(&refused), Some(Errno::INVAL));
        sync(folder).expect("there is nothing to be done");
    }

    #[test]
    fn nothing_is_on_the_disk_before_the_manifest_is() {
        let disk = Disk::new("wait");
        let journal = Arc::new(Journal::new([b'a'; 40]));
        journal.want(Want::File, true);
        let writer = Writer::start(journal.clone(), disk.open(), false, Fsync::Always).expect("it begins");
        let append = || {
            let end = journal.append(0, b"*1\r\n$4\r\nPING\r\n");
            journal.kick();
            end
        };
        let first = append();
        wait_for("the first", || journal.synced.get() == first);
        disk.refuse(true);
        writer.rotate();
        journal.kick();
        wait_for("the failure", || writer.failure().is_some());
        let second = append();
        fs::write(writer.temporary(), b"REDIS0009").expect("a file");
        assert!(writer.rebase("rdb").expect_err("the folder can't be synced").contains("can't bring the manifest"));
        writer.flush();
        assert_eq!((journal.synced.get(), journal.written.get()), (first, second));
        assert!(writer.failure().expect("writes are refused").contains("can't bring the manifest"));
        disk.refuse(false);
        wait_for("the second", || journal.synced.get() == second);
        wait_for("the disk to be well", || writer.failure().is_none());
        let named: BTreeSet<_> = disk.manifest().parts().map(|part| part.name.clone()).collect();
        assert_eq!((disk.files(), named.len()), (named, 2));
        writer.stop();
    }

    #[test]
    fn a_log_that_is_switched_on_is_listed_when_the_disk_has_its_manifest() {
        let disk = Disk::new("listed");
        let journal = Arc::new(Journal::new([b'a'; 40]));
        journal.want(Want::File, true);
        disk.open().add_increment(|_| Ok(())).expect("a file");
        let former = disk.files();
        let mut directory = disk.open();
        directory.begin_unlisted();
        let writer = Writer::start(journal.clone(), directory, false, Fsync::EverySecond).expect("it begins");
        disk.refuse(true);
        fs::write(writer.temporary(), b"REDIS0009").expect("a file");
        writer.rotate();
        assert!(writer.rebase("rdb").is_err() && !writer.is_listed() && disk.files().is_superset(&former));
        disk.refuse(false);
        wait_for("the base", || writer.is_listed());
        assert!(disk.files().is_disjoint(&former) && disk.manifest().base.is_some());
        writer.stop();
    }
}

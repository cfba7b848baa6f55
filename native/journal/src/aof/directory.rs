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
mod tests;

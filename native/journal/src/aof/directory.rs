//! The folder of a log: its manifest and its files, found at the start, added to and replaced while the server runs. The manifest on the
//! disk changes in one step, and only after the files that it names are there.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

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
    /// Nobody else writes here as long as this is open.
    lock: Option<File>,
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

impl Directory {
    /// The log that is there; an empty one where there is none. A log of one file from before Redis 7 becomes the base of one in parts.
    ///
    /// # Errors
    /// A manifest that is wrong, files that it names and that are not there, or a log's files without a manifest.
    pub fn open(names: Names) -> Result<Self, String> {
        let folder = names.path();
        let path = folder.join(names.manifest());
        let manifest = match fs::read(&path) {
            Ok(text) => Manifest::parse(&text).map_err(|why| format!("{}: {why}", path.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Self::without_manifest(names),
            Err(error) => return Err(format!("can't read {}: {error}", path.display())),
        };
        let directory = Self { names, manifest, is_unlisted: false, lock: None };
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
        let mut directory = Self { names, manifest: Manifest::default(), is_unlisted: false, lock: None };
        let moved = folder.join(&directory.names.file);
        if old.is_file() || moved.is_file() {
            directory.create()?;
            directory.manifest.base = Some(Entry { name: directory.names.file.clone(), sequence: 1 });
            if old.is_file() {
                // The manifest comes first: one that names a file that is still elsewhere is found out above, a moved file without
                // a manifest would be a log that nobody sees.
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

    /// Removes what a rewrite that was interrupted has left; none is on its way. What is to be superseded by a base that has yet to be
    /// stays: until then it is the log.
    pub(super) fn sweep(&self) {
        for entry in fs::read_dir(self.names.path()).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                _ = fs::remove_file(entry.path());
            }
        }
        if !self.is_unlisted {
            self.manifest.history.iter().for_each(|entry| _ = fs::remove_file(self.part(entry)));
        }
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
        let place = self.place(entry);
        if is_unnamed { place.with_file_name(format!("{TEMPORARY}{}", entry.name)) } else { place }
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
        self.is_unlisted = true;
    }

    /// A new increment behind all others, begun by the closure; named by the manifest when this returns.
    ///
    /// # Errors
    /// What the disk says; the log is then as it was.
    pub(super) fn add_increment<R>(&mut self, begin: impl FnOnce(File) -> io::Result<R>) -> Result<R, String> {
        self.create()?;
        let sequence = self.manifest.next();
        let entry = Entry { name: format!("{}.{sequence}.incr.aof", self.names.file), sequence };
        self.manifest.increments.push(entry.clone());
        let path = self.part(&entry);
        let begun = File::options().write(true).create(true).truncate(true).open(&path).and_then(begin);
        let done = begun.map_err(said("can't begin", &path)).and_then(|begun| {
            if !self.is_unlisted {
                self.persist()?;
            }
            Ok(begun)
        });
        if done.is_err() {
            self.manifest.increments.pop();
            _ = fs::remove_file(&path);
        }
        done
    }

    /// What was written to `temporary()` becomes the base; of the increments only the last stays. The others are deleted.
    ///
    /// # Errors
    /// What the disk says; the log is then as it was.
    pub fn rebase(&mut self, extension: &str) -> Result<(), String> {
        let before = self.manifest.clone();
        let sequence = before.next();
        let entry = Entry { name: format!("{}.{sequence}.base.{extension}", self.names.file), sequence };
        let path = self.part(&entry);
        fs::rename(self.temporary(), &path).map_err(said("can't make the base", &path))?;
        let mut superseded = before.increments.clone();
        let increments = superseded.split_off(superseded.len().saturating_sub(1));
        let history: Vec<_> = before.history.iter().cloned().chain(before.base.clone()).chain(superseded).collect();
        let gone: Vec<_> = history.iter().map(|entry| self.part(entry)).collect();
        let stays = increments.last().map(|entry| [self.part(entry), self.place(entry)]);
        let listed = stays.as_ref().map_or(Ok(()), |[from, to]| fs::rename(from, to).map_err(said("can't name", to)));
        self.manifest = Manifest { base: Some(entry), history, increments };
        if let Err(why) = listed.and_then(|()| self.persist()) {
            self.manifest = before;
            if let Some([from, to]) = stays {
                _ = fs::rename(to, from);
            }
            _ = fs::remove_file(&path);
            return Err(why);
        }
        self.is_unlisted = false;
        gone.iter().for_each(|path| _ = fs::remove_file(path));
        // If this fails, the files that it still names are gone already: history need not be there.
        self.manifest.history.clear();
        self.persist().or(Ok(()))
    }

    fn persist(&self) -> Result<(), String> {
        let folder = self.names.path();
        let (path, temporary) =
            (folder.join(self.names.manifest()), folder.join(format!("{TEMPORARY}{}", self.names.manifest())));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(self.manifest.text().as_bytes())?;
            file.sync_all()
        });
        let done = written.and_then(|()| fs::rename(&temporary, &path)).and_then(|()| File::open(&folder)?.sync_all());
        done.map_err(said("can't write the manifest", &path))
    }
}

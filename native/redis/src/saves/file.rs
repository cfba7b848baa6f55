//! A file is there as a whole or not at all: it is written beside its place, is on the disk, and then takes its place. Who dies on the
//! way leaves the former file as it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::snapshot::Snapshot;

/// The disk is asked to keep what it has so often, so that the end does not take long.
const SYNC_BYTES: u64 = 32 << 20;

/// Writes a snapshot to a path; `goes_on` is asked after each piece.
pub(super) fn write(
    path: &Path,
    replaces: bool,
    snapshot: &mut Snapshot,
    goes_on: impl Fn(&Snapshot) -> bool,
) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !replaces && path.symlink_metadata().is_ok() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there already, and nothing is overwritten"));
    }
    let beside = beside(folder, path);
    let written = fill(&beside, snapshot, goes_on).and_then(|()| {
        if replaces {
            return fs::rename(&beside, path);
        }
        // Unlike a new name, a second one is refused where there is a file.
        fs::hard_link(&beside, path)?;
        fs::remove_file(&beside)
    });
    if written.is_err() {
        // Nothing more can be done about what is left behind.
        let _ = fs::remove_file(&beside);
    }
    written?;
    File::open(folder)?.sync_all()
}

fn beside(folder: &Path, path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    folder.join(format!("temp-{}-{name}", std::process::id()))
}

fn fill(path: &Path, snapshot: &mut Snapshot, goes_on: impl Fn(&Snapshot) -> bool) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    let (mut piece, mut synced) = (Vec::new(), 0);
    loop {
        piece.clear();
        let is_more = snapshot.next(&mut piece);
        file.write_all(&piece)?;
        if !is_more {
            return file.sync_all();
        }
        if snapshot.bytes() - synced >= SYNC_BYTES {
            file.sync_data()?;
            synced = snapshot.bytes();
        }
        if !goes_on(snapshot) {
            return Err(io::Error::other("the server is ending"));
        }
    }
}

//! A log's folder, killed at any moment and on a disk that refuses.

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
            assert_eq!(meanwhile.is_err(), undone < steps.len(), "what has a name already is not taken for nothing");
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

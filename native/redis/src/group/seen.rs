//! The highest epoch that a node has seen, in a file of its directory: a node that is started again takes no older order.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use journal::Epoch;

/// Its name.
pub(super) const FILE: &str = "memc.epoch";
const NEW: &str = "memc.epoch.new";

/// What the file says; 0 without one.
pub(super) fn read(directory: &str) -> Result<Epoch, String> {
    let path = Path::new(directory).join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    let epoch = text.strip_prefix("epoch ").and_then(|rest| rest.trim_end().parse().ok());
    epoch.ok_or_else(|| {
        format!("{}: no line 'epoch <number>': write it with the highest epoch the group has had", path.display())
    })
}

/// Puts it on the disk: the file is the old one or the new one, whatever happens.
pub(super) fn write(directory: &str, epoch: Epoch) -> io::Result<()> {
    let directory = Path::new(directory);
    let (path, new) = (directory.join(FILE), directory.join(NEW));
    let mut file = File::create(&new)?;
    file.write_all(format!("epoch {epoch}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, &path)?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nonsense_is_refused() {
        let directory = std::env::temp_dir().join(format!("memc-epoch-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        let place = directory.to_str().expect("a name");
        assert_eq!(read(place), Ok(0));
        for epoch in [1, 7, u64::MAX] {
            write(place, epoch).expect("is written");
            assert_eq!(read(place), Ok(epoch));
        }
        fs::write(directory.join(FILE), "epoch x").expect("is written");
        assert!(read(place).expect_err("is no number").contains("memc.epoch: no line 'epoch <number>'"));
        fs::remove_dir_all(&directory).expect("is removed");
    }
}

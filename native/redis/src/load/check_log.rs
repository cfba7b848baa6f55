//! Looks through a file of an append-only log without doing what it says.

use std::io::{BufRead, Seek};
use std::path::Path;

use journal::aof::{Manifest, Outcome, Piece, read};
use rdb::summary::Summary;

use super::{Checked, open};
use crate::admission::row;

/// What a file of a log holds, and where it is broken, if it is.
#[derive(Debug, Default)]
pub struct CheckedLog {
    /// The file's length.
    pub bytes: u64,
    /// The snapshot that it begins with, if it does.
    pub snapshot: Option<Checked>,
    /// What stands behind it.
    pub outcome: Outcome,
    /// What is wrong, and where.
    pub wrong: Option<String>,
}

/// Looks through one file of a log: a snapshot, or commands and marks, or both.
///
/// # Errors
/// When it can't be opened or read.
pub fn check_log(path: &Path) -> std::io::Result<CheckedLog> {
    let mut source = open(path)?;
    let mut checked = CheckedLog { bytes: source.get_ref().metadata()?.len(), ..CheckedLog::default() };
    let start = source.fill_buf()?;
    if start.starts_with(b"REDIS") || start.starts_with(b"VALKEY") {
        let mut summary = Summary::default();
        let wrong = summary.read(&mut source).err().map(|error| error.to_string());
        checked.wrong.clone_from(&wrong);
        checked.snapshot = Some(Checked { summary, wrong, bytes: source.stream_position()? });
    }
    if checked.wrong.is_none() {
        let first = source.stream_position()?;
        match read(source, first, checked.bytes - first, &mut known)? {
            Ok(outcome) => checked.outcome = outcome,
            Err(damage) => {
                let right = damage.right;
                checked.wrong = Some(format!("at byte {}: {}; it is right up to byte {right}", damage.at, damage.why));
            }
        }
    }
    if checked.outcome.is_truncated {
        let whole = checked.outcome.whole;
        checked.wrong = Some(format!("it ends in the middle of a command, and is whole up to byte {whole}"));
    }
    Ok(checked)
}

/// Commands have to be known; marks have been looked at already.
#[expect(clippy::needless_pass_by_value, reason = "as it is called")]
fn known(piece: Piece<'_>) -> Result<(), String> {
    match piece {
        Piece::Command([], _) => Ok(()),
        Piece::Command(words, _) => match row(words) {
            Ok(command) if command.takes(words.len()) => Ok(()),
            _ => Err(format!("'{}' with {} words is no command", words[0].escape_ascii(), words.len() - 1)),
        },
        Piece::Ahead(_) | Piece::Mark(_) | Piece::Line(_) => Ok(()),
    }
}

/// The files that a manifest names, in the order in which they are read.
///
/// # Errors
/// What is wrong with it.
pub fn read_manifest(path: &Path) -> Result<Vec<String>, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let manifest = Manifest::parse(&text)?;
    Ok(manifest.parts().map(|entry| entry.name.clone()).collect())
}

//! Looks through a file without loading it.

use std::io::BufRead;
use std::path::Path;

use rdb::summary::Summary;

use super::open;

/// What an RDB file holds, and where it is broken, if it is.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// What was found.
    pub summary: Summary,
    /// What is wrong, and where.
    pub wrong: Option<String>,
    /// The file's length.
    pub bytes: u64,
}

/// Looks through the RDB file at this path.
///
/// # Errors
/// When it can't be opened.
pub fn check(path: &Path) -> std::io::Result<Checked> {
    let mut source = open(path)?;
    let bytes = source.get_ref().metadata()?.len();
    let mut summary = Summary::default();
    let mut wrong = summary.read(&mut source).err().map(|error| error.to_string());
    if wrong.is_none() && !source.fill_buf()?.is_empty() {
        wrong = Some("bytes follow behind the end of the data: this is not the file that was written".to_owned());
    }
    Ok(Checked { summary, wrong, bytes })
}

//! A file that is to be read from its beginning to its end.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

/// Bytes read at a time.
const PIECE: usize = 1 << 18;

/// Opens a file to be read in large pieces; the error names it.
///
/// # Errors
/// When it can't be opened.
pub fn open(path: &Path) -> io::Result<BufReader<File>> {
    let file =
        File::open(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    Ok(BufReader::with_capacity(PIECE, file))
}

//! `_native.check_rdb`, `check_log`, `read_manifest`: what files of Redis's hold, and where they are broken.

use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use redis::load::{Checked, CheckedLog, KINDS};

/// What an RDB file holds.
#[pyclass(frozen, get_all, module = "memcluster._native")]
pub struct RdbReport {
    version: u32,
    is_valkey: bool,
    aux: Vec<(String, String)>,
    /// Database, kind, keys.
    keys: Vec<(u64, &'static str, u64)>,
    /// Database, keys that expire.
    expiring: Vec<(u64, u64)>,
    passed: Vec<(String, u64)>,
    checksum: Option<String>,
    bytes: u64,
    wrong: Option<String>,
}

impl From<Checked> for RdbReport {
    fn from(Checked { summary, wrong, bytes }: Checked) -> Self {
        let mut keys = Vec::new();
        for (number, database) in &summary.databases {
            let counts = KINDS.into_iter().zip(database.keys).filter(|(_, count)| *count > 0);
            keys.extend(counts.map(|(kind, count)| (*number, kind, count)));
        }
        Self {
            version: summary.version,
            is_valkey: summary.is_valkey,
            aux: summary.aux,
            keys,
            expiring: summary.databases.iter().map(|(number, database)| (*number, database.expiring)).collect(),
            passed: summary.passed,
            checksum: summary.checksum.map(|sum| format!("{sum:016x}")),
            bytes,
            wrong,
        }
    }
}

/// What one file of an append-only log holds.
#[pyclass(frozen, get_all, module = "memcluster._native")]
pub struct LogReport {
    bytes: u64,
    /// What the snapshot that it begins with holds, if it does.
    snapshot: Option<Py<RdbReport>>,
    commands: u64,
    marks: u64,
    unmarked: u64,
    /// The stream, the offset in it and the epoch at the last mark.
    position: Option<(String, u64, u64)>,
    wrong: Option<String>,
}

/// Reads the file at this path to its end, or to where it is broken.
#[pyfunction]
pub fn check_rdb(py: Python<'_>, path: PathBuf) -> PyResult<RdbReport> {
    Ok(py.detach(|| redis::load::check(&path))?.into())
}

/// The same with a file of a log.
#[pyfunction]
pub fn check_log(py: Python<'_>, path: PathBuf) -> PyResult<LogReport> {
    let CheckedLog { bytes, snapshot, outcome, wrong } = py.detach(|| redis::load::check_log(&path))?;
    let position = outcome.position.map(|position| {
        let replid = String::from_utf8_lossy(&position.history.replid).into_owned();
        (replid, position.offset, position.history.epoch)
    });
    let snapshot = snapshot.map(|checked| Py::new(py, RdbReport::from(checked))).transpose()?;
    let (commands, marks, unmarked) = (outcome.commands, outcome.marks, outcome.unmarked);
    Ok(LogReport { bytes, snapshot, commands, marks, unmarked, position, wrong })
}

/// The files that a manifest names, in the order in which they are read.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "as Python hands it over")]
pub fn read_manifest(path: PathBuf) -> PyResult<Vec<String>> {
    redis::load::read_manifest(&path).map_err(PyValueError::new_err)
}

//! `_native.check_rdb`: what an RDB file holds, and where it is broken.

use std::path::PathBuf;

use pyo3::prelude::*;

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

/// Reads the file at this path to its end, or to where it is broken.
#[pyfunction]
pub fn check_rdb(py: Python<'_>, path: PathBuf) -> PyResult<RdbReport> {
    let redis::load::Checked { summary, wrong, bytes } = py.detach(|| redis::load::check(&path))?;
    let mut keys = Vec::new();
    for (number, database) in &summary.databases {
        let counts = redis::load::KINDS.into_iter().zip(database.keys).filter(|(_, count)| *count > 0);
        keys.extend(counts.map(|(kind, count)| (*number, kind, count)));
    }
    Ok(RdbReport {
        version: summary.version,
        is_valkey: summary.is_valkey,
        aux: summary.aux,
        keys,
        expiring: summary.databases.iter().map(|(number, database)| (*number, database.expiring)).collect(),
        passed: summary.passed,
        checksum: summary.checksum.map(|sum| format!("{sum:016x}")),
        bytes,
        wrong,
    })
}

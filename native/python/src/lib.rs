//! The binding: the only crate that names pyo3. Settings in, counters and verbs out; no cached byte passes here.

use pyo3::prelude::*;

#[pymodule]
mod _native {}

//! `_native.load_*`: the load generator for Python, settings and reports as JSON.

use std::net::TcpListener;

use ::load::{Error, Progress, Settings, floor, run, trace};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

/// A run that is under way, seen from another thread.
#[pyclass(frozen)]
#[derive(Default)]
pub struct LoadProgress(Progress);

#[pymethods]
impl LoadProgress {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// So far, over all runs this was given to: requests, faults, keys asked for by gets, values found.
    fn counters(&self) -> (u64, u64, u64, u64) {
        self.0.counters().into()
    }

    /// The run sends nothing new and ends.
    fn stop(&self) {
        self.0.stop();
    }
}

/// Runs what the settings say (see native/load/src/settings.rs) and returns the report.
#[pyfunction]
#[pyo3(signature = (settings, progress=None))]
pub fn load_run(py: Python<'_>, settings: &str, progress: Option<Py<LoadProgress>>) -> PyResult<String> {
    let unseen = Progress::default();
    let progress = progress.as_ref().map_or(&unseen, |progress| &progress.get().0);
    py.detach(|| run(&Settings::from_json(settings)?, progress).map(|report| report.to_json())).map_err(exception)
}

/// Replays a file of recorded accesses cache-aside (see native/load/src/trace.rs) and returns how many missed.
#[pyfunction]
pub fn load_replay(py: Python<'_>, settings: &str) -> PyResult<String> {
    py.detach(|| trace::replay(&trace::Replay::from_json(settings)?).map(|report| report.to_json())).map_err(exception)
}

/// Serves on `host:port` until the process ends: answers like memcached, with no store.
#[pyfunction]
pub fn load_floor(py: Python<'_>, listen: &str, value_bytes: usize) -> PyResult<()> {
    let listener = TcpListener::bind(listen).map_err(|error| PyOSError::new_err(format!("{listen}: {error}")))?;
    py.detach(|| floor::serve(&listener, value_bytes)).map_err(exception)
}

fn exception(error: Error) -> PyErr {
    match error {
        Error::Setting(what) => PyValueError::new_err(what),
        Error::Connect { .. } | Error::Io { .. } => PyOSError::new_err(error.to_string()),
    }
}

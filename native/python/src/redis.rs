//! `_native.RedisNode`: a Redis-mode node for Python.

use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::Duration;

use parking_lot::Mutex;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

/// One Redis-mode node: sockets bound on construction, served by Rust threads from `start` on.
#[pyclass(frozen, module = "memcluster._native")]
pub struct RedisNode {
    inner: Mutex<node::RedisNode>,
    addresses: Vec<String>,
    stopped_fd: i32,
}

#[pymethods]
impl RedisNode {
    #[new]
    #[pyo3(signature = (
        *,
        listen = vec!["127.0.0.1:6379".to_owned()],
        unix_socket = None,
        unix_mask = 0o700,
        threads = 4,
        connections_max = 10_000,
        backlog = 511,
        idle_timeout_seconds = 0,
        databases = 16,
        load = None,
        seed = None,
        config = Vec::new(),
    ))]
    #[expect(clippy::too_many_arguments, reason = "one keyword a setting, as Python callers write them")]
    fn new(
        py: Python<'_>,
        listen: Vec<String>,
        unix_socket: Option<String>,
        unix_mask: u32,
        threads: usize,
        connections_max: usize,
        backlog: i32,
        idle_timeout_seconds: u64,
        databases: usize,
        load: Option<PathBuf>,
        seed: Option<PathBuf>,
        config: Vec<(String, String)>,
    ) -> PyResult<Self> {
        let settings = node::RedisSettings {
            listen,
            unix_socket,
            unix_mask,
            threads,
            connections_max,
            backlog,
            idle_timeout: (idle_timeout_seconds > 0).then(|| Duration::from_secs(idle_timeout_seconds)),
            redis: redis::Settings { databases, load, seed, config, ..redis::Settings::default() },
        };
        let inner = py.detach(|| node::RedisNode::bind(settings)).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => PyValueError::new_err(error.to_string()),
            _ => PyErr::from(error),
        })?;
        let (addresses, stopped_fd) = (inner.addresses(), inner.ended_fd().as_raw_fd());
        Ok(Self { inner: Mutex::new(inner), addresses, stopped_fd })
    }

    /// Where it listens, ports filled in.
    #[getter]
    fn addresses(&self) -> Vec<String> {
        self.addresses.clone()
    }

    fn start(&self, py: Python<'_>) -> PyResult<Option<String>> {
        py.detach(|| self.inner.lock().start()).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => PyValueError::new_err(error.to_string()),
            _ => PyOSError::new_err(error.to_string()),
        })
    }

    #[pyo3(signature = (timeout_seconds = 5.0))]
    fn stop(&self, py: Python<'_>, timeout_seconds: f64) -> PyResult<()> {
        let timeout = Duration::try_from_secs_f64(timeout_seconds)
            .map_err(|error| PyRuntimeError::new_err(format!("timeout_seconds: {error}")))?;
        py.detach(|| self.inner.lock().stop(timeout)).map_err(PyRuntimeError::new_err)
    }

    #[pyo3(signature = (section = ""))]
    fn info(&self, py: Python<'_>, section: &str) -> Vec<(String, String)> {
        py.detach(|| self.inner.lock().info(section))
    }

    fn stopped_fd(&self) -> i32 {
        self.stopped_fd
    }

    fn failure(&self) -> Option<String> {
        self.inner.lock().failure()
    }
}

/// That the engine takes these directives; a wrong one's complaint begins with its name.
#[pyfunction]
pub fn check_redis_directives(config: Vec<(String, String)>) -> PyResult<()> {
    let settings = redis::Settings { config, ..redis::Settings::default() };
    redis::Server::new(settings).configured().map(drop).map_err(PyValueError::new_err)
}

/// The directives that the engine serves: name, former name, default, and why it takes no other value (empty if it does).
#[pyfunction]
pub fn redis_directives() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    redis::config::describe()
        .into_iter()
        .map(|[name, alias, default, refusal]| (name, alias, default, refusal))
        .collect()
}

//! `_native.Node`: a memcached node for Python.

use std::os::fd::AsRawFd;
use std::time::Duration;

use parking_lot::Mutex;
use pyo3::exceptions::{PyOSError, PyRuntimeError};
use pyo3::prelude::*;

/// One memcached node: sockets bound on construction, served by Rust threads from `start` on.
#[pyclass(frozen, module = "memcluster._native")]
pub struct Node {
    inner: Mutex<node::Node>,
    addresses: Vec<String>,
    stopped_fd: i32,
}

#[pymethods]
impl Node {
    #[new]
    #[pyo3(signature = (
        *,
        listen = vec!["127.0.0.1:11211".to_owned()],
        unix_socket = None,
        unix_mask = 0o700,
        threads = 4,
        memory_bytes = 64 << 20,
        item_size_max_bytes = 1 << 20,
        connections_max = 1024,
        clients_memory_bytes = 512 << 20,
        backlog = 1024,
        requests_per_turn = 20,
        evict = true,
        idle_timeout_seconds = 0,
        allow_flush = true,
        allow_dump = true,
        allow_watch = true,
        allow_shutdown = false,
        detail = false,
        verbosity = 0,
        version = node::VERSION.to_owned(),
    ))]
    #[expect(clippy::too_many_arguments, reason = "one keyword a setting, as Python callers write them")]
    fn new(
        py: Python<'_>,
        listen: Vec<String>,
        unix_socket: Option<String>,
        unix_mask: u32,
        threads: usize,
        memory_bytes: usize,
        item_size_max_bytes: usize,
        connections_max: usize,
        clients_memory_bytes: usize,
        backlog: i32,
        requests_per_turn: usize,
        evict: bool,
        idle_timeout_seconds: u64,
        allow_flush: bool,
        allow_dump: bool,
        allow_watch: bool,
        allow_shutdown: bool,
        detail: bool,
        verbosity: u32,
        version: String,
    ) -> PyResult<Self> {
        let settings = node::Settings {
            listen,
            unix_socket,
            unix_mask,
            threads,
            memory: memory_bytes,
            item_size_max: item_size_max_bytes,
            connections_max,
            clients_memory: (clients_memory_bytes > 0).then_some(clients_memory_bytes),
            backlog,
            requests_per_turn,
            evict,
            idle_timeout: (idle_timeout_seconds > 0).then(|| Duration::from_secs(idle_timeout_seconds)),
            allow_flush,
            allow_dump,
            allow_watch,
            allow_shutdown,
            detail,
            verbosity,
            version,
        };
        let inner = py.detach(|| node::Node::bind(settings)).map_err(PyErr::from)?;
        let (addresses, stopped_fd) = (inner.addresses(), inner.ended_fd().as_raw_fd());
        Ok(Self { inner: Mutex::new(inner), addresses, stopped_fd })
    }

    /// Where it listens, ports filled in.
    #[getter]
    fn addresses(&self) -> Vec<String> {
        self.addresses.clone()
    }

    fn start(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.inner.lock().start()).map_err(|error| PyOSError::new_err(error.to_string()))
    }

    #[pyo3(signature = (timeout_seconds = 5.0))]
    fn stop(&self, py: Python<'_>, timeout_seconds: f64) -> PyResult<()> {
        let timeout = Duration::try_from_secs_f64(timeout_seconds)
            .map_err(|error| PyRuntimeError::new_err(format!("timeout_seconds: {error}")))?;
        py.detach(|| self.inner.lock().stop(timeout));
        Ok(())
    }

    #[pyo3(signature = (group = ""))]
    fn stats(&self, py: Python<'_>, group: &str) -> Vec<(String, String)> {
        py.detach(|| self.inner.lock().stats(group))
    }

    fn set_cluster_config(&self, version: u64, payload: &str) {
        self.inner.lock().set_cluster_config(version, payload);
    }

    fn stopped_fd(&self) -> i32 {
        self.stopped_fd
    }

    fn failure(&self) -> Option<String> {
        self.inner.lock().failure()
    }
}

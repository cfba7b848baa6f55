//! The router as Python sees it: settings in, counters and verbs out.

use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use router::{RouterError, Routing, Settings};

/// The proxy's data path.
#[pyclass(frozen, module = "memcluster._native")]
pub struct Router {
    inner: router::Router,
}

#[pymethods]
impl Router {
    #[new]
    #[pyo3(signature = (
        *,
        topology,
        listen = vec!["127.0.0.1:11211".to_owned()],
        unix_socket = None,
        unix_mask = 0o700,
        threads = 4,
        connections_max = 10_000,
        clients_memory_bytes = 512 << 20,
        backlog = 1024,
        item_size_max_bytes = 1 << 20,
        idle_timeout_seconds = 0,
        version = node::VERSION.to_owned(),
    ))]
    #[expect(clippy::too_many_arguments, reason = "one keyword a setting, as Python callers write them")]
    fn new(
        py: Python<'_>,
        topology: &str,
        listen: Vec<String>,
        unix_socket: Option<String>,
        unix_mask: u32,
        threads: usize,
        connections_max: usize,
        clients_memory_bytes: usize,
        backlog: i32,
        item_size_max_bytes: usize,
        idle_timeout_seconds: u64,
        version: String,
    ) -> PyResult<Self> {
        let settings = Settings {
            listen,
            unix_socket,
            unix_mask,
            threads,
            connections_max,
            clients_memory: (clients_memory_bytes > 0).then_some(clients_memory_bytes),
            backlog,
            item_size_max: item_size_max_bytes,
            idle_timeout: (idle_timeout_seconds > 0).then(|| Duration::from_secs(idle_timeout_seconds)),
            version,
            ..Settings::default()
        };
        let inner = py.detach(|| router::Router::new(settings, topology)).map_err(|error| match error {
            RouterError::Topology(error) => PyValueError::new_err(error.to_string()),
            RouterError::Socket(error) => PyErr::from(error),
        })?;
        Ok(Self { inner })
    }

    /// Where it listens, ports filled in.
    #[getter]
    fn addresses(&self) -> Vec<String> {
        self.inner.addresses().to_vec()
    }

    fn start(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.inner.start()).map_err(|error| PyOSError::new_err(error.to_string()))
    }

    #[pyo3(signature = (timeout_seconds = 5.0))]
    fn stop(&self, py: Python<'_>, timeout_seconds: f64) -> PyResult<()> {
        let timeout = Duration::try_from_secs_f64(timeout_seconds)
            .map_err(|error| PyValueError::new_err(format!("timeout_seconds: {error}")))?;
        py.detach(|| self.inner.stop(timeout));
        Ok(())
    }

    fn install(&self, py: Python<'_>, topology: &str) -> PyResult<()> {
        py.detach(|| self.inner.install(topology)).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn nodes(&self, py: Python<'_>) -> String {
        py.detach(|| self.inner.nodes())
    }

    #[pyo3(signature = (group = ""))]
    fn stats(&self, py: Python<'_>, group: &str) -> Vec<(String, String)> {
        py.detach(|| self.inner.stats(group))
    }

    fn set_node_state(&self, name: &str, is_up: bool) -> PyResult<()> {
        if self.inner.set_node_state(name, is_up) {
            return Ok(());
        }
        Err(PyValueError::new_err(format!("no node of the topology is called `{name}`")))
    }

    fn changes_fd(&self) -> i32 {
        self.inner.changes_fd().as_raw_fd()
    }

    fn set_cluster_config(&self, version: u64, payload: &str) {
        self.inner.set_cluster_config(version, payload);
    }

    fn failure(&self) -> Option<String> {
        self.inner.failure()
    }
}

/// The topology that `locate` was last asked about: tools ask for many keys under one.
static LAST: Mutex<Option<(String, Arc<Routing>)>> = Mutex::new(None);

/// The pool's name and the names of the nodes that hold this key, first choice first, as the router decides it.
#[pyfunction]
pub fn locate(topology: &str, key: &[u8]) -> PyResult<(String, Vec<String>)> {
    let routing = routing(topology)?;
    let (pool, nodes) = routing.locate(key);
    Ok((pool.to_owned(), nodes.into_iter().map(str::to_owned).collect()))
}

/// One of the router's key hashes by name: md5, fnv1a_64, …
#[pyfunction]
pub fn hash_key(name: &str, key: &[u8]) -> PyResult<u64> {
    let hash = router::hash::by_name(name);
    hash.map(|hash| hash(key)).ok_or_else(|| PyValueError::new_err(format!("no key hash is called `{name}`")))
}

fn routing(topology: &str) -> PyResult<Arc<Routing>> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, routing)) = last.as_ref().filter(|(document, _)| document == topology) {
        return Ok(Arc::clone(routing));
    }
    let routing = Arc::new(Routing::parse(topology).map_err(|error| PyValueError::new_err(error.to_string()))?);
    *last = Some((topology.to_owned(), Arc::clone(&routing)));
    Ok(routing)
}

//! The relay as Python sees it: pointed, and its counters read; no byte passes here.

use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use relay::Settings;

/// One address before servers that come and go.
#[pyclass(frozen, module = "memcluster._native")]
pub struct Relay {
    inner: relay::Relay,
}

#[pymethods]
impl Relay {
    #[new]
    #[pyo3(signature = (
        *,
        listen = "127.0.0.1:0".to_owned(),
        threads = 2,
        connections_max = 10_000,
        backlog = 1024,
        buffer_max_bytes = 1 << 20,
        wait_seconds = 3.0,
        connect_timeout_seconds = 1.0,
        linger_seconds = 2.0,
    ))]
    #[expect(clippy::too_many_arguments, reason = "one keyword a setting, as Python callers write them")]
    fn new(
        py: Python<'_>,
        listen: String,
        threads: usize,
        connections_max: usize,
        backlog: i32,
        buffer_max_bytes: usize,
        wait_seconds: f64,
        connect_timeout_seconds: f64,
        linger_seconds: f64,
    ) -> PyResult<Self> {
        let settings = Settings {
            listen,
            threads,
            connections_max,
            backlog,
            buffer_max: buffer_max_bytes,
            wait: seconds("wait_seconds", wait_seconds)?,
            connect_timeout: seconds("connect_timeout_seconds", connect_timeout_seconds)?,
            linger: seconds("linger_seconds", linger_seconds)?,
            ..Settings::default()
        };
        Ok(Self { inner: py.detach(|| relay::Relay::new(settings))? })
    }

    /// Where it listens, the port filled in.
    #[getter]
    fn address(&self) -> String {
        self.inner.address().to_owned()
    }

    fn start(&self, py: Python<'_>) -> PyResult<()> {
        Ok(py.detach(|| self.inner.start())?)
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.inner.stop());
    }

    fn point(&self, py: Python<'_>, targets: Vec<String>) -> PyResult<()> {
        py.detach(|| self.inner.point(&targets)).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn targets(&self) -> Vec<(String, usize)> {
        self.inner.targets()
    }

    fn stats(&self) -> Vec<(&'static str, u64)> {
        let now = self.inner.statistics();
        vec![
            ("connections", now.connections),
            ("connections_total", now.connections_total),
            ("rejected", now.rejected),
            ("switches", now.switches),
            ("cut", now.cut),
            ("unreachable", now.unreachable),
            ("expired", now.expired),
            ("bytes_read", now.bytes_read),
            ("bytes_written", now.bytes_written),
        ]
    }

    fn failure(&self) -> Option<String> {
        self.inner.failure()
    }
}

fn seconds(name: &str, value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value).map_err(|error| PyValueError::new_err(format!("{name}: {error}")))
}

//! The router as Python sees it: settings in, counters and verbs out.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use router::Routing;

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

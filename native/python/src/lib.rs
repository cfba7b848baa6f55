//! The binding: the only crate that names pyo3. Settings in, counters and verbs out; no cached byte passes here, and no
//! data thread takes the interpreter's lock.

use pyo3::prelude::*;

mod load;
mod node;
mod router;

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::load::{load_floor, load_replay, load_run};
    #[pymodule_export]
    use super::node::Node;
    #[pymodule_export]
    use super::router::{Router, hash_key, locate};
}

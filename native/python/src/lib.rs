//! The binding: the only crate that names pyo3. Settings in, counters and verbs out; no cached byte passes here, and no
//! data thread takes the interpreter's lock.

use pyo3::prelude::*;

mod check;
mod load;
mod memory;
mod node;
mod redis;
mod relay;
mod router;

#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::memory::give_back_large_blocks();
        Ok(())
    }

    #[pymodule_export]
    use super::check::{LogReport, RdbReport, check_log, check_rdb, read_manifest};
    #[pymodule_export]
    use super::load::{LoadProgress, load_floor, load_replay, load_run};
    #[pymodule_export]
    use super::node::Node;
    #[pymodule_export]
    use super::redis::{RedisNode, check_redis_directives, redis_directives};
    #[pymodule_export]
    use super::relay::Relay;
    #[pymodule_export]
    use super::router::{Router, hash_key, locate};
}

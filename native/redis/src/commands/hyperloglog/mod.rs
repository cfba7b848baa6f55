//! HyperLogLogs: about how many different things were added, in 12 KB at most. A string with Redis's own layout, so that values move
//! between Redis and here.
//!
//! ```text
//!   HYLL │ encoding: 0 dense, 1 sparse │ 3 unused │ cardinality, 8 bytes, or its highest bit: not known │ registers
//! ```

pub(super) mod commands;
mod estimate;
mod registers;
mod sparse;

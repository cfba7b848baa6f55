//! Hashes: fields and their values.

pub(super) mod numbers;
pub(super) mod random;
pub(super) mod read;
pub(super) mod write;

//! Sets.

pub(super) mod algebra;
pub(super) mod chance;
pub(super) mod members;

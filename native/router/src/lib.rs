//! The proxy's data path.
#![forbid(unsafe_code)]

pub mod hash;
mod placement;
mod routing;
pub mod topology;

pub use routing::Routing;

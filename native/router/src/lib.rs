//! The proxy's data path: clients' requests to the nodes that hold their keys, answers back in order.
//!
//! ```text
//!   topology (JSON) ─> routing ─> Topology ──┐ shared by all workers, replaced as a whole
//!                                            ▼
//!   client ─> serve ─> dispatch ─> connections ─> upstream ─> node
//!     ▲                  │ slot, or a join of several      │ answer
//!     └─── client <──────┴──────────── deliver <───────────┘
//! ```
//!
//! Python decides what the topology is and when a node that went down is up again; here nothing waits for Python.
#![deny(unsafe_code)]

mod admin;
mod ahead;
mod answer;
mod body;
mod client;
mod connections;
mod dispatch;
mod failure;
pub mod hash;
mod join;
mod node;
mod placement;
mod report;
mod router;
mod routing;
mod serve;
mod settings;
mod shared;
mod spelling;
mod topology;
mod upstream;
mod worker;

pub use router::{Router, RouterError};
pub use routing::Routing;
pub use settings::Settings;
pub use topology::TopologyError;

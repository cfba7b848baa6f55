//! A TCP relay: one address that clients know, before servers that come and go.
//!
//! ```text
//!   client ──serve──> the target's reply   target: the least connected of those pointed at
//!   client's reply <──serve── target       a full reply stops the other side's reading
//!
//!   point([a]) ──> point([b]): who is connected to a is closed at once, and comes back to b
//! ```
//!
//! It knows neither what is said nor why it is pointed elsewhere.
#![forbid(unsafe_code)]

mod pair;
mod relay;
mod settings;
mod shared;
mod worker;

pub use relay::Relay;
pub use settings::Settings;
pub use shared::Statistics;

//! Orders of Vendure's Admin API, as our plugin posts them. README.md holds the facts: calls, authorization, limits.

mod client;
mod errors;
mod orders;
mod session;
mod wire;

pub use orders::VendureEventSource;

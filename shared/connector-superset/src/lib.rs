//! Dashboards by Superset. README.md holds the facts: calls, authorization, how a repeat is made safe, limits.

mod client;
mod errors;
mod refresher;
mod session;
mod wire;

pub use refresher::SupersetRefresher;

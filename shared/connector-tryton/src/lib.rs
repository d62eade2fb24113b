//! Inventory by Tryton. README.md holds the facts: calls, authorization, how a repeat is made safe, limits.

mod client;
mod document;
mod errors;
mod reserver;
mod wire;

pub use reserver::TrytonStockReserver;

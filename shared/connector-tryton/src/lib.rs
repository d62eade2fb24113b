//! Inventory, customers and sales by Tryton. README.md holds the facts: calls, authorization, how a repeat is made safe, limits.

mod client;
mod document;
mod errors;
mod parties;
mod party_changes;
mod party_wire;
mod reserver;
mod sale_wire;
mod sales;
mod upserter;
mod wire;

pub use reserver::TrytonStockReserver;
pub use upserter::{TrytonRecordUpserter, UpserterMappings};

//! A shop's order sets stock aside in the inventory system; the reservation goes on to the shipping flow.

mod flow;
mod settings;

pub use flow::OrdersToInventory;
pub use settings::OrdersToInventorySettings;

//! Stock that was set aside for an order gets its shipping label.

mod flow;
mod settings;

pub use flow::InventoryToShipping;
pub use settings::InventoryToShippingSettings;

//! The transformation layer: source contract -> canonical model -> target contract. Pure: no tokio, AWS or HTTP.
//!
//! | mapping | from | to |
//! |---|---|---|
//! | [`mapping::SHOPIFY_ORDER`] | a Shopify order webhook, [`mapping::SHOPIFY_VERSIONS`] | [`canonical::Order`] |
//! | [`mapping::TRYTON_SALE`] | [`canonical::Order`] | [`tryton::TrytonSale`] |
//! | [`mapping::CANONICAL_RESERVATION`] | our own `spillway.stock.reserved` event | [`canonical::Reservation`] |
//! | [`mapping::KARRIO_SHIPMENT`] | [`canonical::Reservation`] | [`karrio::KarrioShipment`] |
//!
//! Every mapping reports all problems of a message together ([`MappingError`]): code, JSON path, what was expected
//! and the kind of what came, never the value.

pub mod canonical;
mod catalog;
pub mod contract;
pub mod engine;
pub mod karrio;
pub mod mapping;
pub mod mapping_names;
mod problem;
mod reader;
pub mod reservation;
pub mod shopify;
pub mod tryton;

pub use catalog::{Catalog, CatalogError, Mapping};
pub use problem::{Kind, MAX_PROBLEMS, MappingError, Problem};

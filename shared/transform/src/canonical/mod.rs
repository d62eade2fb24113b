//! Canonical Data Model: what the flows speak between systems. Typed, versioned, documented field by field.
//!
//! Serialised in declaration order; the ledger's fingerprint is taken of that form, so a field that is added
//! needs a new model version.

mod crm;
mod identity;
mod load;
mod money;
mod order;
mod payment;

pub use crm::{Account, Contact, CrmRecord, Deal, Origin, RecordChange};
pub use identity::identity;
pub use load::{DatasetRefresh, LoadFinished, LoadStatus, Refresh, Refreshed};
pub use money::{Currency, Money, MoneyError};
pub(crate) use order::reserve_key;
pub use order::{Address, Customer, Order, OrderLine, Reservation, Shipment};
pub use payment::{Aspect, Bearing, PaymentEvent, PaymentEventKind};

/// Stamped on follow-on events as their `sourceversion`.
pub const MODEL_VERSION: &str = "1";

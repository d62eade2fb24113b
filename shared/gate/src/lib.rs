//! Whether a target is to be called now. One record a target in the ledger table, shared by all execution environments
//! and cached for about a second.
//!
//! ```text
//!             so many attempts in a row have failed            the time is over: one is elected
//!   CLOSED ---------------------------------------------> OPEN ---------------------------------> PROBING
//!     ^                                                     ^                                      |  |
//!     |                                                     +--- the probe failed: twice as long --+  |
//!     +------------------------------ the probe was answered -----------------------------------------+
//! ```
//!
//! A 429 closes the gate until the time that the target has named, within an operator's bound. Beside that, a limiter leases tokens, one a call, out
//! of a window's supply. Failing to read or write the record never stops a message: the gate protects targets, the
//! ledger protects effects.

mod breaker;
mod config;
mod dynamodb;
mod gatekeeper;
#[cfg(feature = "memory")]
mod memory;
mod observation;
mod store;

pub use breaker::{Breaker, State};
pub use config::{GateConfig, Limit};
pub use dynamodb::DynamoDbGateStore;
pub use gatekeeper::{Admission, Gate, Held, Probe};
#[cfg(feature = "memory")]
pub use memory::MemoryGateStore;
pub use observation::Observation;
pub use store::{GateError, GateStore, Lease};

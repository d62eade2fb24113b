//! What people change and see while flows run.
//!
//! - [`Mappings`]: the translators of one function, kept as the overrides in the table say. Looked up at most every 30 seconds;
//!   what is not right is refused, and the last revision that is right is in force.
//! - [`change`]: a change of a mapping, checked before it is stored.
//! - [`ControlStore`]: overrides with their history, and drift, in the ledger table, in items of their own.

mod change;
mod dynamodb;
mod mappings;
#[cfg(feature = "memory")]
mod memory;
mod store;

pub use change::{ChangeError, change};
pub use dynamodb::DynamoDbControlStore;
pub use mappings::{Clock, Mappings};
#[cfg(feature = "memory")]
pub use memory::MemoryControlStore;
pub use store::{ControlError, ControlStore, DriftCount, Entry, Stored, Unreadable};

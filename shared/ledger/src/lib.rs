//! Idempotent Receiver: at most one effect an operation key, whatever repeats, crashes or times out.
//!
//! Every write is conditional. A worker *claims* an operation for the length of a lease, makes the effect, and
//! *completes*; or it *releases* with what it knows of the effect; or it *rejects*. A claim whose lease has run out
//! is taken over with a raised epoch, and whoever held it before can change nothing any more.
//!
//! ```text
//!            claim                    complete             claim of a newer version
//!   (none) --------> CLAIMED -------------------> DONE ------------------------> CLAIMED
//!                    ^  |  | reject
//!     claim, once    |  |  +------> REJECTED --claim that reopens it--> CLAIMED
//!     the lease is --+  |
//!     over              +-- release: the lease ends now, with effect ABSENT or UNKNOWN
//! ```
//!
//! A rejection is opened again by another message; where all messages of a version ask for the same, only by its letter, redriven, or one
//! of a newer version ([`Reopens`]).
//!
//! An entity that changes has *versions*: an older one than was applied, or is being applied, is stale; a rejected one
//! does not count. Claims and settlements of a batch share their round trips ([`Ledger::claim_all`],
//! [`Ledger::settle_all`]).

mod dynamodb;
mod grant;
mod item;
#[cfg(feature = "memory")]
mod memory;
mod progress;
mod protocol;
mod store;

pub use dynamodb::DynamoDbStore;
pub use grant::Grant;
pub use item::{Item, Status};
#[cfg(feature = "memory")]
pub use memory::MemoryStore;
pub use protocol::{
    ClaimLost, Claimed, Clock, LONGEST_LEASE, Ledger, Operation, Outcome, Reopens, Settled, Settlement,
};
pub use store::{ClaimAnswer, ClaimWrite, LedgerError, Settle, SettleAnswer, SettleWrite, Store};

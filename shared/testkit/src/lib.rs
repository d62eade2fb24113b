//! What tests share. A dev-dependency only: nothing of this is in a function.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test helper fails by panicking"
)]

mod canary;
mod clock;
pub mod dynamodb;
pub mod ledger_suite;
mod pointers;
mod poll;
mod printed;

pub use canary::{CANARY, canary, sightings};
pub use clock::FakeClock;
pub use pointers::pointers;
pub use poll::poll_until;
pub use printed::{all_printed_by, printed_by};

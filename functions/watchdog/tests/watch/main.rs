//! What the watchdog finds, and what it finds still where something cannot be looked at.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod archive;
mod canary;
mod checks;
mod desk;
mod ledger;
mod missing;
mod world;

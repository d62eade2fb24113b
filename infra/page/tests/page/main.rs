//! The page as a browser sees it, over a deployment in memory.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod acting;
mod browser;
mod entering;
mod held;
mod hostile;
mod journeys;
mod once;
mod reading;
mod redriving;
#[path = "../world/mod.rs"]
mod world;

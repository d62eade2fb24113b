//! Sources that are asked what happened: that it is the same as their webhooks say, all of it, and what it is when they fail.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

mod between;
mod failures;
mod known;
mod same;
mod stripe;
mod vendure;

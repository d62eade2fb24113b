//! A receiver on in-memory doubles: batches, repeats, FIFO groups, holding, types of events.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod batch;
mod due;
mod fifo;
mod hold;
mod repeats;
mod support;
mod types;

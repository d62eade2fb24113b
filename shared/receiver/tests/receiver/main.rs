//! A receiver on in-memory doubles: batches, repeats, rejections, FIFO groups, holding, types of events.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod batch;
mod canary;
mod due;
mod fifo;
mod hold;
mod rejected;
mod repeats;
mod scripted;
mod support;
mod types;

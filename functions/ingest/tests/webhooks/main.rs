//! The function as API Gateway calls it, with a queue and a secret store in memory.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod any_request;
mod both_ways;
mod canary;
mod log_line;
mod more_sources;
mod printed;
mod request_checks;
mod settings;
mod shopify;
mod signing_secrets;
mod sqs;
mod standard_webhooks;
mod support;
mod unreadable;

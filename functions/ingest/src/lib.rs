//! Webhooks in. What a source posts to `POST /webhooks/{source}` is authenticated and put on the queue of its flow,
//! byte for byte, an array of events one by one; nothing is mapped here. A 2xx is said only after the queue has accepted.
//!
//! The way of a request, each step refusing on its own: known source, media type, size, base64, timestamp window,
//! signature, JSON, queue. What else of an authentic event cannot be read is for the mapping to reject, and what no route
//! leads on from is ignored. A new source is one entry of [`scheme::SCHEMES`] and one file beside it.

mod body;
pub mod config;
mod envelope;
mod handler;
mod headers;
mod outcome;
pub mod refusal;
pub mod scheme;
mod sink;
mod sqs_sink;

pub use config::{Config, Routes};
pub use handler::Ingest;
pub use refusal::Refusal;
pub use sink::{EventSink, SinkError};
pub use sqs_sink::SqsSink;

//! What Stripe answers, as far as we read it. An event goes on as it came: it is read where its webhook is.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A page of a list.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) data: Vec<T>,
    pub(crate) has_more: bool,
}

/// `GET /v1/events`, an event.
pub(crate) type Event = Box<RawValue>;

/// `GET /v1/webhook_endpoints`, an endpoint.
#[derive(Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) status: String,
    pub(crate) enabled_events: Vec<String>,
}

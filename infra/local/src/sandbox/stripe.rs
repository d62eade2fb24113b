//! A payment processor's events and webhook endpoints as Stripe's documentation describes them, as far as our connector calls it.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::state::World;
use super::{API_KEY, Sandbox};

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/stripe/v1/events", get(events))
        .route("/stripe/v1/webhook_endpoints", get(endpoints))
}

impl Sandbox {
    pub fn stripe_url(&self) -> String {
        format!("{}/stripe", self.base_url())
    }

    /// Something that has happened: an event with its `id`, `type` and `created`, told by no webhook.
    pub fn happen_at_stripe(&self, event: Value) {
        self.world.processor(|processor| processor.events.push(event));
    }

    /// Another webhook endpoint.
    pub fn add_webhook_endpoint(&self, url: &str, status: &str, enabled_events: &[&str]) {
        self.world.processor(|processor| {
            let id = format!("we_{}", processor.endpoints.len());
            processor.endpoints.push(json!({
                "id": id, "object": "webhook_endpoint", "api_version": null, "application": null, "created": 1_680_122_196,
                "description": null, "enabled_events": enabled_events, "livemode": false, "metadata": {},
                "status": status, "url": url
            }));
        });
    }
}

#[derive(Default)]
pub(super) struct Processor {
    events: Vec<Value>,
    endpoints: Vec<Value>,
}

/// What a list was asked for.
struct Asked {
    types: Vec<String>,
    created: Vec<(String, i64)>,
    limit: usize,
    after: Option<String>,
}

impl Asked {
    fn of(query: Vec<(String, String)>) -> Option<Self> {
        let mut asked = Self { types: Vec::new(), created: Vec::new(), limit: 10, after: None };
        for (name, value) in query {
            match name.as_str() {
                "types[]" => asked.types.push(value),
                "limit" => asked.limit = value.parse().ok()?,
                "starting_after" => asked.after = Some(value),
                _ => {
                    let bound = name.strip_prefix("created[")?.strip_suffix(']')?;
                    asked.created.push((bound.to_owned(), value.parse().ok()?));
                }
            }
        }
        ((1..=100).contains(&asked.limit) && asked.types.len() <= 20).then_some(asked)
    }

    fn takes(&self, event: &Value) -> bool {
        let created = event["created"].as_i64().unwrap_or_default();
        let within = self.created.iter().all(|(bound, second)| match bound.as_str() {
            "gt" => created > *second,
            "gte" => created >= *second,
            "lt" => created < *second,
            "lte" => created <= *second,
            _ => false,
        });
        within && (self.types.is_empty() || self.types.iter().any(|kind| event["type"] == kind.as_str()))
    }

    /// `None` where the cursor is no object of the list.
    fn page(&self, all: &[Value], url: &str) -> Option<Value> {
        let begin = match &self.after {
            Some(after) => all.iter().position(|object| object["id"] == after.as_str())? + 1,
            None => 0,
        };
        let rest = all.get(begin..).unwrap_or_default();
        let data = rest.get(..self.limit.min(rest.len())).unwrap_or_default();
        Some(json!({ "object": "list", "url": url, "has_more": rest.len() > data.len(), "data": data }))
    }
}

async fn events(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    answer(&headers, query, "/v1/events", |asked| {
        let mut found: Vec<Value> = world.processor(|processor| processor.events.clone());
        // The newest first; of a second, what came last.
        found.reverse();
        found.sort_by_key(|event| std::cmp::Reverse(event["created"].as_i64()));
        found.retain(|event| asked.takes(event));
        found
    })
}

async fn endpoints(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    answer(&headers, query, "/v1/webhook_endpoints", |_| {
        world.processor(|processor| processor.endpoints.iter().rev().cloned().collect())
    })
}

fn answer(
    headers: &HeaderMap,
    query: Vec<(String, String)>,
    url: &str,
    find: impl FnOnce(&Asked) -> Vec<Value>,
) -> Response {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    if given != Some(format!("Bearer {API_KEY}").as_str()) {
        return refused(StatusCode::UNAUTHORIZED, "Invalid API Key provided: sk_test_****");
    }
    let page = Asked::of(query).and_then(|asked| asked.page(&find(&asked), url));
    match page {
        Some(page) => Json(page).into_response(),
        None => refused(StatusCode::BAD_REQUEST, "Received unknown parameter"),
    }
}

fn refused(status: StatusCode, message: &str) -> Response {
    let error = json!({ "error": { "message": message, "type": "invalid_request_error" } });
    (status, Json(error)).into_response()
}

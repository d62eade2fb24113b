//! Labels as Karrio sells them, as far as our connector calls it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::API_KEY;
use super::state::{System, World};

/// Services that the one carrier behind the sandbox offers.
const SERVICES: [&str; 3] = ["standard_service", "express_service", UNTRACKED];
/// A letter: Karrio answers without a tracking number.
const UNTRACKED: &str = "letter_service";
/// What Karrio insists on in an address.
const REQUIRED_OF_ADDRESS: [&str; 1] = ["country_code"];
const DEFAULT_PAGE: usize = 20;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/v1/shipments", get(list).post(create))
        .route("/v1/shipments/{id}/cancel", post(cancel))
        .route("/v1/references", get(references))
}

/// As far as anybody reads it. Karrio lists more countries than these.
async fn references(headers: HeaderMap) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    let services: serde_json::Map<_, _> =
        SERVICES.iter().map(|code| ((*code).to_owned(), json!(code))).collect();
    let countries = json!({ "CA": "CANADA", "DE": "GERMANY", "US": "UNITED STATES" });
    Json(json!({ "countries": countries, "services": { "generic": services } })).into_response()
}

/// All shipments so far, oldest first.
#[derive(Default)]
pub(super) struct Labels {
    shipments: Vec<Value>,
}

async fn list(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    let number = |name: &str, default| query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (limit, offset) = (number("limit", DEFAULT_PAGE), number("offset", 0));
    let reference = query.get("reference").map(|text| text.to_lowercase()).unwrap_or_default();
    let matching: Vec<Value> = world.labels(|labels| {
        // Newest first, and parts of a reference match: as Karrio does it.
        let contains = |shipment: &&Value| {
            shipment["reference"].as_str().is_some_and(|text| text.to_lowercase().contains(&reference))
        };
        labels.shipments.iter().rev().filter(contains).cloned().collect()
    });
    let count = matching.len();
    let next =
        (offset + limit < count).then(|| format!("/v1/shipments?limit={limit}&offset={}", offset + limit));
    let results: Vec<_> = matching.into_iter().skip(offset).take(limit).collect();
    Json(json!({ "count": count, "next": next, "previous": null, "results": results })).into_response()
}

async fn create(State(world): State<Arc<World>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    let unmet = || Some(format!("{}: This field is not valid.", world.demands.unmet("shipment", &body)?));
    if let Some(problem) = problem(&body).or_else(unmet) {
        return error(StatusCode::BAD_REQUEST, "validation", &problem);
    }
    if !SERVICES.contains(&body["service"].as_str().unwrap_or_default()) {
        let problem = "The service you selected is not available for this shipment.";
        return error(StatusCode::BAD_REQUEST, "service_unavailable", problem);
    }
    let reference = body["reference"].as_str().unwrap_or_default().to_owned();
    let shipment = world.labels(|labels| {
        let number = labels.shipments.len() + 1;
        let shipment = json!({
            "id": format!("shp_{number:08}"),
            "status": "created",
            "reference": reference,
            "tracking_number": (body["service"] != UNTRACKED).then(|| format!("SBX{number:010}")),
            "carrier_name": "generic",
            "carrier_id": "testpost",
            "service": body["service"],
            "label_type": body["label_type"],
            "label_url": format!("/v1/shipments/shp_{number:08}/label.pdf"),
            "created_at": format!("2026-01-01 00:00:00.{number:06}+00:00"),
            "messages": [],
        });
        labels.shipments.push(shipment.clone());
        shipment
    });
    let id = shipment["id"].as_str().unwrap_or_default();
    let number = shipment["tracking_number"].as_str().unwrap_or_default();
    world.record(System::Labels, "label", &reference, id, number);
    (StatusCode::CREATED, Json(shipment)).into_response()
}

fn problem(body: &Value) -> Option<String> {
    for party in ["shipper", "recipient"] {
        for field in REQUIRED_OF_ADDRESS {
            if body[party][field].as_str().is_none_or(str::is_empty) {
                return Some(format!("{party}.{field}: This field is required."));
            }
        }
    }
    let parcels = body["parcels"].as_array().is_some_and(|parcels| !parcels.is_empty());
    (!parcels).then(|| "parcels: This field is required.".to_owned())
}

/// It is paid back, and stays in the list.
async fn cancel(State(world): State<Arc<World>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    let cancelled = world.labels(|labels| {
        let shipment = labels.shipments.iter_mut().find(|shipment| shipment["id"] == id)?;
        shipment["status"] = json!("cancelled");
        Some(shipment.clone())
    });
    match cancelled {
        Some(shipment) => Json(shipment).into_response(),
        None => error(StatusCode::NOT_FOUND, "not_found", "No Shipment matches the given query."),
    }
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let errors = json!([{ "code": code, "level": "error", "message": message }]);
    (status, Json(json!({ "errors": errors }))).into_response()
}

fn unauthorized(headers: &HeaderMap) -> Option<Response> {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    let message = "Given token not valid for any token type";
    (given != Some(format!("Token {API_KEY}").as_str()))
        .then(|| error(StatusCode::UNAUTHORIZED, "invalid_token", message))
}

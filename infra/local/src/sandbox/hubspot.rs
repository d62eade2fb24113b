//! Objects of a CRM as HubSpot's documentation describes them, as far as our connector calls it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::API_KEY;
use super::state::World;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new().route("/crm/v3/objects/{object}/{id}", get(read))
}

/// An object of the CRM.
#[derive(Clone, Debug, Deserialize)]
pub struct HubSpotObject {
    /// `companies`, `contacts` or `deals`.
    pub object: String,
    pub id: u64,
    /// RFC 3339.
    pub updated_at: String,
    /// Values are texts; what is not here is null.
    pub properties: BTreeMap<String, String>,
    /// Ids of companies, the primary one first.
    pub companies: Vec<u64>,
}

#[derive(Default)]
pub(super) struct Crm {
    objects: HashMap<(String, u64), HubSpotObject>,
}

impl Crm {
    pub(super) fn put(&mut self, object: HubSpotObject) {
        self.objects.insert((object.object.clone(), object.id), object);
    }

    pub(super) fn delete(&mut self, object: &str, id: u64) {
        self.objects.remove(&(object.to_owned(), id));
    }
}

/// Properties that come unasked.
const ALWAYS: [&str; 2] = ["createdate", "hs_object_id"];

async fn read(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Path((object, id)): Path<(String, u64)>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    if given != Some(format!("Bearer {API_KEY}").as_str()) {
        return refused(StatusCode::UNAUTHORIZED, "INVALID_AUTHENTICATION");
    }
    let Some(found) = world.crm(|crm| crm.objects.get(&(object, id)).cloned()) else {
        return refused(StatusCode::NOT_FOUND, "OBJECT_NOT_FOUND");
    };
    let asked = query.get("properties").map(String::as_str).unwrap_or_default();
    let properties: Map<String, Value> = asked
        .split(',')
        .chain(ALWAYS)
        .filter(|name| !name.is_empty())
        .map(|name| (name.to_owned(), json!(found.properties.get(name))))
        .collect();
    let mut answer = json!({
        "id": id.to_string(), "properties": properties, "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": found.updated_at, "archived": false
    });
    // Nothing of an association where there is none.
    if query.get("associations").is_some_and(|asked| asked == "companies") && !found.companies.is_empty() {
        let kind = found.object.trim_end_matches('s');
        // The primary one stands there under two labels.
        let primary = found.companies.iter().take(1).map(|id| (id, format!("{kind}_to_company")));
        let all = found.companies.iter().map(|id| (id, format!("{kind}_to_company_unlabeled")));
        let results: Vec<_> =
            primary.chain(all).map(|(id, label)| json!({ "id": id.to_string(), "type": label })).collect();
        answer["associations"] = json!({ "companies": { "results": results } });
    }
    Json(answer).into_response()
}

fn refused(status: StatusCode, category: &str) -> Response {
    let body =
        json!({ "status": "error", "message": category, "correlationId": "sandbox", "category": category });
    (status, Json(body)).into_response()
}

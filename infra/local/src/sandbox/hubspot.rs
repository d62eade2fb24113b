//! Objects of a CRM as HubSpot's documentation describes them, as far as our connector and the people in tests call it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::API_KEY;
use super::state::World;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/crm/v3/objects/{object}", post(create))
        .route("/crm/v3/objects/{object}/{id}", get(read).patch(change).delete(archive))
        .route("/crm/v4/objects/{object}/{id}/associations/default/companies/{company}", put(link))
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
    created: u64,
}

/// Ids of objects that calls have created begin here: those that tests put there are below.
const FIRST_ID: u64 = 100_000_000_000;

impl Crm {
    pub(super) fn put(&mut self, object: HubSpotObject) {
        self.objects.insert((object.object.clone(), object.id), object);
    }

    pub(super) fn delete(&mut self, object: &str, id: u64) {
        self.objects.remove(&(object.to_owned(), id));
    }

    fn create(&mut self, object: &str, properties: BTreeMap<String, String>) -> HubSpotObject {
        self.created += 1;
        let created = HubSpotObject {
            object: object.to_owned(),
            id: FIRST_ID + self.created,
            updated_at: now(),
            properties,
            companies: Vec::new(),
        };
        self.put(created.clone());
        created
    }

    fn change(
        &mut self,
        object: &str,
        id: u64,
        properties: BTreeMap<String, String>,
    ) -> Option<HubSpotObject> {
        let found = self.objects.get_mut(&(object.to_owned(), id))?;
        found.properties.extend(properties);
        found.updated_at = now();
        Some(found.clone())
    }

    /// No change of the object itself: `updatedAt` stays.
    fn link(&mut self, object: &str, id: u64, company: u64) -> Option<()> {
        self.objects.get(&("companies".to_owned(), company))?;
        let found = self.objects.get_mut(&(object.to_owned(), id))?;
        if !found.companies.contains(&company) {
            found.companies.push(company);
        }
        Some(())
    }
}

fn now() -> String {
    format!("{:.3}", Timestamp::now())
}

/// Properties that come unasked.
const ALWAYS: [&str; 2] = ["createdate", "hs_object_id"];

async fn read(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Path((object, id)): Path<(String, u64)>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if !is_ours(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "INVALID_AUTHENTICATION");
    }
    let Some(found) = world.crm(|crm| crm.objects.get(&(object, id)).cloned()) else {
        return refused(StatusCode::NOT_FOUND, "OBJECT_NOT_FOUND");
    };
    let mut answer = told(&found, query.get("properties").map(String::as_str).unwrap_or_default());
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

/// An object with the properties that were asked for.
fn told(object: &HubSpotObject, asked: &str) -> Value {
    let properties: Map<String, Value> = asked
        .split(',')
        .chain(ALWAYS)
        .filter(|name| !name.is_empty())
        .map(|name| (name.to_owned(), json!(object.properties.get(name))))
        .collect();
    json!({
        "id": object.id.to_string(), "properties": properties, "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": object.updated_at, "archived": false
    })
}

#[derive(Deserialize)]
struct Written {
    properties: BTreeMap<String, String>,
}

async fn create(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Path(object): Path<String>,
    Json(written): Json<Written>,
) -> Response {
    if !is_ours(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "INVALID_AUTHENTICATION");
    }
    let created = world.crm(|crm| crm.create(&object, written.properties));
    (StatusCode::CREATED, Json(told(&created, ""))).into_response()
}

async fn change(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Path((object, id)): Path<(String, u64)>,
    Json(written): Json<Written>,
) -> Response {
    if !is_ours(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "INVALID_AUTHENTICATION");
    }
    match world.crm(|crm| crm.change(&object, id, written.properties)) {
        Some(changed) => Json(told(&changed, "")).into_response(),
        None => refused(StatusCode::NOT_FOUND, "OBJECT_NOT_FOUND"),
    }
}

async fn archive(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Path((object, id)): Path<(String, u64)>,
) -> Response {
    if !is_ours(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "INVALID_AUTHENTICATION");
    }
    world.crm(|crm| crm.delete(&object, id));
    StatusCode::NO_CONTENT.into_response()
}

async fn link(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Path((object, id, company)): Path<(String, u64, u64)>,
) -> Response {
    if !is_ours(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "INVALID_AUTHENTICATION");
    }
    match world.crm(|crm| crm.link(&object, id, company)) {
        Some(()) => Json(json!({ "status": "COMPLETE" })).into_response(),
        None => refused(StatusCode::NOT_FOUND, "OBJECT_NOT_FOUND"),
    }
}

fn is_ours(headers: &HeaderMap) -> bool {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    given == Some(format!("Bearer {API_KEY}").as_str())
}

fn refused(status: StatusCode, category: &str) -> Response {
    let body =
        json!({ "status": "error", "message": category, "correlationId": "sandbox", "category": category });
    (status, Json(body)).into_response()
}

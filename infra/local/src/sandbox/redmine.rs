//! An operations desk as Redmine 5.0 keeps it, as far as our connector calls it: what it does not know it passes over without a
//! word. The contract suite holds it to the real one.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::API_KEY;
use super::state::{System, World};

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/redmine/issues.json", get(list).post(create))
        .route("/redmine/issues/{id}", get(show).put(update))
        .route("/redmine/projects/{name}", get(project))
        .route("/redmine/issue_statuses.json", get(statuses))
}

const PROJECT: &str = "operations";
const TRACKERS: [u64; 3] = [1, 2, 3];
const NEW: u64 = 1;
/// Id, and whether it is a closed one.
const STATUSES: [(u64, bool); 4] = [(NEW, false), (2, false), (5, true), (6, true)];
const REFERENCE: u64 = 1;
const AMOUNT: u64 = 2;
const CURRENCY: u64 = 3;
const CURRENCIES: [&str; 3] = ["EUR", "GBP", "USD"];
const LONGEST_SUBJECT: usize = 255;
const MOST_OF_A_PAGE: usize = 100;
/// Who comes in by [`API_KEY`], and somebody at the desk.
const INTEGRATION: u64 = 5;
const PERSON: u64 = 6;

/// All issues so far, oldest first.
#[derive(Default)]
pub(super) struct Desk {
    issues: Vec<Value>,
    made: u64,
    journals: u64,
    /// Whether two issues may not have the same reference.
    pub(super) unique: bool,
    /// What the workflow lets nobody set.
    pub(super) forbidden: Option<u64>,
}

impl Desk {
    /// Where Redmine keeps what we know it by, in the project that it sets up: the ids of the settings.
    pub(super) fn settings() -> Value {
        json!({
            "project": PROJECT, "tracker": 3, "new_status": NEW, "closed_status": 5,
            "reference_field": REFERENCE, "amount_field": AMOUNT, "currency_field": CURRENCY
        })
    }

    pub(super) fn under(&self, reference: &str) -> Vec<Value> {
        self.issues.iter().filter(|issue| field(issue, REFERENCE) == Some(reference)).cloned().collect()
    }

    /// As somebody at the desk would; answers with its id.
    pub(super) fn open(&mut self, reference: &str) -> u64 {
        let fields = json!([{ "id": REFERENCE, "value": reference }]);
        let wanted =
            json!({ "project_id": PROJECT, "tracker_id": 3, "subject": "A case", "custom_fields": fields });
        drop(self.create(&wanted));
        if let Some(issue) = self.issues.last_mut() {
            issue["author"] = json!({ "id": PERSON });
        }
        self.made
    }

    pub(super) fn delete(&mut self, id: u64) {
        self.issues.retain(|issue| issue["id"] != id);
    }

    /// As somebody at the desk would.
    pub(super) fn by_a_person(&mut self, id: u64, change: &Value) {
        self.change(id, change, PERSON);
    }

    fn issue(&self, id: u64) -> Option<&Value> {
        self.issues.iter().find(|issue| issue["id"] == id)
    }

    fn create(&mut self, wanted: &Value) -> Result<Value, Vec<&'static str>> {
        let project = wanted["project_id"].as_str();
        if project != Some(PROJECT) {
            return Err(vec!["Project cannot be blank", "Tracker cannot be blank", "Status cannot be blank"]);
        }
        let subject = wanted["subject"].as_str().unwrap_or_default();
        let value = |id| field(wanted, id);
        let mut wrong = Vec::new();
        if subject.is_empty() {
            wrong.push("Subject cannot be blank");
        }
        if subject.chars().count() > LONGEST_SUBJECT {
            wrong.push("Subject is too long (maximum is 255 characters)");
        }
        if value(AMOUNT).is_some_and(|amount| amount.parse::<f64>().is_err()) {
            wrong.push("Amount is invalid");
        }
        if value(CURRENCY).is_some_and(|currency| !CURRENCIES.contains(&currency)) {
            wrong.push("Currency is not included in the list");
        }
        if self.unique && value(REFERENCE).is_some_and(|reference| !self.under(reference).is_empty()) {
            wrong.push("External reference has already been taken");
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let tracker = wanted["tracker_id"].as_u64().filter(|it| TRACKERS.contains(it)).unwrap_or(1);
        let status = self.allowed(&wanted["status_id"]).filter(|it| !it.1).unwrap_or((NEW, false));
        let fields = [REFERENCE, AMOUNT, CURRENCY];
        let fields: Vec<_> = fields.iter().map(|id| json!({ "id": id, "value": value(*id) })).collect();
        self.made += 1;
        let issue = json!({
            "id": self.made,
            "project": { "id": 1 },
            "tracker": { "id": tracker },
            "status": { "id": status.0, "is_closed": status.1 },
            "author": { "id": INTEGRATION },
            "subject": subject,
            "description": wanted["description"].as_str().unwrap_or_default().replace('\n', "\r\n"),
            "custom_fields": fields,
            "journals": [],
        });
        self.issues.push(issue.clone());
        Ok(issue)
    }

    /// One journal of all that changes; none where nothing does. `None` where there is no such issue.
    fn change(&mut self, id: u64, wanted: &Value, user: u64) -> Option<()> {
        let status = self.allowed(&wanted["status_id"]);
        let number = self.journals + 1;
        let issue = self.issues.iter_mut().find(|issue| issue["id"] == id)?;
        let before = issue["status"]["id"].as_u64();
        let mut details = Vec::new();
        if let Some((id, is_closed)) = status.filter(|(id, _)| Some(*id) != before) {
            let old = before.unwrap_or_default().to_string();
            details.push(json!({ "property": "attr", "name": "status_id", "old_value": old, "new_value": id.to_string() }));
            issue["status"] = json!({ "id": id, "is_closed": is_closed });
        }
        let notes = wanted["notes"].as_str().unwrap_or_default();
        if !notes.is_empty() || !details.is_empty() {
            let journal = json!({ "id": number, "user": { "id": user }, "notes": notes, "details": details });
            issue["journals"].as_array_mut()?.push(journal);
            self.journals = number;
        }
        Some(())
    }

    fn allowed(&self, status: &Value) -> Option<(u64, bool)> {
        let wanted = status.as_u64().filter(|id| self.forbidden != Some(*id))?;
        STATUSES.into_iter().find(|(id, _)| *id == wanted)
    }
}

fn field(issue: &Value, id: u64) -> Option<&str> {
    let fields = issue["custom_fields"].as_array().into_iter().flatten();
    fields.filter(|field| field["id"] == id).find_map(|field| field["value"].as_str())
}

/// In lists an issue has no journals.
fn without_journals(mut issue: Value) -> Value {
    if let Some(issue) = issue.as_object_mut() {
        issue.remove("journals");
    }
    issue
}

type Pairs = Vec<(String, String)>;

async fn list(State(world): State<Arc<World>>, headers: HeaderMap, Query(query): Query<Pairs>) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    let of = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let with_closed = of("status_id") == Some("*");
    let limit = of("limit").and_then(|text| text.parse().ok()).unwrap_or(25).min(MOST_OF_A_PAGE);
    let matching: Vec<Value> = world.desk(|desk| {
        let fields = [REFERENCE, AMOUNT, CURRENCY].map(|id| (id, of(&format!("cf_{id}"))));
        let matches = |issue: &&Value| {
            let is =
                |(id, wanted): &(u64, Option<&str>)| wanted.is_none_or(|it| field(issue, *id) == Some(it));
            fields.iter().all(is) && (with_closed || issue["status"]["is_closed"] == false)
        };
        desk.issues.iter().filter(matches).cloned().map(without_journals).collect()
    });
    let count = matching.len();
    let issues: Vec<_> = matching.into_iter().take(limit).collect();
    Json(json!({ "issues": issues, "total_count": count, "offset": 0, "limit": limit })).into_response()
}

async fn create(State(world): State<Arc<World>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    if world.demands.unmet("issue", &body["issue"]).is_some() {
        return unprocessable(&["Field cannot be blank"]);
    }
    match world.desk(|desk| desk.create(&body["issue"])) {
        Ok(issue) => {
            let (id, reference) = (issue["id"].to_string(), field(&issue, REFERENCE).unwrap_or_default());
            world.record(System::Operations, "case", reference, &id, "");
            (StatusCode::CREATED, Json(json!({ "issue": without_journals(issue.clone()) }))).into_response()
        }
        Err(wrong) => unprocessable(&wrong),
    }
}

async fn show(State(world): State<Arc<World>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    let issue = number(&id).and_then(|id| world.desk(|desk| desk.issue(id).cloned()));
    match issue {
        Some(issue) => Json(json!({ "issue": issue })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn update(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    let changed = number(&id).and_then(|id| {
        world.desk(|desk| {
            desk.change(id, &body["issue"], INTEGRATION)?;
            Some(field(desk.issue(id)?, REFERENCE).unwrap_or_default().to_owned())
        })
    });
    let Some(reference) = changed else { return StatusCode::NOT_FOUND.into_response() };
    if let Some(notes) = body["issue"]["notes"].as_str() {
        world.record(System::Operations, "note", &reference, id.trim_end_matches(".json"), last_line(notes));
    }
    StatusCode::NO_CONTENT.into_response()
}

async fn project(headers: HeaderMap, Path(name): Path<String>) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    if name.strip_suffix(".json") != Some(PROJECT) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let trackers = TRACKERS.map(|id| json!({ "id": id }));
    Json(json!({ "project": { "id": 1, "identifier": PROJECT, "trackers": trackers } })).into_response()
}

async fn statuses(headers: HeaderMap) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    let statuses = STATUSES.map(|(id, is_closed)| json!({ "id": id, "is_closed": is_closed }));
    Json(json!({ "issue_statuses": statuses })).into_response()
}

/// `7.json`.
fn number(id: &str) -> Option<u64> {
    id.strip_suffix(".json")?.parse().ok()
}

fn last_line(notes: &str) -> &str {
    notes.lines().last().unwrap_or_default()
}

fn unprocessable(errors: &[&str]) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "errors": errors }))).into_response()
}

fn unauthorized(headers: &HeaderMap) -> Option<Response> {
    let given = headers.get("x-redmine-api-key").and_then(|value| value.to_str().ok());
    (given != Some(API_KEY)).then(|| StatusCode::UNAUTHORIZED.into_response())
}

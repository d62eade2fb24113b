//! Dashboards as Superset keeps them, as far as our connector calls it, with its own security: a token by login, and for writes a
//! CSRF token that belongs to a cookie.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::API_KEY;
use super::state::{System, World};

/// The user whose password is [`API_KEY`].
pub const USER: &str = "spillway";
/// Fifteen minutes, Superset's default.
const TOKEN_LIVES_S: i64 = 900;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/superset/api/v1/security/login", post(log_in))
        .route("/superset/api/v1/security/csrf_token/", get(csrf_token))
        .route("/superset/api/v1/dataset/{id}/refresh", put(refresh))
        .route("/superset/api/v1/chart/warm_up_cache", put(warm_up))
}

/// Dataset 1 with charts 1 and 2, dataset 2 with chart 3; chart 4 of dataset 2 was saved without its query context.
pub(super) struct Dashboards {
    datasets: BTreeMap<i64, Dataset>,
    charts: BTreeMap<i64, Chart>,
    tokens: Vec<String>,
    /// So many of the tokens are over.
    over: usize,
    logins: usize,
}

/// A table of the warehouse, and whether it is there.
struct Dataset {
    total: i64,
    there: bool,
}

struct Chart {
    dataset: i64,
    has_query: bool,
    /// What it shows without asking the warehouse.
    cached: Option<i64>,
}

impl Default for Dashboards {
    fn default() -> Self {
        let dataset = |id| (id, Dataset { total: 0, there: true });
        let chart = |id, dataset, has_query| (id, Chart { dataset, has_query, cached: None });
        Self {
            datasets: [dataset(1), dataset(2)].into(),
            charts: [chart(1, 1, true), chart(2, 1, true), chart(3, 2, true), chart(4, 2, false)].into(),
            tokens: Vec::new(),
            over: 0,
            logins: 0,
        }
    }
}

impl Dashboards {
    /// A load: the dataset's table sums up to this from now on.
    pub(super) fn load(&mut self, dataset: i64, total: i64) {
        if let Some(dataset) = self.datasets.get_mut(&dataset) {
            dataset.total = total;
        }
    }

    pub(super) fn drop_table(&mut self, dataset: i64, dropped: bool) {
        if let Some(dataset) = self.datasets.get_mut(&dataset) {
            dataset.there = !dropped;
        }
    }

    /// What somebody sees who opens the chart.
    pub(super) fn shown(&mut self, chart: i64) -> Option<i64> {
        let chart = self.charts.get_mut(&chart)?;
        let total = self.datasets.get(&chart.dataset)?.total;
        Some(*chart.cached.get_or_insert(total))
    }

    /// `None` where there is no such chart; else what went wrong, if anything.
    fn warm_up(&mut self, chart: i64) -> Option<Option<&'static str>> {
        let chart = self.charts.get_mut(&chart)?;
        let table = self.datasets.get(&chart.dataset).filter(|dataset| dataset.there);
        Some(match table {
            _ if !chart.has_query => Some("Chart's query context does not exist"),
            None => Some("Error: no such table: main.daily_sales"),
            Some(table) => {
                chart.cached = Some(table.total);
                None
            }
        })
    }

    pub(super) const fn end_sessions(&mut self) {
        self.over = self.tokens.len();
    }

    pub(super) const fn logins(&self) -> usize {
        self.logins
    }

    fn token(&mut self, now_s: i64) -> String {
        self.logins += 1;
        let claims = json!({ "sub": "1", "jti": self.logins, "iat": now_s, "exp": now_s + TOKEN_LIVES_S });
        let token = format!("e30.{}.c2lnbmVk", URL_SAFE_NO_PAD.encode(claims.to_string()));
        self.tokens.push(token.clone());
        token
    }

    /// As Flask-JWT-Extended judges a token.
    fn unauthorized(&self, headers: &HeaderMap) -> Option<Response> {
        let refused =
            |status: StatusCode, msg: &str| Some((status, Json(json!({ "msg": msg }))).into_response());
        let Some(token) = text(headers, AUTHORIZATION.as_str()).and_then(|it| it.strip_prefix("Bearer "))
        else {
            return refused(StatusCode::UNAUTHORIZED, "Missing Authorization Header");
        };
        match self.tokens.iter().position(|known| known == token) {
            Some(place) if place < self.over => refused(StatusCode::UNAUTHORIZED, "Token has expired"),
            Some(_) => None,
            None if token.matches('.').count() == 2 => {
                refused(StatusCode::UNPROCESSABLE_ENTITY, "Signature verification failed")
            }
            None => refused(StatusCode::UNPROCESSABLE_ENTITY, "Not enough segments"),
        }
    }

    /// Flask-WTF looks first, then the token is looked at.
    fn forbidden(&self, headers: &HeaderMap) -> Option<Response> {
        let csrf = |message: &str| {
            let message = format!("400 Bad Request: The CSRF {message} is missing.");
            let errors =
                json!([{ "message": message, "error_type": "GENERIC_BACKEND_ERROR", "level": "error" }]);
            Some((StatusCode::BAD_REQUEST, Json(json!({ "errors": errors }))).into_response())
        };
        let Some(token) = text(headers, "x-csrftoken") else { return csrf("token") };
        let cookie = text(headers, COOKIE.as_str()).unwrap_or_default();
        if cookie != format!("session=of-{token}") {
            return csrf("session token");
        }
        self.unauthorized(headers)
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

async fn log_in(State(world): State<Arc<World>>, Json(body): Json<Value>) -> Response {
    if body["username"] != USER || body["password"] != API_KEY || body["provider"] != "db" {
        return (StatusCode::UNAUTHORIZED, message("Not authorized")).into_response();
    }
    let token = world.dashboards(|dashboards| dashboards.token(jiff::Timestamp::now().as_second()));
    Json(json!({ "access_token": token })).into_response()
}

async fn csrf_token(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    if let Some(refused) = world.dashboards(|dashboards| dashboards.unauthorized(&headers)) {
        return refused;
    }
    let token = uuid::Uuid::new_v4().simple().to_string();
    let cookie = format!("session=of-{token}; HttpOnly; Path=/; SameSite=Lax");
    ([(SET_COOKIE, cookie)], Json(json!({ "result": token }))).into_response()
}

async fn refresh(State(world): State<Arc<World>>, Path(id): Path<i64>, headers: HeaderMap) -> Response {
    if let Some(refused) = world.dashboards(|dashboards| dashboards.forbidden(&headers)) {
        return refused;
    }
    let there = world.dashboards(|dashboards| dashboards.datasets.get(&id).map(|dataset| dataset.there));
    match there {
        None => (StatusCode::NOT_FOUND, message("Not found")).into_response(),
        Some(false) => {
            (StatusCode::UNPROCESSABLE_ENTITY, message("Dataset could not be updated.")).into_response()
        }
        Some(true) => {
            world.record(System::Dashboards, "refresh", &id.to_string(), &id.to_string(), "");
            message("OK").into_response()
        }
    }
}

async fn warm_up(State(world): State<Arc<World>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if let Some(refused) = world.dashboards(|dashboards| dashboards.forbidden(&headers)) {
        return refused;
    }
    let met = world.demands.unmet("warm-up", &body).is_none();
    let Some(id) = body["chart_id"].as_i64().filter(|_| met) else {
        let problem = json!({ "message": { "chart_id": ["Not a valid integer."] } });
        return (StatusCode::BAD_REQUEST, Json(problem)).into_response();
    };
    let Some(error) = world.dashboards(|dashboards| dashboards.warm_up(id)) else {
        return (StatusCode::NOT_FOUND, message("Chart not found")).into_response();
    };
    if error.is_none() {
        world.record(System::Dashboards, "warm-up", &id.to_string(), &id.to_string(), "");
    }
    let status = error.is_none().then_some("success");
    let result = json!([{ "chart_id": id, "viz_error": error, "viz_status": status }]);
    Json(json!({ "result": result })).into_response()
}

fn message(text: &str) -> Json<Value> {
    Json(json!({ "message": text }))
}

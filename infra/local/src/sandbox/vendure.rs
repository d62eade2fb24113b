//! Orders of a shop as Vendure's Admin API answers them, as far as our connector asks it: a session by login, and one query.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::state::World;
use super::{API_KEY, Sandbox};

/// The administrator whose password is [`API_KEY`].
pub const USER: &str = "spillway";
const TOKEN: HeaderName = HeaderName::from_static("vendure-auth-token");
/// `adminListQueryLimit`.
const MOST: usize = 1_000;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new().route("/vendure/admin-api", post(ask))
}

impl Sandbox {
    pub fn vendure_url(&self) -> String {
        format!("{}/vendure", self.base_url())
    }

    /// Our user at the shop, as the secret holds it.
    pub fn vendure_secret() -> String {
        format!(r#"{{"username": "{USER}", "password": "{API_KEY}"}}"#)
    }

    /// An order that was placed at its `orderPlacedAt`, told by no webhook: `data` of what the plugin posts, to the letter.
    pub fn place_at_vendure(&self, order: Box<RawValue>) -> serde_json::Result<()> {
        let order = Placed::read(order)?;
        self.world.shop(|shop| shop.orders.push(order));
        Ok(())
    }

    /// As somebody at the shop would.
    pub fn delete_at_vendure(&self, code: &str) {
        self.world.shop(|shop| shop.orders.retain(|order| order.code != code));
    }

    /// All sessions are over from now on.
    pub fn end_vendure_sessions(&self) {
        self.world.shop(|shop| shop.over = shop.logins);
    }

    pub fn vendure_logins(&self) -> usize {
        self.world.shop(|shop| shop.logins)
    }

    /// From now on the shop's `tokenMethod` is `cookie`.
    pub fn vendure_takes_cookies(&self) {
        self.world.shop(|shop| shop.cookies = true);
    }
}

#[derive(Default)]
pub(super) struct Shop {
    orders: Vec<Placed>,
    logins: usize,
    /// So many of the sessions are over.
    over: usize,
    cookies: bool,
}

#[derive(Clone)]
struct Placed {
    at: Timestamp,
    id: u64,
    code: String,
    told: Box<RawValue>,
}

impl Placed {
    fn read(told: Box<RawValue>) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Order {
            id: String,
            code: String,
            #[serde(rename = "orderPlacedAt")]
            at: Timestamp,
        }
        let Order { id, code, at } = serde_json::from_str(told.get())?;
        Ok(Self { at, id: id.parse().unwrap_or_default(), code, told })
    }
}

#[derive(Deserialize)]
struct Question {
    query: String,
    variables: Value,
}

#[derive(Deserialize)]
struct Window {
    from: Timestamp,
    until: Timestamp,
    skip: usize,
    take: usize,
}

async fn ask(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Json(question): Json<Question>,
) -> Response {
    if question.query.trim_start().starts_with("mutation") {
        return log_in(&world, &question.variables);
    }
    if !world.shop(|shop| shop.knows(&headers)) {
        return failed("FORBIDDEN", "You are not currently authorized to perform this action");
    }
    match serde_json::from_value::<Window>(question.variables) {
        Ok(window) if window.take > MOST => {
            failed("USER_INPUT_ERROR", "Cannot take more than 1000 results from a list query")
        }
        Ok(window) => {
            let orders = world.shop(|shop| shop.placed(&window));
            let items: Vec<_> = orders.iter().map(|order| order.told.get()).collect();
            let body = format!(r#"{{"data":{{"orders":{{"items":[{}]}}}}}}"#, items.join(","));
            ([("content-type", "application/json; charset=utf-8")], body).into_response()
        }
        Err(_) => failed("BAD_USER_INPUT", "Variable got invalid value"),
    }
}

fn log_in(world: &World, login: &Value) -> Response {
    if login["username"] != USER || login["password"] != API_KEY {
        return Json(json!({ "data": { "login": { "errorCode": "INVALID_CREDENTIALS_ERROR" } } }))
            .into_response();
    }
    let (session, cookies) = world.shop(|shop| {
        shop.logins += 1;
        (format!("session-{}", shop.logins), shop.cookies)
    });
    let answer = Json(json!({ "data": { "login": {} } }));
    if cookies {
        ([(SET_COOKIE, format!("session={session}; path=/; httponly"))], answer).into_response()
    } else {
        ([(TOKEN, session)], answer).into_response()
    }
}

impl Shop {
    fn knows(&self, headers: &HeaderMap) -> bool {
        let (header, prefix) =
            if self.cookies { (COOKIE, "session=session-") } else { (AUTHORIZATION, "Bearer session-") };
        let given =
            headers.get(header).and_then(|value| value.to_str().ok()?.strip_prefix(prefix)?.parse().ok());
        given.is_some_and(|login: usize| login > self.over && login <= self.logins)
    }

    /// Both ends belong to it.
    fn placed(&self, window: &Window) -> Vec<Placed> {
        let within = self.orders.iter().filter(|order| (window.from..=window.until).contains(&order.at));
        let mut found: Vec<_> = within.cloned().collect();
        found.sort_by_key(|order| (order.at, order.id));
        found.into_iter().skip(window.skip).take(window.take).collect()
    }
}

/// As Vendure does, with a 200.
fn failed(code: &str, message: &str) -> Response {
    let error = json!({ "message": message, "path": ["orders"], "extensions": { "code": code } });
    Json(json!({ "errors": [error], "data": null })).into_response()
}

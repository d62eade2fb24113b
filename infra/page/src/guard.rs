//! Who is let in, and what every answer says to the browser.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::{Form, Router};

use crate::app::{App, Page};
use crate::failure::Failure;
use crate::form::Fields;
use crate::layout::leading;
use crate::session::{Session, is_same};

/// A form with an edited letter of a mebibyte, each of whose bytes may be written as three.
const MOST_BYTES: usize = 4 * 1_048_576;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

const ENTRY: &str = "/enter";
/// Files of ours that say nothing of a letter.
const OPEN: [&str; 2] = [crate::layout::STYLE, crate::layout::SCRIPT];

pub(crate) fn guarded(routes: Router<Arc<App>>, page: &Page) -> Router {
    let app = Arc::clone(&page.0);
    routes
        .layer(from_fn_with_state(Arc::clone(&app), guard))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(app)
}

async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match admit(&app, request).await {
        Ok(Admitted::In(request)) => next.run(request).await,
        Ok(Admitted::Answered(response)) => response,
        Err(failure) => failure.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

enum Admitted {
    In(Request),
    Answered(Response),
}

async fn admit(app: &Arc<App>, request: Request) -> Result<Admitted, Failure> {
    if !is_asked_by_name(app, &request) {
        return Err(Failure::new(
            StatusCode::MISDIRECTED_REQUEST,
            "Not here",
            "This page answers only to the address that it is served on.",
            "Open the address that the command has printed.",
        ));
    }
    let path = request.uri().path();
    if path == ENTRY {
        return enter(app, request.uri().query()).map(Admitted::Answered);
    }
    if OPEN.contains(&path) {
        return Ok(Admitted::In(request));
    }
    // Cookies go to every port of a host: a page of another one would have every queue looked at.
    if request.method() != Method::POST && !matches!(site(&request), None | Some("same-origin" | "none")) {
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            "Asked by another site",
            "A page of another site has led here, and nothing was looked at.",
            "Go on from here, or enter the address by yourself.",
        ));
    }
    let session = cookie(request.headers(), &app.cookie)
        .and_then(|id| app.sessions.get(id, app.review.clock.elapsed()))
        .ok_or_else(|| {
            Failure::new(
                StatusCode::UNAUTHORIZED,
                "Please enter first",
                "This browser has not entered, or was away for too long.",
                "Open the address with its token that the command has printed when it started.",
            )
        })?;
    let mut request = if request.method() == Method::POST { form(&session, request).await? } else { request };
    request.extensions_mut().insert(session);
    Ok(Admitted::In(request))
}

/// A name that somebody else has made to lead to this machine is no name of ours.
fn is_asked_by_name(app: &App, request: &Request) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| app.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host)))
}

/// The token stays out of the address from here on: out of the history, of bookmarks and of screenshots. A page of our own leads on, as a
/// browser that another site has led here does not bring the cookie where it is redirected.
fn enter(app: &App, query: Option<&str>) -> Result<Response, Failure> {
    let token = query.and_then(|query| query.strip_prefix("token=")).unwrap_or_default();
    if !is_same(token, &app.entry) {
        return Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "The token is not right",
            "Each run of the command has a token of its own.",
            "Open the address that the command has printed when it started, whole.",
        ));
    }
    let id = app.sessions.begin(app.review.clock.elapsed());
    let cookie = format!("{}={id}; HttpOnly; SameSite=Strict; Path=/", app.cookie);
    let cookie = HeaderValue::try_from(cookie).map_err(|_| Failure::broken_off())?;
    Ok(([(SET_COOKIE, cookie)], Html(leading("Entered", "/").into_string())).into_response())
}

/// Of which site the page is that asks, as the browser says it. What is no text is none of ours.
fn site(request: &Request) -> Option<&str> {
    request.headers().get("sec-fetch-site").map(|site| site.to_str().unwrap_or_default())
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Reads the form, and sees that it is one of ours. Here, so that no page can leave it out.
async fn form(session: &Session, request: Request) -> Result<Request, Failure> {
    let foreign = || {
        Failure::new(
            StatusCode::FORBIDDEN,
            "Not from this page",
            "The form does not come from a page of this session, and nothing was done.",
            "Open the page anew and do it there.",
        )
    };
    if !matches!(site(&request), None | Some("same-origin")) {
        return Err(foreign());
    }
    let (parts, body) = request.into_parts();
    let sent = Form::from_request(Request::from_parts(parts.clone(), body), &()).await;
    let fields = sent.map(|Form(fields)| Fields::of(fields)).map_err(|rejection| {
        if rejection.status() != StatusCode::PAYLOAD_TOO_LARGE {
            return foreign();
        }
        Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Too large",
            "The form has more bytes than a letter can have.",
            "SQS takes messages of a mebibyte; send less.",
        )
    })?;
    if !is_same(fields.one("csrf"), &session.csrf) {
        return Err(foreign());
    }
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(fields);
    Ok(request)
}

//! One file a page.

mod archive;
mod audit;
mod groups;
mod journey;
mod letter;
mod mapping;
mod plan;
mod planning;
mod redrive;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use maud::{Markup, html};
use review::Looked;

use crate::app::App;
use crate::done::Done;
use crate::failure::Failure;
use crate::layout::{Layout, SCRIPT, STYLE};
use crate::session::Session;
use crate::words::{count, letters, number};

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(groups::all))
        .route("/groups/{group}", get(groups::one))
        .route("/groups/{group}/discard", post(groups::discard))
        .route("/groups/{group}/acknowledge", post(groups::acknowledge))
        .route("/letters/{flow}/{id}", get(letter::show))
        .route("/letters/{flow}/{id}/journey", get(journey::show))
        .route("/letters/{flow}/{id}/edit", post(letter::edit))
        .route("/letters/{flow}/{id}/check", post(letter::check))
        .route("/letters/{flow}/{id}/discard", post(letter::discard))
        .route("/plans", get(planning::made).post(planning::plan))
        .route("/plans/new", get(planning::form))
        .route("/plans/{plan}", get(plan::show))
        .route("/plans/{plan}/redrive", post(plan::redrive))
        .route("/redrives/{plan}", get(redrive::show))
        .route("/redrives/{plan}/progress", get(redrive::progress))
        .route("/redrives/{plan}/stop", post(redrive::stop))
        .route("/archive", get(archive::flows).post(archive::expiring))
        .route("/archive/{flow}/{because}", get(archive::sheet))
        .route("/archive/{flow}/{because}/restore", post(archive::restore))
        .route("/audit", get(audit::show))
        .route("/done/{id}", get(told))
        .route(
            STYLE,
            get(async || {
                ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../assets/page.css"))
            }),
        )
        .route(
            SCRIPT,
            get(async || {
                ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../assets/page.js"))
            }),
        )
        .fallback(async |uri: Uri| Failure::missing(format!("There is no page {}.", uri.path())))
}

type Answer = Result<Response, Failure>;

fn answer(app: &App, layout: &Layout<'_>, content: Markup) -> Response {
    Html(layout.show(app, content).into_string()).into_response()
}

/// A form that is not right, again.
fn again(app: &App, layout: &Layout<'_>, content: Markup) -> Response {
    let title = format!("Nothing was done: {}", layout.title);
    let layout = Layout { title: &title, ..*layout };
    (StatusCode::UNPROCESSABLE_ENTITY, answer(app, &layout, content)).into_response()
}

/// Whether looks saw every letter.
fn is_all_seen<'l>(looked: impl IntoIterator<Item = &'l Looked>) -> bool {
    looked.into_iter().all(|looked| looked.complete && looked.elsewhere() == 0)
}

/// What looks at flows' letters did not see, where they did not see all.
fn unseen<'l>(app: &App, looked: impl IntoIterator<Item = (&'l String, &'l Looked)>) -> Markup {
    let missed = looked.into_iter().filter(|(_, looked)| looked.elsewhere() > 0 || !looked.complete);
    let missed: Vec<_> = missed.collect();
    html! {
        @if !missed.is_empty() {
            div class="notice bad" {
                @for (flow, looked) in missed {
                    @if looked.elsewhere() > 0 {
                        p { (letters(looked.elsewhere())) " of " (flow) " not seen, as somebody else was looking at them, or a redrive: look again in a minute." }
                    }
                    @if !looked.complete {
                        p { "The look at " (flow) " ended after " (letters(looked.seen)) ", as "
                            @if app.stop.is_stopped() { "it was stopped." }
                            @else { "no more than " (number(count(app.review.limits.most))) " are hidden at once." } }
                    }
                }
            }
        }
    }
}

/// Something was done: the browser is led to the page that says so.
fn done(app: &App, session: &Session, done: Done) -> Response {
    let id = app.dones.keep(session, done, app.review.clock.elapsed());
    (StatusCode::SEE_OTHER, [(LOCATION, format!("/done/{id}"))]).into_response()
}

async fn told(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Answer {
    let done = app.dones.get(&session, &id, app.review.clock.elapsed()).ok_or_else(|| {
        Failure::missing(
            "What was done is told here for an hour, to whoever has done it. The audit tells it for good.",
        )
    })?;
    let Done { title, place, good, what, back: (back, words) } = done;
    let content = html! {
        h1 { (title) }
        div class=(if good { "notice good" } else { "notice bad" }) role="status" { (what) }
        p { a href=(back) { (words) } }
        p { a href="/" { "To the groups" } }
    };
    Ok(answer(&app, &Layout { title, place, again: None }, content))
}

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use maud::{Markup, html};
use review::Progress;
use serde_json::json;

use super::{Answer, answer};
use crate::app::App;
use crate::failure::Failure;
use crate::form::{Form, Sent};
use crate::layout::{Layout, table};
use crate::running::{Running, Shot, Stand};
use crate::session::Session;
use crate::words::{count, letters, number, visible, when};

/// Without scripts a browser asks for the whole page so often.
const AGAIN: u32 = 3;

fn find(app: &App, plan: &str) -> Result<Arc<Running>, Failure> {
    app.redrives.get(plan).ok_or_else(|| {
        Failure::missing(format!("No redrive of plan {plan} was begun on this page since it was started."))
    })
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path(plan): Path<String>,
) -> Answer {
    let running = find(&app, &plan)?;
    let shot = running.shot();
    let title =
        format!("{}: redrive of plan {plan}", if shot.stand == Stand::Running { "Running" } else { "Ended" });
    let layout =
        Layout { title: &title, place: "/plans", again: (shot.stand == Stand::Running).then_some(AGAIN) };
    Ok(answer(&app, &layout, progress_page(&session, &running, &shot)))
}

fn progress_page(session: &Session, running: &Running, shot: &Shot) -> Markup {
    let (plan, action) = (&running.plan, format!("/redrives/{}/stop", running.plan));
    let follow = (shot.stand == Stand::Running).then(|| format!("/redrives/{plan}/progress"));
    let sent = Sent::default();
    html! {
        h1 tabindex="-1" id="heading" { "Redrive of plan " a href=(format!("/plans/{plan}")) { code { (plan) } } }
        p { "Begun " (when(running.begun_at)) ": " (running.reason) }
        p id="sentence" class="notice" role="status" aria-live="polite" { (shot.sentence()) }
        div id="progress" data-follow=[follow] {
            @for (flow, progress) in &shot.flows {
                p { label for=(format!("bar-{flow}")) { (flow) } " "
                    progress id=(format!("bar-{flow}")) max=(progress.wanted.max(1)) value=(progress.gone.min(progress.wanted)) data-flow=(flow) {} }
            }
            (table("Progress by flow", &["Flow", "To be moved", "No longer there", "Moved by this run", "Came back", "Letters a second", "Looked at by others"], &html! {
                @for (flow, progress) in &shot.flows { (row(flow, progress)) }
            }))
            @if shot.stand == Stand::Running {
                (Form { name: "stop", action: &action, session, sent: &sent }.show(html! {}, "Stop the redrive"))
            } @else {
                (outcome(plan, shot))
            }
        }
    }
}

fn row(flow: &str, progress: &Progress) -> Markup {
    html! {
        tr data-row=(flow) {
            th scope="row" { (flow) }
            td data-cell="wanted" { (number(progress.wanted)) }
            td data-cell="gone" { (number(progress.gone)) }
            td data-cell="moved" { (number(progress.moved)) }
            td data-cell="came_back" { (came_back(progress)) }
            td data-cell="per_second" { (progress.per_second) }
            td data-cell="hidden" { (number(progress.hidden_elsewhere)) }
        }
    }
}

/// By code.
fn came_back(progress: &Progress) -> String {
    let parts = progress.came_back.iter().map(|(code, count)| format!("{} with {code}", number(*count)));
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

fn outcome(plan: &str, shot: &Shot) -> Markup {
    html! {
        @match &shot.stand {
            Stand::Running => {},
            Stand::Failed(what) => p class="notice bad" { "It was broken off: " (what)
                ". Nothing is lost; redriving the plan again goes on where it ended." },
            Stand::Ended(ended) => @for (flow, ended) in ended {
                @if !ended.changed.is_empty() {
                    p class="notice" { (letters(count(ended.changed.len()))) " of " (flow)
                        " were left where they are: they were edited after the plan was made. Make a new plan of them." }
                }
            },
        }
        p { a href=(format!("/plans/{plan}")) { "Back to the plan" } ", where it can be redriven again: that goes on where this ended." }
        p { a href="/" { "To the groups" } " · " a href="/audit" { "To the audit" } }
    }
}

/// For the script.
pub(super) async fn progress(State(app): State<Arc<App>>, Path(plan): Path<String>) -> Answer {
    let shot = find(&app, &plan)?.shot();
    let flows: Vec<_> = shot
        .flows
        .iter()
        .map(|(flow, progress)| {
            json!({
                "flow": flow,
                "of": progress.wanted.max(1),
                "at": progress.gone.min(progress.wanted),
                "cells": {
                    "wanted": number(progress.wanted),
                    "gone": number(progress.gone),
                    "moved": number(progress.moved),
                    "came_back": visible(&came_back(progress)),
                    "per_second": progress.per_second.to_string(),
                    "hidden": number(progress.hidden_elsewhere),
                },
            })
        })
        .collect();
    let running = shot.stand == Stand::Running;
    Ok(Json(json!({ "running": running, "sentence": visible(&shot.sentence()), "flows": flows }))
        .into_response())
}

pub(super) async fn stop(State(app): State<Arc<App>>, Path(plan): Path<String>) -> Answer {
    find(&app, &plan)?.stop.stop();
    Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("/redrives/{plan}"))]).into_response())
}

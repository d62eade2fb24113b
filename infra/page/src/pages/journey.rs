//! What has happened to a letter's event, out of the logs: a page of its own, as reading them takes seconds. The script fetches it into the
//! letter's page.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::Timestamp;
use maud::{Markup, html};
use review::Shown;

use super::{Answer, answer};
use crate::app::App;
use crate::failure::Failure;
use crate::journey::{Held, JOURNEY_DAYS, Journey, Step};
use crate::layout::{Layout, table};
use crate::words::{short, when};

/// On the letter's page: the way there, and where the script puts it.
pub(super) fn section(shown: &Shown) -> Markup {
    html! {
        h2 id="journey-heading" { "Journey" }
        div id="journey" tabindex="-1" role="group" aria-labelledby="journey-heading" {
            p { "What the functions have logged of its event, and what its target said last. "
                a id="read-journey" href=(format!("/letters/{}/{}/journey", shown.flow, shown.letter.id)) { "Read its journey" }
                ", which takes some seconds." }
        }
        p id="journey-told" role="status" {}
    }
}

pub(super) async fn show(State(app): State<Arc<App>>, Path((flow, id)): Path<(String, String)>) -> Answer {
    let (id, event) = event(&app, &flow, id).await?;
    let read = {
        let _permit = app.permit()?;
        app.journeys.read(&event).await
    };
    let title = format!("Journey of letter {}, of {flow}", short(&id));
    let content = html! {
        h1 { "Journey of letter " code { (id) } }
        div id="journey" { @match &read {
            Ok(Some(journey)) => (told(journey, &event)),
            Ok(None) => p class="notice" { "No correlation id is known of this letter, by which the logs could be searched." },
            Err(problem) => {
                div class="notice bad" {
                    p { strong { "It cannot be read: " } (problem) "." }
                    p { "Nothing is wrong with the letter by that: it can be shown, edited, redriven and discarded without its journey." }
                }
            }
        } }
        p { a href=(format!("/letters/{flow}/{id}")) { "Back to the letter" } }
        p { a href="/" { "To the groups" } }
    };
    let page = answer(&app, &Layout { title: &title, place: "/", again: None }, content);
    Ok(if read.is_ok() { page } else { (StatusCode::BAD_GATEWAY, page).into_response() })
}

/// The letter's id and its event's. One that was shown is not received once more for that.
async fn event(app: &Arc<App>, flow: &str, id: String) -> Result<(String, String), Failure> {
    if let Some(event) = app.journeys.event(flow, &id) {
        return Ok((id, event));
    }
    let of = vec![flow.to_owned()];
    let found = app.look(|app| async move { app.review.find(&id, &of, &app.stop).await }).await;
    let (flow, letter) = found.map_err(Failure::or_missing)?;
    let event = letter.reason(&flow).correlation_id;
    app.journeys.remember(&flow, &letter.id, &event);
    Ok((letter.id, event))
}

fn told(journey: &Journey, event: &str) -> Markup {
    let Journey { steps, ledger, last_call, end: (well, end) } = journey;
    html! {
        @if steps.is_empty() {
            p class="notice" { "No line of the functions has event " code { (event) } " within the last " (JOURNEY_DAYS) " days." }
        } @else {
            p class=(if *well { "notice good" } else { "notice bad" }) { strong { "So far: " } (end) "." }
            p { @match last_call {
                Some((call, said)) => { "What the target said last, to " code { (call) } ": " strong { (said) } },
                None => "The target was not called.",
            } }
            (table(&format!("What was logged of event {event} within {JOURNEY_DAYS} days, the oldest first"), &["When", "Function", "What", "How"], &html! {
                @for Step { when: at, function, what, how } in steps {
                    tr {
                        td { @match at.parse::<Timestamp>() { Ok(at) => (when(at)), Err(_) => (at) } }
                        td { (function) }
                        th scope="row" { (what) }
                        td { (how) }
                    }
                }
            }))
            @if !ledger.is_empty() {
                (table("What the ledger holds of its operations", &["State", "Operation", "What it holds"], &html! {
                    @for Held { state, operation, what } in ledger {
                        tr { th scope="row" { (state) } td { code { (operation) } } td { (what) } }
                    }
                }))
            }
        }
    }
}

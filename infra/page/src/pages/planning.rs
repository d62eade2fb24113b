use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use jiff::SignedDuration;
use maud::{Markup, html};
use review::{Filter, FilterError, MadePlan, Planned};

use super::{Answer, again, answer, is_all_seen, unseen};
use crate::app::App;
use crate::form::{Field, Fields, Form, Kind, Sent};
use crate::layout::{Layout, table};
use crate::session::Session;
use crate::words::{letters, number, when};

const HERE: Layout<'static> = Layout { title: "New plan", place: "/plans/new", again: None };

pub(super) async fn form(State(app): State<Arc<App>>, Extension(session): Extension<Session>) -> Answer {
    Ok(answer(&app, &HERE, form_page(&app, &session, &Sent::default(), None)))
}

fn form_page(app: &App, session: &Session, sent: &Sent, none: Option<&MadePlan>) -> Markup {
    let form = Form { name: "plan", action: "/plans", session, sent };
    let field =
        |name, label, hint, kind| form.field(&Field { name, label, hint, value: "", kind, needed: false });
    html! {
        h1 { "New plan" }
        (sent.summary())
        @if let Some(made) = none {
            div class="notice" role="status" {
                p { "No plan was made: no letter " @if !is_all_seen(made.looked.values()) { "that was seen " } "is meant." }
                @if made.undecided > 0 { p { "Of " (letters(made.undecided)) " the condition is neither true nor false: a member is missing, or of another type." } }
            }
            (unseen(app, &made.looked))
        }
        p { "A plan freezes which letters are meant and says what the mappings, with the overrides in force, make of each today. Nothing is moved by it. "
            "What is left empty leaves no letter out." }
        (form.show(html! {
            fieldset {
                legend { "Flows" }
                p class="hint" { "None: all of them." }
                @for flow in app.review.flows.keys() { (form.check("flow", flow, html! { (flow) })) }
            }
            (field("code", "Codes", "Such as SPW2001; several with a blank between. The letters of one of them are meant.", Kind::Text))
            (field("group", "Groups", "Twelve digits each, as the groups have them.", Kind::Text))
            (field("path", "Path", "As a letter has it, or with [] for any item of a list: $.line_items[].sku", Kind::Text))
            (field("id", "Letters", "Ids or their beginnings, six characters at least; one on each line.", Kind::Area(3)))
            (field("older", "Older than", "Such as 2h or 90m, since it was sent.", Kind::Text))
            (field("younger", "Younger than", "Such as 2h or 90m, since it was sent.", Kind::Text))
            (field("where", "Condition", "In CEL over envelope, body (its data) and letter: body.currency == \"EUR\" && letter.attempts > 3. No personal data: what is written here is kept.", Kind::Area(3)))
        }, "Make the plan"))
    }
}

pub(super) async fn plan(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Answer {
    let mut sent = Sent::new("plan", fields);
    let filter = filter(&mut sent);
    let flows = sent.fields.all("flow");
    if !sent.is_right() {
        return Ok(again(&app, &HERE, form_page(&app, &session, &sent, None)));
    }
    let made = app.look(|app| async move { app.review.plan(&filter, &flows, &app.stop).await }).await?;
    if made.plan.is_empty() {
        return Ok(answer(&app, &HERE, form_page(&app, &session, &sent, Some(&made))));
    }
    let made = app.keep_made(made);
    Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("/plans/{}", made.plan.id))]).into_response())
}

/// As it was entered; what is not right is said in `sent`.
fn filter(sent: &mut Sent) -> Filter {
    let fields = sent.fields.clone();
    let mut filter = Filter::default()
        .codes(fields.words("code"))
        .groups(fields.words("group"))
        .path(fields.some("path").map(str::to_owned))
        .older_than(age(sent, "older"))
        .younger_than(age(sent, "younger"));
    filter = right(sent, "id", filter.ids(fields.words("id")));
    filter = right(sent, "where", filter.condition(fields.some("where")));
    filter
}

fn right(sent: &mut Sent, field: &'static str, filter: Result<Filter, FilterError>) -> Filter {
    filter.unwrap_or_else(|error| {
        sent.wrong(field, error.to_string());
        Filter::default()
    })
}

fn age(sent: &mut Sent, field: &'static str) -> Option<SignedDuration> {
    let entered = sent.fields.some(field)?.to_owned();
    match entered.parse::<SignedDuration>() {
        Ok(age) if age.is_positive() => Some(age),
        _ => {
            sent.wrong(field, "say hours, minutes or seconds, such as 48h or 90m");
            None
        }
    }
}

/// What was planned and redriven on this page.
pub(super) async fn made(State(app): State<Arc<App>>) -> Answer {
    let (made, redrives) = (app.made(), app.redrives.all());
    let content = html! {
        h1 { "Plans" }
        p { "Plans that were made on this page since it was started. One that the command has made is at /plans/ and its id. "
            a href="/plans/new" { "Make a new plan" } }
        @if made.is_empty() { p { "None yet." } } @else {
            (table("Plans, the newest first", &["Plan", "Letters", "Would pass", "Would still fail", "Cannot be judged", "Made", "What is meant"], &html! {
                @for made in &made {
                    @let plan = &made.plan;
                    tr {
                        th scope="row" { a href=(format!("/plans/{}", plan.id)) { "Plan " code { (plan.id) } } }
                        td { (letters(crate::words::count(plan.len()))) @if !is_all_seen(made.looked.values()) { "; not all were seen" } }
                        @for planned in [Planned::Pass, Planned::Fail, Planned::Unjudged] {
                            td { (number(crate::words::count(plan.count(planned)))) }
                        }
                        td { (when(plan.made_at)) }
                        td { (plan.filter) }
                    }
                }
            }))
        }
        @if !redrives.is_empty() {
            h2 { "Redrives" }
            ul { @for running in &redrives {
                li { a href=(format!("/redrives/{}", running.plan)) { "Redrive of plan " code { (running.plan) } } ": " (running.shot().sentence()) }
            } }
        }
    };
    Ok(answer(&app, &Layout { title: "Plans", place: "/plans", again: None }, content))
}

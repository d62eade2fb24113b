use std::sync::Arc;

use axum::extract::{Query, State};
use maud::{Markup, html};
use review::audit::Action;
use review::{Audit, AuditEntry};
use serde::Deserialize;

use super::{Answer, answer};
use crate::app::App;
use crate::layout::{Layout, table};
use crate::words::{count, letters, short, when};

/// Days that are shown where nothing is said.
const DAYS: u16 = 7;
/// Each of them is four look-ups at least.
const MOST_DAYS: u16 = 90;
/// Rows of the page, the newest first; the command tells all.
const MOST_ROWS: usize = 1_000;
const ACTIONS: [Action; 7] = [
    Action::Plan,
    Action::Ack,
    Action::Edit,
    Action::Redrive,
    Action::Restore,
    Action::Discard,
    Action::Archive,
];

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    days: String,
    #[serde(default)]
    action: String,
}

pub(super) async fn show(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Answer {
    let days = asked.days.parse::<u16>().unwrap_or(DAYS).min(MOST_DAYS);
    let action = ACTIONS.into_iter().find(|action| action.name() == asked.action);
    let audit = app.ask(move |app| async move { app.review.audit(days).await }).await?;
    Ok(answer(&app, &Layout { title: "Audit", place: "/audit", again: None }, page(&audit, days, action)))
}

fn page(audit: &Audit, days: u16, action: Option<Action>) -> Markup {
    let shown: Vec<_> = audit
        .entries
        .iter()
        .rev()
        .filter(|entry| action.is_none_or(|action| entry.record.action == action))
        .collect();
    html! {
        h1 { "Audit" }
        @if audit.broken.is_empty() {
            p class="notice good" role="status" { "Every record of these days is there and follows from the one before it." }
        } @else {
            div class="notice bad" role="alert" {
                h2 { "Records are missing or were changed" }
                ul { @for what in &audit.broken { li { (what) } } }
                p { "Compare with the table's backups and with CloudTrail: nothing of this page and of the command changes a record." }
            }
        }
        form method="get" action="/audit" {
            div class="field" {
                label for="audit-action" { "Action" }
                select id="audit-action" name="action" {
                    option value="" selected[action.is_none()] { "all" }
                    @for one in ACTIONS { option value=(one.name()) selected[action == Some(one)] { (one.name()) } }
                }
            }
            div class="field" {
                label for="audit-days" { "Days before today" }
                p class="hint" id="audit-days-hint" { "Up to " (MOST_DAYS) "." }
                input id="audit-days" name="days" type="number" min="0" max=(MOST_DAYS) value=(days) aria-describedby="audit-days-hint";
            }
            button { "Show" }
        }
        @if shown.is_empty() { p { "No record." } } @else {
            p { (crate::words::number(count(shown.len()))) " records."
                @if shown.len() > MOST_ROWS { " The newest " (MOST_ROWS) " are shown; spillway audit tells all." } }
            (table("Records, the newest first", &["When", "Action", "Who", "Flow", "Letters", "Why", "Of", "Record"], &html! {
                @for entry in shown.iter().take(MOST_ROWS) { (row(entry)) }
            }))
        }
    }
}

fn row(entry: &AuditEntry) -> Markup {
    let record = &entry.record;
    html! {
        tr {
            th scope="row" { (when(record.at)) }
            td { (record.action.name()) }
            td { (record.by) }
            td { (record.flow) }
            td {
                @match record.letters.as_slice() {
                    [] => "none",
                    [one] => { "letter " code { (short(&one.id)) } },
                    many => details {
                        summary { (letters(count(many.len()))) }
                        ul { @for one in many { li { code { (one.id) } } } }
                    },
                }
            }
            td { (record.why) @if let Some(note) = &record.note { "; " (note) } }
            td {
                @if let Some(plan) = &record.plan { a href=(format!("/plans/{plan}")) { "plan " code { (plan) } } }
                @if let Some(group) = &record.group { "group " code { (group) } }
            }
            td { (entry.name) }
        }
    }
}

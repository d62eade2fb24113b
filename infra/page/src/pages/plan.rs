use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use maud::{Markup, html};
use review::{MadePlan, Moving, Planned, Ramp};

use super::{Answer, again, answer, is_all_seen, unseen};
use crate::app::App;
use crate::failure::Failure;
use crate::form::{Field, Fields, Form, Kind, Sent};
use crate::layout::{Layout, table};
use crate::running::{Running, Stand};
use crate::session::Session;
use crate::words::{code, count, fate, letters, number, when};

/// Letters a second.
const MOST_A_SECOND: u64 = 1_000;
/// Seconds.
const LONGEST_SETTLE: u64 = 600;

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path(plan): Path<String>,
) -> Answer {
    let plan = find(&app, &plan).await?;
    let (title, content) = plan_page(&app, &session, &plan, &Sent::default());
    Ok(answer(&app, &Layout { title: &title, place: "/plans", again: None }, content))
}

/// As this page has made it, or as it is stored.
async fn find(app: &Arc<App>, id: &str) -> Result<Arc<MadePlan>, Failure> {
    if let Some(made) = app.made().into_iter().find(|made| made.plan.id == id) {
        return Ok(made);
    }
    let asked = id.to_owned();
    let plan = app.ask(|app| async move { app.review.records.plan(&asked).await }).await?;
    let plan = plan.ok_or_else(|| Failure::missing("There is no such plan, or it is older than 30 days."))?;
    Ok(Arc::new(MadePlan { plan, undecided: 0, shared_ids: BTreeMap::new(), looked: BTreeMap::new() }))
}

fn plan_page(app: &App, session: &Session, made: &MadePlan, sent: &Sent) -> (String, Markup) {
    let plan = &made.plan;
    let title = format!("Plan {}: {}", plan.id, letters(count(plan.len())));
    let action = format!("/plans/{}/redrive", plan.id);
    let form = Form { name: "redrive", action: &action, session, sent };
    let moved = plan.count(Planned::Pass) + plan.count(Planned::Unjudged);
    let content = html! {
        h1 { "Plan " code { (plan.id) } }
        (sent.summary())
        p { "Made " (when(plan.made_at)) " by " (plan.by) ". What is meant: " (plan.filter) ". A plan moves nothing by itself." }
        ul class="numbers" {
            @for planned in [Planned::Pass, Planned::Fail, Planned::Unjudged] {
                li { strong { (number(count(plan.count(planned)))) } " " (fate(planned)) }
            }
        }
        @if made.undecided > 0 {
            p class="notice" { (letters(made.undecided)) " are not in it: the condition is neither true nor false of them." }
        }
        (unseen(app, &made.looked))
        @if !is_all_seen(made.looked.values()) {
            p { "Letters that were not seen are not in it. " a href="/plans/new" { "Make a new plan" } " once they can be." }
        }
        h2 { "What would become of its letters" }
        (table("Fates of the letters, most of them first", &["Letters", "Fate", "Why", "Code now", "Flow"], &html! {
            @for line in &plan.lines {
                tr {
                    th scope="row" { (letters(line.count)) }
                    td { (fate(line.planned)) }
                    td { @if line.because.is_empty() { "every mapping takes them" } @else { (line.because) } }
                    td { (code(&line.was)) }
                    td { (line.flow) }
                }
            }
        }))
        h2 { "Redrive" }
        @if let Some(running) = app.redrives.get(&plan.id) {
            p class="notice" { a href=(format!("/redrives/{}", plan.id)) { "Progress of its redrive" } ": " (running.shot().sentence()) }
        }
        (form.show(html! {
            p { (letters(count(moved))) " would be moved, slowly at first: 5 at one a second, 100 at ten a second, then at the most that is said here." }
            (form.reason())
            (number_field(&form, "cap", "Letters a second at most", "", "100", (1, MOST_A_SECOND)))
            (number_field(&form, "failures", "Stop at failures of more than (percent)",
                "Of the letters that were moved, those that were refused again and came back.", "10", (0, 100)))
            (number_field(&form, "settle", "Seconds to wait after a step",
                "So long a letter that is refused again may take to be back. Longer where the flow is slow.", "10", (0, LONGEST_SETTLE)))
            (form.check("failing", "yes", html! { "Move those too that a mapping would still refuse" }))
        }, "Redrive"))
    };
    (title, content)
}

fn number_field(
    form: &Form<'_>,
    name: &'static str,
    label: &str,
    hint: &str,
    value: &str,
    (least, most): (u64, u64),
) -> Markup {
    form.field(&Field { name, label, hint, value, kind: Kind::Number(least, most), needed: false })
}

pub(super) async fn redrive(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
    Path(plan): Path<String>,
) -> Answer {
    let made = find(&app, &plan).await?;
    let mut sent = Sent::new("redrive", fields);
    let (reason, failing) = (sent.reason(), sent.fields.has("failing"));
    let ramp = ramp(&mut sent);
    if !sent.is_right() {
        let (title, content) = plan_page(&app, &session, &made, &sent);
        return Ok(again(&app, &Layout { title: &title, place: "/plans", again: None }, content));
    }
    begin(&app, made, reason, failing, ramp)?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("/redrives/{plan}"))]).into_response())
}

fn ramp(sent: &mut Sent) -> Ramp {
    let mut entered = |field: &'static str, otherwise: u64, least: u64, most: u64| {
        let Some(text) = sent.fields.some(field) else { return otherwise };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                sent.wrong(field, format!("say a whole number from {least} to {most}"));
                otherwise
            }
        }
    };
    let (cap, failures) = (entered("cap", 100, 1, MOST_A_SECOND), entered("failures", 10, 0, 100));
    let settle = entered("settle", 10, 0, LONGEST_SETTLE);
    let mut ramp = Ramp {
        cap: u32::try_from(cap).unwrap_or(u32::MAX),
        settle: Duration::from_secs(settle),
        most_failures_percent: failures,
        ..Ramp::default()
    };
    // The last step is as fast as was said.
    if let Some(last) = ramp.steps.last_mut() {
        last.0 = ramp.cap;
    }
    ramp
}

/// Goes on behind the pages until it ends or is stopped.
fn begin(
    app: &Arc<App>,
    made: Arc<MadePlan>,
    reason: String,
    failing: bool,
    ramp: Ramp,
) -> Result<(), Failure> {
    let plan = &made.plan;
    let running = Arc::new(Running::new(plan, failing, &reason, app.now()));
    if !app.redrives.add(&running) {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            "It is being redriven already",
            format!(
                "A redrive of plan {} is running, and two of one plan would hide letters from each other.",
                plan.id
            ),
            "Look at its progress among the plans; stop it there to begin again with other limits.",
        ));
    }
    let (this, told) = (Arc::clone(app), Arc::clone(&running));
    let begun = app.begin(async move {
        let progress = |flow: &str, progress: &review::Progress| told.tell(flow, progress);
        let moving = Moving { why: &reason, failing, ramp: &ramp };
        let ended = this.review.redrive(&made.plan, &moving, &told.stop, &progress).await;
        told.end(match ended {
            Ok(ended) => Stand::Ended(ended),
            Err(error) => Stand::Failed(error.to_string()),
        });
        this.forget_seen();
    });
    if begun.is_err() {
        app.redrives.remove(&running);
    }
    begun
}

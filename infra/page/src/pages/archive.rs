use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use review::{Archived, Because, Expiring, Restore, Restored, Restoring, TooOld, archived_under};
use serde::Deserialize;

use super::{Answer, again, answer, done, unseen};
use crate::app::App;
use crate::done::Done;
use crate::failure::Failure;
use crate::form::{Field, Fields, Form, Kind, Sent};
use crate::layout::{Layout, table};
use crate::session::Session;
use crate::words::{code, count, letters, number, when};

/// Letters of a page: an object is read for each.
const PAGE: usize = 50;
const HERE: Layout<'static> = Layout { title: "Archive", place: "/archive", again: None };
/// Hours within which SQS drops what is archived now; the most is what a queue keeps.
const WITHIN: u64 = 48;
const LONGEST_WITHIN: u64 = 336;
const REASONS: [Because; 2] = [Because::Discarded, Because::Expiring];

const fn name(because: Because) -> &'static str {
    match because {
        Because::Discarded => "discarded",
        Because::Expiring => "expiring",
    }
}

pub(super) async fn flows(State(app): State<Arc<App>>, Extension(session): Extension<Session>) -> Answer {
    let content = flows_page(&app, &session, &Sent::default()).await?;
    Ok(answer(&app, &HERE, content))
}

async fn flows_page(app: &Arc<App>, session: &Session, sent: &Sent) -> Result<Markup, Failure> {
    let counted = app.ask(|app| async move {
        let mut counted = Vec::new();
        for flow in app.review.flows.keys() {
            for because in REASONS {
                let keys = archived_under(flow, because, &*app.review.archive).await?;
                counted.push((flow.clone(), because, keys.len()));
            }
        }
        Ok(counted)
    });
    let counted = counted.await?;
    let form = Form { name: "archive", action: "/archive", session, sent };
    Ok(html! {
        h1 { "Archive" }
        (sent.summary())
        p { "Discarded letters are off their queue. Expiring ones were put here before SQS drops them: until then they are on their queue as well." }
        (table("Letters in the archive by flow", &["Flow", "Why it is here", "Letters"], &html! {
            @for (flow, because, of) in &counted {
                tr {
                    th scope="row" { (flow) }
                    td { (name(*because)) }
                    td { a href=(format!("/archive/{flow}/{}", name(*because))) { (letters(count(*of)))
                        span class="heard" { " of " (flow) ", " (name(*because)) } } }
                }
            }
        }))
        h2 { "Archive what SQS drops soon" }
        p { "Letters that are near the end of their time are put here now, and stay on their queue. The watchdog does the same by itself." }
        (form.show(html! {
            (form.field(&Field { name: "within", label: "Dropped within hours", hint: "From 1 to 336, which are the 14 days that a queue keeps a letter at most.",
                value: &WITHIN.to_string(), kind: Kind::Number(1, LONGEST_WITHIN), needed: false }))
            fieldset {
                legend { "Flows" }
                p class="hint" { "None: all of them." }
                @for flow in app.review.flows.keys() { (form.check("flow", flow, html! { (flow) })) }
            }
            (form.reason())
        }, "Archive them"))
    })
}

/// Puts into the archive what SQS drops soon.
pub(super) async fn expiring(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Answer {
    let mut sent = Sent::new("archive", fields);
    let (reason, flows) = (sent.reason(), sent.fields.all("flow"));
    let hours = sent.fields.some("within").map_or(Ok(WITHIN), str::parse).ok();
    let hours = hours.filter(|hours| (1..=LONGEST_WITHIN).contains(hours));
    if hours.is_none() {
        sent.wrong("within", format!("say a whole number from 1 to {LONGEST_WITHIN}"));
    }
    let Some(hours) = hours.filter(|_| sent.is_right()) else {
        let content = flows_page(&app, &session, &sent).await?;
        return Ok(again(&app, &HERE, content));
    };
    let within = Duration::from_secs(hours * 3_600);
    let archived =
        app.look(move |app| async move { app.review.archive(&flows, within, &reason, &app.stop).await });
    let archived = archived.await?;
    let what = archived_now(&app, &archived);
    Ok(done(&app, &session, told("Archived", what)))
}

fn archived_now(app: &App, archived: &BTreeMap<String, Expiring>) -> Markup {
    html! {
        (unseen(app, archived.iter().map(|(flow, expiring)| (flow, &expiring.looked))))
        @for (flow, Expiring { looked, archived, there, not_listed }) in archived {
            p { (flow) ": " (letters(*archived)) " archived now, " (number(*there)) " were there, of " (number(looked.seen)) " that were seen." }
            @if let Some(error) = not_listed {
                p { "The archive of " (flow) " could not be listed (" (error) "): what was there already was put once more, which changes none of it." }
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    page: String,
}

/// Counted from 0. What is too large for a number is beyond the end, and what is no number the first.
fn page(asked: &str) -> usize {
    let is_number = !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit());
    asked.parse().unwrap_or(if is_number { usize::MAX } else { 0 })
}

/// Some letters of a flow in the archive, the oldest first.
struct Sheet {
    flow: String,
    because: Because,
    all: usize,
    page: usize,
    letters: Vec<(String, Option<Archived>)>,
}

/// A page beyond the end is the last.
async fn read(app: &Arc<App>, flow: String, because: String, page: usize) -> Result<Sheet, Failure> {
    let because = REASONS.into_iter().find(|known| name(*known) == because);
    let because = because.filter(|_| app.review.flows.contains_key(&flow));
    let because = because.ok_or_else(|| Failure::missing("There is no such part of the archive."))?;
    let sheet = app.ask(move |app| async move {
        let keys = archived_under(&flow, because, &*app.review.archive).await?;
        let mut letters = Vec::new();
        let page = page.min(keys.len().div_ceil(PAGE).saturating_sub(1));
        for key in keys.iter().skip(page * PAGE).take(PAGE) {
            let object = app.review.archive.get(key).await?;
            let archived = object.and_then(|object| serde_json::from_str(&object).ok());
            let file = key.rsplit('/').next().unwrap_or_default();
            letters.push((file.trim_end_matches(".json").to_owned(), archived));
        }
        Ok(Sheet { flow, because, all: keys.len(), page, letters })
    });
    sheet.await
}

pub(super) async fn sheet(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path((flow, because)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Answer {
    let sheet = read(&app, flow, because, page(&asked.page)).await?;
    Ok(answer(
        &app,
        &Layout { title: &title(&sheet), ..HERE },
        sheet_page(&session, &sheet, &Sent::default()),
    ))
}

fn title(sheet: &Sheet) -> String {
    format!("Archive: {} of {}", name(sheet.because), sheet.flow)
}

fn sheet_page(session: &Session, sheet: &Sheet, sent: &Sent) -> Markup {
    let here = format!("/archive/{}/{}", sheet.flow, name(sheet.because));
    let action = format!("{here}/restore");
    let form = Form { name: "restore", action: &action, session, sent };
    let (first, pages) = (sheet.page * PAGE, sheet.all.div_ceil(PAGE));
    html! {
        h1 { (title(sheet)) }
        (sent.summary())
        @if sheet.all == 0 { p role="status" { "Nothing is here." } } @else {
            p { (letters(count(sheet.all))) ". Here: " (number(count(first + 1))) " to " (number(count(first + sheet.letters.len()))) ", the oldest first." }
            (form.show(html! {
                (table(&format!("Letters in the archive, page {} of {pages}", sheet.page + 1),
                    &["Letter", "What was wrong", "Sent, and archived", "By", "Why"], &html! {
                    @for (id, archived) in &sheet.letters { (row(&form, id, archived.as_ref(), &sheet.flow)) }
                }))
                p { "What is restored is put back onto its dead letter queue, under another id, and then taken out of the archive, whose versions stay." }
                (form.field(&Field { name: "group", label: "Or all of a group", hint: "Its twelve digits, instead of letters from the table.",
                    value: "", kind: Kind::Text, needed: false }))
                (form.check("all", "yes", html! { "Or all that is in this part of the archive" }))
                (form.check("anyway", "yes", html! { "Also those that first failed more than " (TooOld::days()) " days ago: the ledger may have forgotten "
                    "their operations, and a redrive may put an old version over a newer one, or do once more what was done" }))
                (form.reason())
            }, "Restore"))
            nav aria-label="Pages of the table" { ul {
                @if sheet.page > 0 { li { a href=(format!("{here}?page={}", sheet.page - 1)) { "Page before" } } }
                @if sheet.page + 1 < pages { li { a href=(format!("{here}?page={}", sheet.page + 1)) { "Next page" } } }
            } }
        }
        p { a href="/archive" { "To the archive" } }
    }
}

fn row(form: &Form<'_>, id: &str, archived: Option<&Archived>, flow: &str) -> Markup {
    let letter = archived.and_then(Archived::letter);
    html! {
        tr {
            th scope="row" { (form.check("id", id, html! { code { (id) } })) }
            @match (archived, letter) {
                (Some(archived), Some(letter)) => {
                    @let reason = letter.reason(flow);
                    td { (code(&reason.code)) @if !reason.path.is_empty() { br; "at " code { (reason.path) } } }
                    td { (when(archived.sent_at)) br; (when(archived.at)) }
                    td { (archived.by) }
                    td { (archived.why) }
                }
                _ => td colspan="4" { "This object cannot be read as a letter; look at its earlier versions in the bucket." },
            }
        }
    }
}

pub(super) async fn restore(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
    Path((flow, because)): Path<(String, String)>,
) -> Answer {
    let mut sent = Sent::new("restore", fields);
    let reason = sent.reason();
    let sheet = read(&app, flow, because, 0).await?;
    let which = which(&mut sent);
    if let Some(which) = which.filter(|_| sent.is_right()) {
        let (flow, because) = (sheet.flow.clone(), sheet.because);
        let anyway = sent.fields.has("anyway");
        let restored = app.ask(move |app| async move {
            let restoring = Restoring { because, which: &which, why: &reason, anyway };
            app.review.restore(&flow, &restoring, &app.stop).await
        });
        match restored.await {
            Ok(restored) => {
                app.forget_seen();
                let good = restored.restored > 0;
                let title = if good { "Restored" } else { "Nothing was restored" };
                return Ok(done(&app, &session, Done { good, ..told(title, restored_now(&restored)) }));
            }
            Err(failure) => sent.wrong("group", failure.refused()?),
        }
    }
    Ok(again(&app, &Layout { title: &title(&sheet), ..HERE }, sheet_page(&session, &sheet, &sent)))
}

/// One of the three ways of saying it.
fn which(sent: &mut Sent) -> Option<Restore> {
    let ids = sent.fields.all("id");
    let group = sent.fields.some("group").map(str::to_owned);
    match (ids.is_empty(), group, sent.fields.has("all")) {
        (false, None, false) => Some(Restore::Ids(ids)),
        (true, Some(group), false) => Some(Restore::Group(group)),
        (true, None, true) => Some(Restore::All),
        _ => {
            sent.wrong("group", "say which: letters of the table, or a group, or all, and only one of these");
            None
        }
    }
}

fn told(title: &'static str, what: Markup) -> Done {
    Done { title, place: "/archive", good: true, what, back: ("/archive".to_owned(), "To the archive") }
}

fn restored_now(restored: &Restored) -> Markup {
    html! {
        @if restored.restored > 0 { p { (letters(restored.restored)) " restored: back on the dead letter queue, under another id." } }
        @else { p { "No letter was put back." } }
        @if restored.discarded > 0 {
            p { (letters(restored.discarded)) " left out, as somebody has discarded them since: they are among those that were discarded." }
        }
        @if !restored.too_old.is_empty() {
            p { (letters(count(restored.too_old.len()))) " left in the archive: more than " (TooOld::days()) " days after a letter first failed the "
                "ledger may have forgotten its operation, and a redrive may put an old version over a newer one. Where that is right, "
                "say so there, and restore them anyway." }
            ul { @for letter in &restored.too_old { li { code { (letter.id) } ", " (when(letter.since)) } } }
        }
        @if !restored.unreadable.is_empty() {
            p { (letters(count(restored.unreadable.len()))) " could not be read and are still in the archive." }
        }
        @if restored.stopped { p { "It was stopped before its end; doing it again goes on." } }
    }
}

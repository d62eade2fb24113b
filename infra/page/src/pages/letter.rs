use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use maud::{Markup, html};
use review::{Editing, Filter, Shown, Verdict, Wrong};
use transform::Explanation;

use super::{Answer, again, answer, done, groups, journey, mapping, unseen};
use crate::app::App;
use crate::body::{laid_out, marked};
use crate::done::Done;
use crate::failure::Failure;
use crate::form::{Field, Fields, Form, Kind, Sent};
use crate::layout::Layout;
use crate::path::{Step, steps};
use crate::session::Session;
use crate::words::{code, left, short, when};

/// What the mappings say of a body that somebody has entered, and what each makes of it.
type Checked = (Verdict, Vec<(String, Explanation)>);

/// Codes of problems with the envelope itself, whose paths begin at its root.
const ENVELOPE_CODES: &str = "SPW1";

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path((flow, id)): Path<(String, String)>,
) -> Answer {
    let shown = find(&app, flow, id).await.map_err(Failure::or_missing)?;
    let (title, content) = letter_page(&app, &session, &shown, &Sent::default(), None);
    Ok(answer(&app, &Layout { title: &title, place: "/", again: None }, content))
}

async fn find(app: &Arc<App>, flow: String, id: String) -> Result<Shown, Failure> {
    let shown = app.look(|app| async move { app.review.show(&id, &[flow], &app.stop).await }).await?;
    let event = shown.letter.reason(&shown.flow).correlation_id;
    app.journeys.remember(&shown.flow, &shown.letter.id, &event);
    Ok(shown)
}

fn letter_page(
    app: &App,
    session: &Session,
    shown: &Shown,
    sent: &Sent,
    checked: Option<&Checked>,
) -> (String, Markup) {
    let letter = &shown.letter;
    let reason = letter.reason(&shown.flow);
    let title = format!("Letter {}: {} of {}", short(&letter.id), reason.code, shown.flow);
    let content = html! {
        h1 { "Letter " code { (letter.id) } }
        (sent.summary())
        h2 { "Why it is here" }
        dl {
            dt { "Code" } dd { (code(&reason.code)) }
            dt { "What is wrong" } dd { (reason.summary) }
            dt { "Path" } dd { @if reason.path.is_empty() { "none" } @else { code { (reason.path) } } }
            dt { "Mapping" } dd { @if reason.mapping.is_empty() { "none was reached" } @else { (reason.mapping) } }
            dt { "Attempts" } dd { (reason.attempts) }
            dt { "First failed" } dd { (when(reason.first_failed_at)) }
            dt { "Last failed" } dd { (when(reason.last_failed_at)) }
        }
        h2 { "Where it is" }
        dl {
            dt { "Flow" } dd { (shown.flow) }
            dt { "Group" } dd { a href=(format!("/groups/{}", shown.fingerprint)) { code { (shown.fingerprint) } } }
            dt { "Acknowledged" }
            dd { @match &shown.ack { Some(ack) => { "until " (when(ack.until)) ": " (ack.reason) }, None => "no" } }
            dt { "From queue" } dd { @if reason.source_queue.is_empty() { "not said" } @else { (reason.source_queue) } }
            dt { "Sent" } dd { (when(letter.sent_at)) }
            dt { "Time left" } dd { (left(shown.expires_at, app.now())) }
            dt { "Times received" } dd { (letter.receive_count) ", from the dead letter queue" }
            dt { "Correlation id" } dd { @if reason.correlation_id.is_empty() { "none" } @else { code { (reason.correlation_id) } } }
            dt { "First id" } dd { code { (reason.original_message_id) } }
        }
        h2 { "What the mappings say today" }
        (verdict(&shown.verdict))
        (journey::section(shown))
        h2 { "Body" }
        @if let Some(edit) = &shown.edit {
            p class="notice" { "This is the edited body, with which it would be redriven. Edited " (when(edit.at)) " by " (edit.by) ": " (edit.why) }
        }
        @let places = places(shown);
        @if places.is_empty() && !reason.path.is_empty() {
            p { "The path leads to no place of the body: it is one of what a mapping has made of it, or the body cannot be read." }
        }
        pre tabindex="0" role="region" aria-label="Body, laid out" { code { (marked(&shown.body, &places)) } }
        h2 { "Mapping, side by side" }
        @if shown.explained.is_empty() { p { "No mapping can be asked." } }
        @for (stamp, explanation) in &shown.explained { (mapping::side_by_side(stamp, explanation)) }
        (edit_form(session, shown, sent, checked))
        (discard_form(session, shown, sent))
    };
    (title, content)
}

fn verdict(verdict: &Verdict) -> Markup {
    html! {
        @match verdict {
            Verdict::Passes(tried) => {
                p class="notice good" { strong { "Would pass: " } (tried.mappings.join(", then ")) }
                @if let Some(not_tried) = &tried.not_tried { p { "The mapping into the target's words was not tried: " (not_tried) } }
            }
            Verdict::Unjudged(why) => p class="notice" { strong { "Cannot be judged: " } (why) },
            Verdict::Fails(wrong) => div class="notice bad" {
                p { strong { "Would still be refused" } }
                ul { @for Wrong { mapping, code: wrong_code, path, problem } in wrong {
                    li { (code(wrong_code)) " at " code { (path) } ": " (problem) @if !mapping.is_empty() { " (" (mapping) ")" } }
                } }
            },
        }
    }
}

/// What was refused, and what would be today, as places of the body.
fn places(shown: &Shown) -> Vec<Vec<Step>> {
    let reason = shown.letter.reason(&shown.flow);
    let first = shown.explained.first();
    // Of two mappings the second reads what the first has made.
    let reads_source = !reason.mapping.contains(", ");
    let mut places = of(&reason.path, &reason.code, reads_source, first);
    places.extend(refused_places(&shown.verdict, first));
    places
}

/// What would be refused today, as places of the body of which that is said.
fn refused_places(verdict: &Verdict, first: Option<&(String, Explanation)>) -> Vec<Vec<Step>> {
    let Verdict::Fails(wrong) = verdict else { return Vec::new() };
    let name = |stamp: &str| stamp.split('/').next().unwrap_or_default().to_owned();
    let places = wrong.iter().flat_map(|wrong| {
        let is_first = first.is_none_or(|(stamp, _)| name(stamp) == name(&wrong.mapping));
        of(&wrong.path, &wrong.code, is_first, first)
    });
    places.collect()
}

fn of(path: &str, code: &str, reads_source: bool, first: Option<&(String, Explanation)>) -> Vec<Vec<Step>> {
    let in_data = |path: &str| {
        let mut place = vec![Step::Member("data".to_owned())];
        place.extend(steps(path)?);
        Some(place)
    };
    if path == "$" || path.is_empty() {
        return Vec::new();
    }
    if let Some(attribute) = path.strip_prefix("@envelope.") {
        return vec![vec![Step::Member(attribute.to_owned())]];
    }
    if code.starts_with(ENVELOPE_CODES) {
        return steps(path).into_iter().collect();
    }
    if reads_source {
        return in_data(path).into_iter().collect();
    }
    let made = path.strip_prefix("$.").unwrap_or(path);
    let rules = first.into_iter().flat_map(|(_, explanation)| &explanation.rules);
    let read = rules.filter(|rule| rule.to == made).flat_map(|rule| &rule.from);
    read.filter_map(|looked| in_data(&looked.path)).collect()
}

fn edit_form(session: &Session, shown: &Shown, sent: &Sent, checked: Option<&Checked>) -> Markup {
    let letter = format!("/letters/{}/{}", shown.flow, shown.letter.id);
    let action = format!("{letter}/edit");
    let form = Form { name: "edit", action: &action, session, sent };
    html! {
        h2 { "Edit it" }
        p { "The letter itself stays as it is. The edit is kept beside it and goes with it when it is redriven from here or by the "
            "command; a redrive by the AWS console moves the unedited body." }
        div class="beside" {
            @if let Some((said, explained)) = checked {
                div id="checked" tabindex="-1" role="group" aria-label="What was checked" {
                    p { strong { "Checked, and not kept." } " This is what the mappings say of the body as it was entered:" }
                    (verdict(said))
                    @let places = refused_places(said, explained.first());
                    @if !places.is_empty() {
                        pre tabindex="0" role="region" aria-label="Body as it was entered, laid out" {
                            code { (marked(&sent.fields.text("body"), &places)) }
                        }
                    }
                }
            }
            (form.show_with(html! {
                // Somebody else may edit it meanwhile.
                (form.hidden("began", shown.edit.as_ref().map_or("", |edit| &edit.after)))
                (form.field(&Field {
                    name: "body", label: "Body", hint: "Only data may be changed; the ids and keys of the event have to stay as they are.",
                    value: &laid_out(&shown.body), kind: Kind::Area(24), needed: true,
                }))
                (form.reason())
                (form.check("anyway", "yes", html! { "Keep the edit anyway, although a mapping would still refuse it or none can be asked" }))
            }, html! {
                button { "Keep this edit" } " "
                // The browser goes to what was checked, without scripts as well.
                button class="other" formaction=(format!("{letter}/check#checked")) { "Check it" }
                p class="hint" { "Checking keeps nothing, and needs no reason." }
            }))
        }
    }
}

fn discard_form(session: &Session, shown: &Shown, sent: &Sent) -> Markup {
    let action = format!("/letters/{}/{}/discard", shown.flow, shown.letter.id);
    let form = Form { name: "discard", action: &action, session, sent };
    html! {
        h2 { "Discard it" }
        (form.show(html! {
            p { "It is put into the archive, then deleted. It can be restored from there." }
            (form.reason())
        }, "Discard this letter"))
    }
}

pub(super) async fn edit(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
    Path((flow, id)): Path<(String, String)>,
) -> Answer {
    let mut sent = Sent::new("edit", fields);
    let (reason, after, anyway) = (sent.reason(), sent.fields.text("body"), sent.fields.has("anyway"));
    let shown = find(&app, flow.clone(), id.clone()).await.map_err(Failure::or_missing)?;
    // Laid out anew is not changed.
    if after == laid_out(&shown.body).trim() {
        sent.wrong("body", "nothing was changed");
    }
    if sent.is_right() {
        let (asked, of) = (shown.letter.id.clone(), vec![flow.clone()]);
        let began_from = sent.fields.some("began").map(str::to_owned);
        let kept = app
            .look(move |app| async move {
                let editing =
                    Editing { after: &after, why: &reason, anyway, began_from: began_from.as_deref() };
                app.review.edit(&asked, &of, &editing, &app.stop).await
            })
            .await;
        match kept {
            Ok((edit, now)) => {
                let back = (format!("/letters/{flow}/{}", shown.letter.id), "Back to the letter");
                let (title, told) = if edit.is_taken_back() {
                    ("Edit taken away", "The edit is taken away: the letter goes on with its own body.")
                } else {
                    ("Edit kept", "The edit is kept, and goes with the letter when it is redriven.")
                };
                let what = html! { p { (told) } (verdict(&now)) };
                return Ok(done(&app, &session, Done { title, place: "/", good: true, what, back }));
            }
            Err(failure) => sent.wrong("body", failure.refused()?),
        }
    }
    refused(&app, &session, &shown, &sent)
}

/// Of what was entered; nothing is kept.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
    Path((flow, id)): Path<(String, String)>,
) -> Answer {
    let mut sent = Sent::new("edit", fields);
    let after = sent.fields.text("body");
    let shown = find(&app, flow.clone(), id).await.map_err(Failure::or_missing)?;
    let asked = shown.letter.id.clone();
    let checked =
        app.look(move |app| async move { app.review.check(&asked, &[flow], &after, &app.stop).await });
    match checked.await {
        Ok(checked) => {
            let (title, content) = letter_page(&app, &session, &shown, &sent, Some(&checked));
            let title = format!("Checked, and not kept: {title}");
            Ok(answer(&app, &Layout { title: &title, place: "/", again: None }, content))
        }
        Err(failure) => {
            sent.wrong("body", failure.refused()?);
            refused(&app, &session, &shown, &sent)
        }
    }
}

pub(super) async fn discard(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
    Path((flow, id)): Path<(String, String)>,
) -> Answer {
    let mut sent = Sent::new("discard", fields);
    let reason = sent.reason();
    if !sent.is_right() {
        let shown = find(&app, flow, id).await.map_err(Failure::or_missing)?;
        return refused(&app, &session, &shown, &sent);
    }
    let discarded = app.look(|app| async move {
        let (flow, letter) = app.review.find(&id, &[flow], &app.stop).await?;
        let refused = |error: review::FilterError| review::ReviewError::Refused(error.to_string());
        let filter = Filter::default().ids([letter.id]).map_err(refused)?;
        let selection = app.review.select(&filter, None, &[flow], &app.stop).await?;
        let discarded = app.review.discard(&selection, &reason, &app.stop).await?;
        Ok((discarded, selection))
    });
    let (discarded, selection) = discarded.await.map_err(Failure::or_missing)?;
    app.forget_seen();
    // Where the one is discarded, no other was meant.
    let unseen = if discarded.discarded > 0 {
        html! {}
    } else {
        unseen(&app, &selection.looked)
    };
    Ok(done(&app, &session, groups::discarded_now("Letter discarded", &discarded, unseen)))
}

fn refused(app: &App, session: &Session, shown: &Shown, sent: &Sent) -> Answer {
    let (title, content) = letter_page(app, session, shown, sent, None);
    Ok(again(app, &Layout { title: &title, place: "/", again: None }, content))
}

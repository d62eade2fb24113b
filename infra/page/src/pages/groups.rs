use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use review::{Discarded, Filter, FlowListing, Selection};

use super::{Answer, again, answer, done, is_all_seen, unseen};
use crate::app::{App, Seen, SeenGroup};
use crate::done::Done;
use crate::failure::Failure;
use crate::form::{Field, Fields, Form, Kind, Sent};
use crate::layout::{Layout, table};
use crate::session::Session;
use crate::words::{code, left, letters, number, short, when};

/// The longest that a group may wait unseen.
const LONGEST_ACK: SignedDuration = SignedDuration::from_hours(90 * 24);
const HERE: Layout<'static> = Layout { title: "Groups of dead letters", place: "/", again: None };

/// A look at all letters.
pub(super) async fn all(State(app): State<Arc<App>>) -> Answer {
    let seen = app.list().await?;
    Ok(answer(&app, &HERE, groups(&app, &seen)))
}

fn groups(app: &App, seen: &Seen) -> Markup {
    let count: u64 = seen.flows.iter().map(|flow| flow.looked.seen).sum();
    let all_seen = is_all_seen(seen.flows.iter().map(|flow| &flow.looked));
    let now = app.now();
    let columns = [
        "Letters",
        "What is wrong",
        "Where",
        "Flow and mapping",
        "First and last failed",
        "Time left",
        "Acknowledged",
    ];
    html! {
        h1 { "Dead letters" }
        p role="status" {
            @if count == 0 && all_seen { "No dead letters: every flow's queue is empty." }
            @else if count == 0 { "No dead letter was seen; that does not say that there is none." }
            @else { (letters(count)) " of " (number(crate::words::count(seen.groups.len()))) " causes, seen at " (when(seen.at)) "." }
            @if seen.beyond > 0 { " " (letters(seen.beyond)) " more are of causes beyond the thousand that are told apart." }
        }
        (unseen(app, seen.flows.iter().map(|flow| (&flow.flow, &flow.looked))))
        @if !seen.groups.is_empty() {
            h2 { "Groups by cause" }
            (table("Groups of dead letters, the largest first", &columns, &html! {
                @for one in &seen.groups { (group_row(one, now)) }
            }))
        }
        h2 { "Flows" }
        (table("Dead letters of each flow", &["Flow", "Letters", "Looked at by others", "Oldest sent", "Time left of the oldest"], &html! {
            @for flow in &seen.flows { (flow_row(flow, now)) }
        }))
    }
}

fn group_row(SeenGroup { queue, listed }: &SeenGroup, now: Timestamp) -> Markup {
    let group = &listed.group;
    html! {
        tr {
            th scope="row" { a href=(format!("/groups/{}", group.fingerprint)) {
                (letters(group.count)) span class="heard" { " of group " (group.fingerprint) }
            } }
            td { (code(&group.code)) br; (group.summary) }
            td { @if group.path.is_empty() { "no path" } @else { code { (group.path) } } }
            td { (group.flow) @if *queue != group.flow { ", on the queue of " (queue) } br; @if group.mapping.is_empty() { "no mapping was reached" } @else { (group.mapping) } }
            td { (when(group.first_seen)) br; (when(group.last_seen)) }
            td { (left(listed.expires_at, now)) }
            td { @match &listed.ack { Some(ack) => { "until " (when(ack.until)) }, None => "no" } }
        }
    }
}

fn flow_row(flow: &FlowListing, now: Timestamp) -> Markup {
    html! {
        tr {
            th scope="row" { (flow.flow) }
            td { (number(flow.looked.seen)) }
            td { (number(flow.looked.elsewhere())) }
            td { @match flow.oldest_sent { Some(sent) => (when(sent)), None => "none" } }
            td { @match flow.expires_at { Some(until) => (left(until, now)), None => "none" } }
        }
    }
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path(group): Path<String>,
) -> Answer {
    let seen = app.seen().await?;
    let (title, content) = group_page(&app, &session, &seen, &group, &Sent::default())?;
    Ok(answer(&app, &Layout { title: &title, ..HERE }, content))
}

/// Of one cause, on each queue that has letters of it.
fn find<'s>(seen: &'s Seen, group: &str) -> Vec<&'s SeenGroup> {
    seen.groups.iter().filter(|one| one.listed.group.fingerprint.as_str() == group).collect()
}

fn group_page(
    app: &App,
    session: &Session,
    seen: &Seen,
    group: &str,
    sent: &Sent,
) -> Result<(String, Markup), Failure> {
    let all = find(seen, group);
    let Some(SeenGroup { listed, .. }) = all.first() else {
        let others: u64 = seen.flows.iter().map(|flow| flow.looked.elsewhere()).sum();
        return Err(Failure::missing(match others {
            0 => "The last look has seen no letter of this group.".to_owned(),
            others => format!(
                "The last look has seen no letter of this group; {} were being looked at by somebody else, or by a redrive.",
                letters(others)
            ),
        }));
    };
    let group = &listed.group;
    let queues: Vec<_> = all.iter().map(|one| one.queue.as_str()).collect();
    let groups = || all.iter().map(|one| &one.listed.group);
    let expires_at = all.iter().map(|one| one.listed.expires_at).min().unwrap_or(listed.expires_at);
    let title = format!("Group {}: {} of {}", group.fingerprint, group.code, group.flow);
    let (to_discard, to_ack) = (
        format!("/groups/{}/discard", group.fingerprint),
        format!("/groups/{}/acknowledge", group.fingerprint),
    );
    let form = |name, action| Form { name, action, session, sent };
    let content = html! {
        h1 { "Group " code { (group.fingerprint) } }
        (sent.summary())
        p { "As seen at " (when(seen.at)) ". " a href="/" { "Look again" } }
        dl {
            dt { "Letters" } dd { (letters(groups().map(|group| group.count).sum())) }
            dt { "Code" } dd { (code(&group.code)) }
            dt { "What is wrong" } dd { (group.summary) }
            dt { "Path" } dd { @if group.path.is_empty() { "none" } @else { code { (group.path) } } }
            dt { "Flow" } dd { (group.flow) @if queues != [group.flow.as_str()] { ", on the queue of " (queues.join(", ")) } }
            dt { "Mapping" } dd { @if group.mapping.is_empty() { "none was reached" } @else { (group.mapping) } }
            dt { "First failed" } dd { (when(groups().map(|group| group.first_seen).min().unwrap_or(group.first_seen))) }
            dt { "Last failed" } dd { (when(groups().map(|group| group.last_seen).max().unwrap_or(group.last_seen))) }
            dt { "Time left" } dd { (left(expires_at, app.now())) ", for the oldest" }
            dt { "Acknowledged" }
            dd { @match &listed.ack {
                Some(ack) => { "until " (when(ack.until)) " by " (ack.by) ": " (ack.reason) },
                None => "no",
            } }
        }
        h2 { "Some of its letters" }
        ul { @for SeenGroup { queue, listed } in &all { @for id in &listed.group.samples {
            li { a href=(format!("/letters/{queue}/{id}")) { "Letter " code { (id) } } }
        } } }
        h2 { "Move it" }
        (form("plan", "/plans").show(html! {
            p { "A plan freezes which letters these are and says what the mappings make of them today. Nothing is moved by it." }
            input type="hidden" name="group" value=(group.fingerprint);
            @for queue in &queues { input type="hidden" name="flow" value=(queue); }
        }, "Plan a redrive of this group"))
        h2 { "Acknowledge it" }
        (form("acknowledge", &to_ack).show(html! {
            (form("acknowledge", &to_ack).field(&Field {
                name: "until", label: "Until", hint: "A day, 90 days from now at most; at its end, UTC, the group is open again, and of the last of them at this time of day.",
                value: "", kind: Kind::Date, needed: true,
            }))
            (form("acknowledge", &to_ack).reason())
        }, "Acknowledge"))
        h2 { "Discard it" }
        (form("discard", &to_discard).show(html! {
            p { "All letters of the group that are there now are put into the archive, then deleted. They can be restored from there." }
            (form("discard", &to_discard).reason())
        }, "Discard the group"))
    };
    Ok((title, content))
}

pub(super) async fn discard(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
    Path(group): Path<String>,
) -> Answer {
    let mut sent = Sent::new("discard", fields);
    let reason = sent.reason();
    if !sent.is_right() {
        return refused(&app, &session, &group, &sent).await;
    }
    let discarded = app.look(|app| async move {
        let filter = Filter::default().groups([group.as_str()]);
        let selection = app.review.select(&filter, Some(&group), &[], &app.stop).await?;
        let discarded = app.review.discard(&selection, &reason, &app.stop).await?;
        Ok((discarded, selection))
    });
    let (discarded, Selection { looked, .. }) = discarded.await?;
    app.forget_seen();
    Ok(done(&app, &session, discarded_now("Group discarded", &discarded, unseen(&app, &looked))))
}

/// What came of it, and what may have been meant and was not seen.
pub(super) fn discarded_now(title: &'static str, discarded: &Discarded, unseen: Markup) -> Done {
    let good = discarded.discarded > 0;
    let what = html! {
        @if good { p { (letters(discarded.discarded)) " discarded: in the archive, and no longer on the queue." } }
        @else if discarded.missing.is_empty() { p { "No letter that was seen is meant." } }
        @if !discarded.missing.is_empty() {
            p { (letters(crate::words::count(discarded.missing.len())))
                " not found again: somebody else has moved them or is looking at them just now. The first: "
                @for id in discarded.missing.iter().take(5) { code { (short(id)) } " " }
            }
        }
        @if discarded.stopped { p { "It was stopped before its end; doing it again goes on." } }
        (unseen)
    };
    let title = if good { title } else { "Nothing was discarded" };
    Done { title, place: "/", good, what, back: ("/archive".to_owned(), "To the archive") }
}

pub(super) async fn acknowledge(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
    Path(group): Path<String>,
) -> Answer {
    let mut sent = Sent::new("acknowledge", fields);
    let reason = sent.reason();
    let until = end_of(sent.fields.one("until"), app.now());
    let Some(until) = until.filter(|_| sent.is_right()) else {
        if until.is_none() {
            sent.wrong(
                "until",
                "say a day, as 2026-12-31: whoever acknowledges says when somebody has to look again",
            );
        }
        return refused(&app, &session, &group, &sent).await;
    };
    let (asked, again) = (group.clone(), format!("/groups/{group}"));
    let acked = app.look(move |app| async move { app.review.ack(&asked, until, &reason, &app.stop).await });
    match acked.await {
        Ok(ack) => {
            app.forget_seen();
            let what = html! { p { "Acknowledged until " (when(ack.until)) "." } };
            let back = (again, "Back to the group");
            Ok(done(&app, &session, Done { title: "Group acknowledged", place: "/", good: true, what, back }))
        }
        Err(failure) => {
            sent.wrong("until", failure.refused()?);
            refused(&app, &session, &group, &sent).await
        }
    }
}

/// The last second of a day, UTC; of the last day for which a group may wait, as much as may be.
fn end_of(day: &str, now: Timestamp) -> Option<Timestamp> {
    let day: Date = day.parse().ok()?;
    let longest = now.saturating_add(LONGEST_ACK).ok()?;
    let is_last = TimeZone::UTC.to_datetime(longest).date() == day;
    let end = TimeZone::UTC.to_timestamp(day.at(23, 59, 59, 0)).ok()?;
    Some(if is_last { end.min(longest) } else { end })
}

async fn refused(app: &Arc<App>, session: &Session, group: &str, sent: &Sent) -> Answer {
    let seen = app.seen().await?;
    let (title, content) = group_page(app, session, &seen, group, sent)?;
    Ok(again(app, &Layout { title: &title, ..HERE }, content))
}

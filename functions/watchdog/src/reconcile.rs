//! What a source says has happened, against the ledger. What is missing goes onto the flow's queue as ingest would have put it there, and
//! the ledger has the last word: where the webhook comes after all, one of the two is a duplicate.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use ledger::Item;
use message::{Code, Envelope};
use outbound::{Budget, CallError, EventSource};
use serde_json::Value;
use telemetry::metrics::{BREAKER_NOT_CLOSED, OLDEST_HELD, SUBSCRIPTIONS_MISSING, UNRECONCILED};
use tokio::time::Instant;
use transform::reconcile::{KnownAs, Reconcile};

use crate::report::Report;
use crate::watch::Watch;
use crate::world::{Failure, WatchState, World};

/// What is asked about a flow's source.
pub struct Asked {
    pub source: Box<dyn EventSource>,
    /// By what the flow's ledger knows its events.
    pub known: Box<dyn Reconcile>,
    /// Types of events that the flow is there for, as the source names them.
    pub types: Vec<&'static str>,
}

/// Younger events may still be on their way.
const SETTLED: SignedDuration = SignedDuration::from_mins(15);
/// A flow that is behind by this much cannot know yet what it has not got.
const BEHIND: f64 = 600.0;
/// Looked at again: a source may list an event a little later than it happened.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// What one look asks for at most.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// What a window is not halved below.
const SHORTEST_WINDOW: SignedDuration = SignedDuration::from_mins(1);
/// For the source's answers; the function has a minute.
const TIME: Duration = Duration::from_secs(25);
const LOOKS_AT_ONCE: usize = 8;

pub(crate) async fn reconcile(
    watch: &Watch,
    world: &dyn World,
    state: &WatchState,
    report: &Report,
    now: Timestamp,
) -> Result<Report, Failure> {
    let mut found = Report::default();
    let Some(asked) = world.asked(watch)? else { return Ok(found) };
    if let Some(reason) = waits_for(state, report) {
        found.note("reconciliation", reason);
        return Ok(found);
    }
    let from = state.reconciled_until.saturating_sub(OVERLAP).unwrap_or(Timestamp::MIN).max(state.since);
    let settled = now.saturating_sub(SETTLED).unwrap_or(Timestamp::MIN);
    let latest = state.reconciled_until.saturating_add(WINDOW).unwrap_or(Timestamp::MAX).min(settled);
    if latest <= state.reconciled_until {
        return Ok(found);
    }
    let (events, until) = events(asked.source.as_ref(), from, state.reconciled_until, latest).await?;
    let (mut unreadable, mut readable) = (0_u64, Vec::new());
    for event in &events {
        match asked.known.known_as(event) {
            Ok(known_as) => readable.push((event, known_as)),
            // It has had its dead letter; who sent it again would make another with every look.
            Err(_) => unreadable += 1,
        }
    }
    let looks = readable.iter().map(|(event, known_as)| async move {
        let item = world.item(&known_as.key).await?;
        Ok::<_, Failure>(if is_known(item.as_ref(), known_as) { None } else { Some(*event) })
    });
    let missing: Vec<Option<&Envelope>> =
        futures::stream::iter(looks).buffered(LOOKS_AT_ONCE).try_collect().await?;
    let run = now.to_string();
    let missing: Vec<_> =
        missing.into_iter().flatten().map(|event| event.clone().found_by_reconciliation(&run)).collect();
    let sent = if missing.is_empty() { 0 } else { world.send(&watch.queue_url, &missing).await? };
    if sent == missing.len() {
        world.remember(&watch.flow, &WatchState { reconciled_until: until, ..*state }).await?;
        found.note("reconciled_until", until.to_string());
    }
    let left = u32::try_from(missing.len().saturating_sub(sent)).unwrap_or(u32::MAX);
    found.measure(UNRECONCILED, f64::from(left));
    for (name, count) in [("events_asked", events.len()), ("events_missing", missing.len())] {
        found.note(name, count);
    }
    if unreadable > 0 {
        found.note("events_unreadable", unreadable);
    }
    Ok(found)
}

/// Why the ledger cannot be held against the source now.
fn waits_for(state: &WatchState, report: &Report) -> Option<&'static str> {
    let queued = report.notes.get("oldest_queued_seconds").and_then(Value::as_f64);
    if state.unconfirmed {
        Some("waits until somebody has confirmed the ledger")
    } else if report.value(BREAKER_NOT_CLOSED) != Some(0.0) {
        Some("waits for the target")
    } else if report.value(OLDEST_HELD).is_none_or(|held| held > BEHIND)
        || queued.is_none_or(|age| age > BEHIND)
    {
        Some("waits for the queue")
    } else {
        None
    }
}

/// All that happened from `from` on, and until when: later than `known`, and before `latest` where that would be more than one answer holds.
async fn events(
    source: &dyn EventSource,
    from: Timestamp,
    known: Timestamp,
    latest: Timestamp,
) -> Result<(Vec<Envelope>, Timestamp), Failure> {
    let budget = Budget::of_work(Instant::now(), TIME);
    let (mut from, mut until) = (from, latest);
    loop {
        match source.events(from, until, &budget).await {
            Ok(events) => return Ok((events, until)),
            Err(CallError::Refused(refusal)) if refusal.code == Code::WindowTooLarge => {
                let length = until.duration_since(from);
                if length <= SHORTEST_WINDOW {
                    return Err(Failure("more happened within a minute than one look holds".to_owned()));
                }
                let half = from.saturating_add(length / 2).unwrap_or(latest);
                // Rather without what is looked at again than without anything new.
                if half > known {
                    until = half;
                } else {
                    from = known;
                }
            }
            Err(error) => return Err(failed(&error)),
        }
    }
}

/// Whatever became of it: a dead letter says why by itself.
fn is_known(item: Option<&Item>, known_as: &KnownAs) -> bool {
    item.is_some_and(|item| item.version.max(item.applied_version) >= known_as.version)
}

/// Types that the source does not post to us.
pub(crate) async fn subscriptions(watch: &Watch, world: &dyn World) -> Result<Report, Failure> {
    let mut found = Report::default();
    let (Some(asked), Some(source)) = (world.asked(watch)?, &watch.source) else { return Ok(found) };
    let budget = Budget::of_work(Instant::now(), TIME);
    let url = world.webhook_url(&source.name);
    let subscribed = asked.source.subscribed(&url, &budget).await.map_err(|error| failed(&error))?;
    // Some cannot tell.
    let Some(subscribed) = subscribed else { return Ok(found) };
    let all = subscribed.contains("*");
    let missing: Vec<_> = asked.types.iter().filter(|kind| !all && !subscribed.contains(**kind)).collect();
    found.measure(SUBSCRIPTIONS_MISSING, f64::from(u32::try_from(missing.len()).unwrap_or(u32::MAX)));
    if !missing.is_empty() {
        found.note(
            "subscriptions_missing",
            missing.into_iter().map(|kind| Value::from(*kind)).collect::<Vec<_>>(),
        );
    }
    Ok(found)
}

/// Without what the source has said.
fn failed(error: &CallError) -> Failure {
    let code = error.code();
    Failure(format!("{} {}", code.as_str(), code.title()))
}

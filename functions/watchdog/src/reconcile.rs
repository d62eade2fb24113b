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

/// What one look asks for at most.
pub(crate) const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// Half of the shortest time that the ledger remembers: what it has forgotten is not missing.
const LONGEST_BACK: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Younger events may still be on their way.
const SETTLED: SignedDuration = SignedDuration::from_mins(15);
/// A flow that is behind by this much cannot know yet what it has not got.
const BEHIND: f64 = 600.0;
const BEHIND_SECONDS: i64 = 600;
/// Nobody has tried a target for so long that might be up: nothing is held for it, and what is missing tries it.
const UNTRIED: SignedDuration = SignedDuration::from_mins(20);
/// Looked at again: a source may list an event a little later than it happened.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// What a window is not halved below.
const SHORTEST_WINDOW: SignedDuration = SignedDuration::from_mins(1);
/// For the source's answers; the function has a minute.
const TIME: Duration = Duration::from_secs(25);
const LOOKS_AT_ONCE: usize = 8;

/// Changes what is remembered, which is written afterwards however this ends.
pub(crate) async fn reconcile(
    watch: &Watch,
    world: &dyn World,
    state: &mut WatchState,
    report: &Report,
    now: Timestamp,
) -> Result<Report, Failure> {
    let mut found = Report::default();
    let Some(asked) = world.asked(watch)? else {
        // Once there is one, it is asked from then on: what the ledger has forgotten by then would seem to be missing.
        state.reconciled_until = now;
        return Ok(found);
    };
    begin_in_time(state, &mut found, now);
    if let Some(reason) = waits_for(state, report, now) {
        found.note("reconciliation", reason);
        return Ok(found);
    }
    let from = state.reconciled_until.saturating_sub(OVERLAP).unwrap_or(Timestamp::MIN).max(state.since);
    let settled = now.saturating_sub(SETTLED).unwrap_or(Timestamp::MIN);
    let latest = state.reconciled_until.saturating_add(state.window).unwrap_or(Timestamp::MAX).min(settled);
    if latest <= state.reconciled_until {
        return Ok(found);
    }
    let (events, until) = events(asked.source.as_ref(), from, state, latest).await?;
    let looks = events.iter().filter(|event| !state.sent.contains_key(&event.id)).map(|event| {
        let known_as = asked.known.known_as(event);
        async move {
            let is_missing = match known_as {
                Ok(known_as) => !is_known(world.item(&known_as.key).await?.as_ref(), &known_as),
                // The flow may know better, by a mapping that people have changed; where it does not, it makes a dead letter.
                Err(_) => true,
            };
            Ok::<_, Failure>(is_missing.then_some(event))
        }
    });
    let missing: Vec<Option<&Envelope>> =
        futures::stream::iter(looks).buffered(LOOKS_AT_ONCE).try_collect().await?;
    let run = now.to_string();
    let missing: Vec<_> =
        missing.into_iter().flatten().map(|event| event.clone().found_by_reconciliation(&run)).collect();
    let sent = if missing.is_empty() { Vec::new() } else { world.send(&watch.queue_url, &missing).await? };
    let accepted = missing.iter().zip(&sent).filter(|(_, accepted)| **accepted);
    state.sent.extend(accepted.map(|(event, _)| (event.id.clone(), event.time)));
    let left = missing.len().saturating_sub(sent.iter().filter(|accepted| **accepted).count());
    if left == 0 {
        state.reconciled_until = until;
        state.window = state.window.saturating_mul(2).min(WINDOW);
        // Those that no window asks for again.
        let again = until.saturating_sub(OVERLAP).unwrap_or(Timestamp::MIN);
        state.sent.retain(|_, time| *time >= again);
        found.note("reconciled_until", until.to_string());
    }
    found.measure(UNRECONCILED, f64::from(u32::try_from(left).unwrap_or(u32::MAX)));
    for (name, count) in [("events_asked", events.len()), ("events_missing", missing.len())] {
        found.note(name, count);
    }
    Ok(found)
}

/// A look by a clock that was ahead has left a time that is still to come, and what happens until then would be asked of nobody.
fn begin_in_time(state: &mut WatchState, found: &mut Report, now: Timestamp) {
    if state.reconciled_until > now {
        let text = "the clock was ahead: the last day is looked at again";
        found.failures.push(("reconciliation", Failure(text.to_owned())));
        state.reconciled_until = now.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
    }
    let earliest = now.saturating_sub(LONGEST_BACK).unwrap_or(Timestamp::MIN);
    if state.reconciled_until < earliest {
        let text = format!("nobody has looked since {}: two weeks are looked at", state.reconciled_until);
        found.failures.push(("reconciliation", Failure(text)));
        state.reconciled_until = earliest;
    }
}

/// Why the ledger cannot be held against the source now.
fn waits_for(state: &WatchState, report: &Report, now: Timestamp) -> Option<&'static str> {
    let note = |name: &str| report.notes.get(name).and_then(Value::as_i64);
    let untried = now.saturating_sub(UNTRIED).unwrap_or(Timestamp::MIN).as_second();
    let is_tried = note("breaker_until").is_none_or(|until| until >= untried);
    let closed = report.value(BREAKER_NOT_CLOSED);
    if state.unconfirmed {
        Some("waits until somebody has confirmed the ledger")
    } else if closed != Some(0.0) && is_tried {
        Some("waits for the target")
    } else if report.value(OLDEST_HELD).is_none_or(|held| held > BEHIND)
        || note("oldest_queued_seconds").is_none_or(|age| age > BEHIND_SECONDS)
    {
        Some("waits for the queue")
    } else {
        None
    }
}

/// All that happened from `from` on, and until when: later than is known, and before `latest` where that would be more than one answer
/// holds. Then the next look asks for less.
async fn events(
    source: &dyn EventSource,
    from: Timestamp,
    state: &mut WatchState,
    latest: Timestamp,
) -> Result<(Vec<Envelope>, Timestamp), Failure> {
    let budget = Budget::of_work(Instant::now(), TIME);
    let known = state.reconciled_until;
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
                    state.window = until.duration_since(known).max(SHORTEST_WINDOW);
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
        let missing: Vec<_> = missing.into_iter().map(|kind| Value::from(*kind)).collect();
        found.note("subscriptions_missing", missing);
    }
    Ok(found)
}

/// Without what the source has said.
fn failed(error: &CallError) -> Failure {
    let code = error.code();
    Failure(format!("{} {}", code.as_str(), code.title()))
}

use std::panic::AssertUnwindSafe;

use freshness::{History, freshness};
use futures::FutureExt as _;
use gate::State;
use jiff::{SignedDuration, Timestamp};
use message::canary_key;
use serde_json::{Map, Value, json};
use telemetry::metrics::{
    BREAKER_NOT_CLOSED, CANARY_AGE, OLDEST_DEAD_LETTER, OLDEST_HELD, POLLER_OFF, SECRET_AGE, SILENCE,
};

use crate::archive::archive;
use crate::reconcile::{reconcile, subscriptions};
use crate::report::Report;
use crate::watch::Watch;
use crate::world::{Failure, Hour, LOOKS_TO_BE_EMPTY, WatchState, World};

/// Four weeks are learned from; the others are for a silence to last, without forgetting what was before it.
const LEARNED_FROM: SignedDuration = SignedDuration::from_hours(13 * 7 * 24);
const HOUR: i32 = 3_600;
/// In which the last arrival is looked for minute by minute.
const RECENT: SignedDuration = SignedDuration::from_hours(3 * 24);
const FIVE_MINUTES: i32 = 300;

type Found = Result<Report, Failure>;

/// Makes every check of the flow that can be made.
pub async fn look(watch: &Watch, world: &dyn World, now: Timestamp) -> Report {
    let arrivals = guarded(arrivals(watch, world, now)).await;
    let remembered = guarded(world.state(&watch.flow)).await;
    let mut state = match (&remembered, &arrivals) {
        (Ok(Some(state)), _) => {
            Ok(WatchState { unconfirmed: state.unconfirmed && !watch.confirm, ..state.clone() })
        }
        (Ok(None), Ok((hours, _))) => Ok(beginning(watch, hours, now)),
        // Only whether this is a new watch is not to be told without.
        (Ok(None), Err(failure)) | (Err(failure), _) => Err(failure.clone()),
    };
    let mut report = Report::default();
    let silent = match (&arrivals, &state) {
        (Ok((hours, last)), Ok(state)) => silence(watch, hours, *last, state.since, now),
        // Since when it is watched matters only where nothing has come yet: a ledger that does not answer is no silence, and would page
        // for each flow as one that nobody tells.
        (Ok((hours, Some(last))), Err(_)) => silence(watch, hours, Some(*last), *last, now),
        (Err(failure), _) | (_, Err(failure)) => Err(failure.clone()),
    };
    report.add("silence", silent);
    report.add("ledger", state.as_ref().map_err(Clone::clone).and_then(remembers));
    let (poller, letters, secrets, breaker, waiting, canary, subscriptions) = futures::join!(
        guarded(poller(watch, world)),
        guarded(letters(watch, world, state.as_ref().ok())),
        guarded(secrets(watch, world, now)),
        guarded(breaker(watch, world)),
        guarded(waiting(watch, world, now)),
        guarded(canary(watch, world, &state, now)),
        guarded(subscriptions(watch, world)),
    );
    for (check, found) in [
        ("poller", poller),
        ("dead letters", letters),
        ("secrets", secrets),
        ("breaker", breaker),
        ("waiting", waiting),
        ("canary", canary),
        ("subscriptions", subscriptions),
    ] {
        report.add(check, found);
    }
    match &mut state {
        Ok(state) => {
            remember_letters(state, &mut report, now);
            let letters = state.clone();
            let (reconciled, kept) = futures::join!(
                guarded(reconcile(watch, world, state, &report, now)),
                guarded(archive(watch, world, &letters, now)),
            );
            report.add("reconciliation", reconciled);
            report.add(
                "archive",
                kept.map(|(found, complete)| {
                    state.archived_at = complete.or(state.archived_at);
                    found
                }),
            );
            if remembered.as_ref().is_ok_and(|before| before.as_ref() != Some(&*state)) {
                let written = guarded(world.remember(&watch.flow, state)).await;
                report.add("ledger", written.map(|()| Report::default()));
            }
        }
        Err(failure) if watch.source.is_some() => report.add("reconciliation", Err(failure.clone())),
        Err(_) => {}
    }
    report
}

/// A panic is this check's alone.
async fn guarded<T>(check: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    AssertUnwindSafe(check)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Failure("the check panicked".to_owned())))
}

/// By the hour as far back as is learned from, and when the last of them was at the latest.
async fn arrivals(
    watch: &Watch,
    world: &dyn World,
    now: Timestamp,
) -> Result<(Vec<Hour>, Option<Timestamp>), Failure> {
    let before = |time: SignedDuration| now.saturating_sub(time).unwrap_or(Timestamp::MIN);
    let (hours, recent) = futures::join!(
        world.arrivals(&watch.function, before(LEARNED_FROM), now, HOUR),
        world.arrivals(&watch.function, before(RECENT), now, FIVE_MINUTES),
    );
    let last = recent?.into_iter().filter(|(_, count)| *count > 0.0).map(|(start, _)| start).max();
    let end = |start: Timestamp| start.saturating_add(SignedDuration::from_secs(i64::from(FIVE_MINUTES)));
    let last = last.map(|start| end(start).unwrap_or(start).min(now.max(start)));
    Ok((hours?, last))
}

/// What is remembered of a new watch.
fn beginning(watch: &Watch, hours: &[Hour], now: Timestamp) -> WatchState {
    let came_before = hours.iter().any(|(_, count)| *count > 0.0);
    WatchState { unconfirmed: came_before && !watch.confirm, ..WatchState::beginning(now) }
}

fn remembers(state: &WatchState) -> Found {
    let mut found = Report::default();
    found.note("watched_since", state.since.to_string());
    if state.unconfirmed {
        let text = "messages came before this watch began, of which the ledger knows nothing: it was emptied, or is another table";
        found.failures.push(("ledger", Failure(text.to_owned())));
    }
    Ok(found)
}

fn silence(
    watch: &Watch,
    hours: &[Hour],
    last: Option<Timestamp>,
    since: Timestamp,
    now: Timestamp,
) -> Found {
    let history = History::of(hours.iter().copied());
    let fresh = freshness(&watch.cadence, &history, last, since, now);
    let mut found = Report::default();
    found.measure(SILENCE, fresh.silence_percent);
    found.note("silent_seconds", fresh.silent_for.as_secs());
    found.note("arrivals_missed", json!((fresh.missed * 10.0).round() / 10.0));
    found.note("silence_because", fresh.because.as_str());
    if let Some(last) = last {
        found.note("last_arrival", last.to_string());
    }
    if fresh.clock_skewed {
        let text = "the clock is behind what was recorded by it";
        found.failures.push(("silence", Failure(text.to_owned())));
    }
    Ok(found)
}

async fn poller(watch: &Watch, world: &dyn World) -> Found {
    let poller = world.poller(&watch.mapping_id).await?;
    let mut found = Report::default();
    found.measure(POLLER_OFF, if poller.state == "Enabled" { 0.0 } else { 1.0 });
    found.note("poller", poller.state);
    found.note("poller_last_result", poller.last_result);
    Ok(found)
}

/// They are only received where their number has changed, and while nobody else looks at them: what is hidden is there still.
async fn letters(watch: &Watch, world: &dyn World, state: Option<&WatchState>) -> Found {
    let mut found = Report::default();
    let queue = world.queue(&watch.dead_letter_queue_url).await?;
    let letters = queue.visible.saturating_add(queue.hidden);
    found.note("dead_letters", letters);
    found.note("dead_letters_hidden", queue.hidden);
    if let Some(state) = state.filter(|_| letters > 0) {
        let is_read = letters == state.letters && !state.codes.is_empty();
        found.letters = if is_read || queue.hidden > 0 {
            state.codes.clone()
        } else {
            world.letters(&watch.dead_letter_queue_url).await?
        };
    }
    Ok(found)
}

/// Since when there have been letters all the time. SQS says how old the oldest is only while nobody has received it three times.
fn remember_letters(state: &mut WatchState, report: &mut Report, now: Timestamp) {
    let note = |name: &str| report.notes.get(name).and_then(Value::as_u64);
    let (Some(letters), Some(hidden)) = (note("dead_letters"), note("dead_letters_hidden")) else { return };
    if letters == 0 {
        state.looks_without_letters = state.looks_without_letters.saturating_add(1);
    } else {
        if state.looks_without_letters >= LOOKS_TO_BE_EMPTY || now < state.letters_since {
            state.letters_since = now;
        }
        state.looks_without_letters = 0;
    }
    // Codes of another number of letters are read as soon as all can be seen.
    if hidden > 0 && letters != state.letters {
        state.codes.clear();
    } else {
        state.codes.clone_from(&report.letters);
    }
    state.letters = letters;
    let age = if letters > 0 { now.duration_since(state.letters_since).as_secs_f64() } else { 0.0 };
    report.measure(OLDEST_DEAD_LETTER, age);
}

async fn secrets(watch: &Watch, world: &dyn World, now: Timestamp) -> Found {
    let mut found = Report::default();
    let mut oldest: Option<f64> = None;
    for arn in &watch.secret_arns {
        let dates = match world.secret(arn).await {
            Ok(dates) => dates,
            Err(failure) => {
                found.failures.push(("secrets", failure));
                continue;
            }
        };
        let age = now.duration_since(dates.changed).as_secs_f64().max(0.0);
        oldest = Some(oldest.map_or(age, |oldest| oldest.max(age)));
    }
    if let Some(age) = oldest {
        found.measure(SECRET_AGE, age);
    }
    Ok(found)
}

async fn breaker(watch: &Watch, world: &dyn World) -> Found {
    let breaker = world.breaker(&watch.target).await?;
    let mut found = Report::default();
    let (name, code) = match &breaker.state {
        State::Closed => ("closed", None),
        State::Open { code, .. } => ("open", Some(code)),
        State::Probing { code, .. } => ("probing", Some(code)),
    };
    found.measure(BREAKER_NOT_CLOSED, if code.is_some() { 1.0 } else { 0.0 });
    found.note("breaker", name);
    if let Some(code) = code {
        found.note("breaker_code", code.as_str());
    }
    if let State::Open { until_ms, .. } | State::Probing { until_ms, .. } = &breaker.state {
        found.note("breaker_until", until_ms / 1_000);
    }
    Ok(found)
}

async fn waiting(watch: &Watch, world: &dyn World, now: Timestamp) -> Found {
    let queue = watch.queue_url.rsplit('/').next().unwrap_or_default();
    let waiting = world.waiting(&watch.function, queue, now).await?;
    let mut found = Report::default();
    found.measure(OLDEST_HELD, waiting.held.as_secs_f64());
    found.note("oldest_queued_seconds", waiting.queued.as_secs());
    // The queue itself: where there is none, its metrics would only be missing.
    found.note("queued", world.queue(&watch.queue_url).await?.visible);
    Ok(found)
}

/// Sends the next canary, and tells how old the newest one is that has come through.
async fn canary(
    watch: &Watch,
    world: &dyn World,
    state: &Result<WatchState, Failure>,
    now: Timestamp,
) -> Found {
    let mut found = Report::default();
    let Some(entry) = watch.canary_path.first() else { return Ok(found) };
    let since = state.as_ref().map_err(Clone::clone)?.since;
    let (mut oldest, mut ages) = (now, Map::new());
    for flow in &watch.canary_path {
        let item = world.item(&canary_key(entry, flow)).await?;
        let version = item.map_or(0, |item| item.applied_version);
        let sent = i64::try_from(version).ok().filter(|ms| *ms > 0);
        let sent = sent.and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(since);
        ages.insert(flow.clone(), json!(now.duration_since(sent).as_secs()));
        oldest = oldest.min(sent);
    }
    found.note("canary_ages", ages);
    found.measure(CANARY_AGE, now.duration_since(oldest).as_secs_f64().max(0.0));
    // That canaries do not come through says so already, and pages.
    if let Err(failure) = guarded(world.post_canary(entry, now)).await {
        found.note("canary_not_posted", failure.0);
    }
    Ok(found)
}

//! Events of the source that never came.

use std::sync::Arc;
use std::time::Duration;

use gate::{Breaker, State};
use jiff::SignedDuration;
use message::Code;
use telemetry::metrics::UNRECONCILED;
use watchdog::{Waiting, WatchState};

use crate::world::{Scripted, Source, failed, key, minutes_ago, now, watch, watch_with};

/// The last look was three hours ago.
fn behind(events: &[(i64, &'static str)]) -> Scripted {
    let world = Scripted::new();
    world.state.lock().unwrap().as_mut().unwrap().reconciled_until = minutes_ago(180);
    let events = events.iter().map(|(minutes, id)| (minutes_ago(*minutes), *id));
    world.source.events.lock().unwrap().extend(events);
    world
}

fn sent(world: &Scripted) -> Vec<String> {
    world.sent.lock().unwrap().iter().map(|event| event.id.clone()).collect()
}

#[tokio::test]
async fn what_the_ledger_does_not_know_goes_onto_the_queue_and_says_how_it_was_found() {
    let world = behind(&[(170, "1"), (100, "2"), (50, "3")]);
    world.knows(key("2"), 0);
    let report = world.look(&watch()).await;
    assert_eq!((failed(&report), sent(&world)), (vec![], vec!["1".to_owned(), "3".to_owned()]));
    assert!(world.sent.lock().unwrap().iter().all(message::Envelope::is_found_by_reconciliation));
    assert_eq!(report.value(UNRECONCILED), Some(0.0));
    assert_eq!(report.notes["events_missing"], 2);
    assert_eq!(world.reconciled_until(), minutes_ago(15));
}

#[tokio::test]
async fn a_window_begins_before_where_the_last_one_ended_and_ends_before_what_may_be_on_its_way() {
    let world = behind(&[(10, "younger")]);
    world.look(&watch()).await;
    assert_eq!(*world.source.windows.lock().unwrap(), [(minutes_ago(190), minutes_ago(15))]);
    assert!(sent(&world).is_empty());
    // Nothing has settled since.
    world.look(&watch()).await;
    assert_eq!(world.source.windows.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn after_a_long_time_a_day_is_asked_for_at_once() {
    let world = behind(&[]);
    world.state.lock().unwrap().as_mut().unwrap().reconciled_until = minutes_ago(3 * 1_440);
    world.look(&watch()).await;
    assert_eq!(world.reconciled_until(), minutes_ago(2 * 1_440));
}

#[tokio::test]
async fn of_more_than_one_answer_holds_a_shorter_window_is_asked_for() {
    let mut world = behind(&[(178, "1"), (160, "2"), (90, "3"), (40, "4")]);
    let events = std::mem::take(&mut *world.source.events.lock().unwrap());
    world.source = Arc::new(Source { holds: 2, events: events.into(), ..Source::default() });
    for _ in 0..6 {
        world.look(&watch()).await;
        for id in sent(&world) {
            world.knows(key(&id), 0);
        }
    }
    assert_eq!(sent(&world), ["1", "2", "3", "4"]);
    assert_eq!(world.reconciled_until(), minutes_ago(15));
}

#[tokio::test]
async fn more_than_that_within_a_minute_is_told_and_lost_from_sight_of_nobody() {
    let mut world = behind(&[]);
    let events = (0..5).map(|_| (minutes_ago(100), "1")).collect::<Vec<_>>();
    world.source = Arc::new(Source { holds: 2, events: events.into(), ..Source::default() });
    for _ in 0..12 {
        world.look(&watch()).await;
    }
    assert_eq!(failed(&world.look(&watch()).await), ["reconciliation"]);
    assert!(world.reconciled_until() <= minutes_ago(100));
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_told_and_asked_for_again() {
    let mut world = behind(&[(170, "1"), (100, "2"), (50, "3")]);
    world.accepts = 1;
    let report = world.look(&watch()).await;
    assert_eq!((report.value(UNRECONCILED), world.reconciled_until()), (Some(2.0), minutes_ago(180)));
    world.accepts = usize::MAX;
    world.knows(key("1"), 0);
    world.look(&watch()).await;
    assert_eq!(sent(&world), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_newer_version_of_what_is_known_is_missing_and_an_older_one_is_not() {
    let world = behind(&[(100, "a-v7"), (90, "b-v7")]);
    world.knows(key("a-v7"), 6);
    world.knows(key("b-v7"), 8);
    world.look(&watch()).await;
    assert_eq!(sent(&world), ["a-v7"]);
}

/// The flow may read it by a mapping that people have changed; otherwise it is a dead letter there.
#[tokio::test]
async fn what_cannot_be_held_against_the_ledger_goes_onto_the_queue_once() {
    let world = behind(&[(100, "unreadable-1"), (90, "2")]);
    world.knows(key("2"), 0);
    for _ in 0..3 {
        world.look(&watch()).await;
    }
    assert_eq!(sent(&world), ["unreadable-1"]);
}

/// One that the flow's mapping refuses leaves no item in the ledger: its letter is all that becomes of it.
#[tokio::test]
async fn an_event_that_the_ledger_never_gets_to_know_goes_onto_the_queue_once() {
    let world = Scripted::new();
    world.source.events.lock().unwrap().push((minutes_ago(16), "refused-by-its-mapping"));
    for minutes in [0, 5, 10, 15, 60] {
        world.look_at(&watch(), now() + SignedDuration::from_mins(minutes)).await;
    }
    assert_eq!(sent(&world), ["refused-by-its-mapping"]);
    assert!(world.state.lock().unwrap().as_ref().unwrap().sent.is_empty());
}

#[tokio::test]
async fn after_a_clock_that_was_ahead_for_one_look_nothing_is_left_out() {
    let world = Scripted::new();
    world.look_at(&watch(), now() + SignedDuration::from_hours(24)).await;
    // It is right again; an event happens within the hour, and its webhook never comes.
    world.source.events.lock().unwrap().push((now() + SignedDuration::from_mins(30), "1"));
    let report = world.look_at(&watch(), now() + SignedDuration::from_hours(1)).await;
    assert_eq!(failed(&report), ["reconciliation"]);
    world.look_at(&watch(), now() + SignedDuration::from_hours(2)).await;
    assert_eq!(sent(&world), ["1"]);
}

/// What the ledger has forgotten would seem to be missing.
#[tokio::test]
async fn a_source_is_asked_from_when_it_could_be_on_and_no_further_back_than_two_weeks() {
    let world = Scripted::new();
    let days_ago = |days: i64| minutes_ago(days * 1_440);
    *world.state.lock().unwrap() = Some(WatchState::beginning(days_ago(60)));
    world.source.events.lock().unwrap().push((days_ago(59), "done-59-days-ago"));
    world.look(&watch_with(|event| event["source"] = serde_json::Value::Null)).await;
    world.look(&watch()).await;
    assert!(sent(&world).is_empty() && world.source.windows.lock().unwrap().is_empty());
    // Or nobody has looked for so long.
    *world.state.lock().unwrap() = Some(WatchState::beginning(days_ago(60)));
    let report = world.look(&watch()).await;
    assert_eq!(failed(&report), ["reconciliation"]);
    assert_eq!(world.source.windows.lock().unwrap()[0].0, days_ago(14) - SignedDuration::from_mins(10));
}

/// No message has come since the breaker would have let one through.
#[tokio::test]
async fn a_breaker_that_nobody_has_tried_for_long_is_tried_by_what_is_missing() {
    let open = |until: jiff::Timestamp| {
        let state =
            State::Open { code: Code::TargetFailed, until_ms: until.as_millisecond(), for_ms: 30_000 };
        Breaker { state, ..Breaker::default() }
    };
    for (until, expected) in [(minutes_ago(5), 0), (minutes_ago(30), 1)] {
        let world = Scripted { breaker: open(until), ..behind(&[(100, "1")]) };
        world.look(&watch()).await;
        assert_eq!(sent(&world).len(), expected);
    }
}

/// What waits is not in the ledger yet, and would go onto the queue with every look.
#[tokio::test]
async fn while_the_flow_is_behind_nothing_is_held_against_the_ledger() {
    let open = State::Open { code: Code::TargetFailed, until_ms: now().as_millisecond(), for_ms: 30_000 };
    let hour = Duration::from_secs(3_600);
    let mut worlds = [behind(&[(100, "1")]), behind(&[(100, "1")]), behind(&[(100, "1")])];
    worlds[0].breaker = Breaker { state: open, ..Breaker::default() };
    worlds[1].waiting = Waiting { held: hour, queued: Duration::ZERO };
    worlds[2].waiting = Waiting { held: Duration::ZERO, queued: hour };
    for world in worlds {
        let report = world.look(&watch()).await;
        assert!(report.notes["reconciliation"].as_str().unwrap().starts_with("waits for the"));
        assert_eq!((sent(&world).len(), world.reconciled_until()), (0, minutes_ago(180)));
    }
}

#[tokio::test]
async fn events_from_before_the_watch_are_not_asked_for() {
    let world = behind(&[]);
    let since = minutes_ago(185);
    world.state.lock().unwrap().as_mut().unwrap().since = since;
    world.look(&watch()).await;
    assert_eq!(world.source.windows.lock().unwrap()[0].0, since);
    assert!(now() - SignedDuration::from_hours(4) < since);
}

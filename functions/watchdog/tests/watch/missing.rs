//! Events of the source that never came.

use std::sync::Arc;
use std::time::Duration;

use gate::{Breaker, State};
use jiff::SignedDuration;
use message::Code;
use telemetry::metrics::UNRECONCILED;
use watchdog::Waiting;

use crate::world::{Scripted, Source, failed, key, minutes_ago, now, watch};

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

#[tokio::test]
async fn what_no_mapping_reads_is_counted_and_not_sent_again_and_again() {
    let world = behind(&[(100, "unreadable-1"), (90, "2")]);
    let report = world.look(&watch()).await;
    assert_eq!((sent(&world), report.notes["events_unreadable"].as_u64()), (vec!["2".to_owned()], Some(1)));
}

/// What waits is not in the ledger yet, and would go onto the queue with every look.
#[tokio::test]
async fn while_the_flow_is_behind_nothing_is_held_against_the_ledger() {
    let open = State::Open { code: Code::TargetFailed, until_ms: 0, for_ms: 30_000 };
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

//! Each check by itself, and that none hinders another.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gate::{Breaker, State};
use jiff::SignedDuration;
use message::Code;
use telemetry::metrics::{
    BREAKER_NOT_CLOSED, CANARY_AGE, OLDEST_DEAD_LETTER, OLDEST_HELD, POLLER_OFF, SECRET_AGE, SILENCE,
    SUBSCRIPTIONS_MISSING, UNRECONCILED,
};
use watchdog::Waiting;

use crate::world::{Scripted, failed, minutes_ago, now, watch, watch_with};

#[tokio::test]
async fn of_a_flow_that_is_well_everything_is_told_and_nothing_failed() {
    let world = Scripted::new();
    let report = world.look(&watch()).await;
    assert_eq!(failed(&report), [""; 0]);
    let told = |metric| report.value(metric);
    // Five minutes of the sixty in which one is expected: the last came within the five minutes that began ten minutes ago.
    assert_eq!(told(SILENCE).map(f64::round), Some(8.0));
    assert_eq!(told(POLLER_OFF), Some(0.0));
    assert_eq!(told(BREAKER_NOT_CLOSED), Some(0.0));
    assert_eq!(told(OLDEST_HELD), Some(0.0));
    assert_eq!(told(SECRET_AGE), Some(172_800.0));
    assert_eq!(told(CANARY_AGE), Some(300.0));
    assert_eq!(told(UNRECONCILED), Some(0.0));
    // This source cannot tell.
    assert_eq!(told(SUBSCRIPTIONS_MISSING), None);
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let mut world = Scripted::new();
    world.arrivals = vec![(minutes_ago(245), 3.0)];
    world.poller = "Disabled";
    let state = State::Open { code: Code::TargetFailed, until_ms: 0, for_ms: 30_000 };
    world.breaker = Breaker { state, ..Breaker::default() };
    world.waiting = Waiting { held: Duration::from_secs(7_200), queued: Duration::ZERO };
    world.letters = BTreeMap::from([("SPW2001".to_owned(), 3), ("none".to_owned(), 1)]);
    let report = world.look(&watch()).await;
    assert_eq!(report.value(SILENCE), Some(400.0));
    assert_eq!(report.value(POLLER_OFF), Some(1.0));
    assert_eq!(report.value(BREAKER_NOT_CLOSED), Some(1.0));
    assert_eq!(report.notes["breaker_code"], "SPW4002");
    assert_eq!(report.value(OLDEST_HELD), Some(7_200.0));
    assert_eq!((report.letters.len(), report.notes["dead_letters"].as_u64()), (2, Some(4)));
}

#[tokio::test]
async fn a_flow_that_is_missing_is_said_to_be_and_the_rest_is_told() {
    let mut world = Scripted::new();
    world.fails.extend(["queue", "poller"]);
    let report = world.look(&watch()).await;
    assert_eq!(failed(&report), ["poller", "dead letters", "waiting"]);
    assert!(report.value(SILENCE).is_some() && report.value(CANARY_AGE).is_some());
    // Not known to be behind, and not known not to be.
    assert_eq!(report.notes["reconciliation"], "waits for the queue");
}

#[tokio::test]
async fn a_source_that_answers_500_is_said_to_and_the_rest_is_told() {
    let world = Scripted::new();
    world.source.answers_500.store(true, Ordering::SeqCst);
    let before = world.reconciled_until();
    let report = world.look(&watch()).await;
    assert_eq!(failed(&report), ["subscriptions", "reconciliation"]);
    assert_eq!(report.failures[0].1.0, "SPW4002 the target answered with a server error");
    assert!(report.value(SILENCE).is_some());
    // What was not looked at is looked at again.
    assert_eq!(world.reconciled_until(), before);
}

#[tokio::test]
async fn each_look_that_fails_or_panics_leaves_all_others() {
    let all = ["arrivals", "waiting", "poller", "queue", "secrets", "breaker", "ledger", "post", "source"];
    let whole = Scripted::new().look(&watch()).await.measures.len();
    for what in all {
        let mut world = Scripted::new();
        world.fails.insert(what);
        let report = world.look(&watch()).await;
        let told = !report.failures.is_empty() || report.notes.contains_key("canary_not_posted");
        assert!(told, "{what}");
        assert!(report.measures.len() + 3 >= whole, "{what}: {:?}", report.measures);
        let world = Scripted { panics: what, ..Scripted::new() };
        let panicked = world.look(&watch()).await;
        let found = |report: &watchdog::Report| report.measures.clone();
        assert_eq!(found(&panicked), found(&report), "{what}");
    }
}

#[tokio::test]
async fn a_secret_that_is_gone_hides_the_age_of_no_other() {
    let mut world = Scripted::new();
    world.secrets.remove("arn:one");
    let report = world.look(&watch()).await;
    assert_eq!((failed(&report), report.value(SECRET_AGE)), (vec!["secrets"], Some(172_800.0)));
}

#[tokio::test]
async fn a_clock_that_was_set_back_tells_no_silence_and_that_it_was() {
    let mut world = Scripted::new();
    world.arrivals = vec![(now() + SignedDuration::from_mins(1), 1.0)];
    world.state.lock().unwrap().as_mut().unwrap().since = now() + SignedDuration::from_hours(1);
    let report = world.look(&watch()).await;
    assert_eq!(failed(&report), ["silence"]);
    assert_eq!(report.value(SILENCE), Some(0.0));
}

#[tokio::test]
async fn a_subscription_that_is_gone_is_told_by_its_type() {
    let mut world = Scripted::new();
    let source = |subscribed: &[&str]| {
        let subscribed = Some(subscribed.iter().map(|kind| (*kind).to_owned()).collect());
        std::sync::Arc::new(crate::world::Source {
            holds: 1_000,
            subscribed,
            ..crate::world::Source::default()
        })
    };
    world.source = source(&["order.placed"]);
    let report = world.look(&watch()).await;
    assert_eq!(report.value(SUBSCRIPTIONS_MISSING), Some(1.0));
    assert_eq!(report.notes["subscriptions_missing"][0], "order.cancelled");
    for (subscribed, missing) in [(&["*"][..], 0.0), (&[], 2.0)] {
        world.source = source(subscribed);
        assert_eq!(world.look(&watch()).await.value(SUBSCRIPTIONS_MISSING), Some(missing));
    }
}

#[tokio::test]
async fn a_flow_without_a_source_to_ask_is_asked_nothing() {
    let world = Scripted::new();
    let report = world.look(&watch_with(|event| event["source"] = serde_json::Value::Null)).await;
    assert_eq!(failed(&report), [""; 0]);
    assert!(world.source.windows.lock().unwrap().is_empty());
}

/// SQS no longer says how old a letter is that was received three times.
#[tokio::test]
async fn dead_letters_are_received_where_their_number_has_changed_and_their_age_is_told_all_the_same() {
    let mut world = Scripted::new();
    world.letters = BTreeMap::from([("SPW2001".to_owned(), 3)]);
    for minutes in [0, 5, 10] {
        let report = world.look_at(&watch(), now() + SignedDuration::from_mins(minutes)).await;
        assert_eq!(report.letters, world.letters);
        assert_eq!(report.value(OLDEST_DEAD_LETTER), Some(60.0 * f64::from(i32::try_from(minutes).unwrap())));
    }
    assert_eq!(*world.peeks.lock().unwrap(), 1);
    world.letters = BTreeMap::from([("SPW2001".to_owned(), 3), ("SPW4008".to_owned(), 1)]);
    let report = world.look_at(&watch(), now() + SignedDuration::from_mins(15)).await;
    assert_eq!((report.letters.len(), report.value(OLDEST_DEAD_LETTER)), (2, Some(900.0)));
    assert_eq!(*world.peeks.lock().unwrap(), 2);
    // Redriven, and another one later.
    world.letters.clear();
    for minutes in [20, 25] {
        let report = world.look_at(&watch(), now() + SignedDuration::from_mins(minutes)).await;
        assert_eq!(report.value(OLDEST_DEAD_LETTER), Some(0.0));
    }
    world.letters = BTreeMap::from([("SPW2001".to_owned(), 1)]);
    let report = world.look_at(&watch(), now() + SignedDuration::from_mins(30)).await;
    assert_eq!((report.value(OLDEST_DEAD_LETTER), *world.peeks.lock().unwrap()), (Some(0.0), 3));
}

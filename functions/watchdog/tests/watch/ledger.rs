//! A ledger that was emptied, or is another table.

use jiff::SignedDuration;

use crate::world::{Scripted, failed, minutes_ago, now, watch, watch_with};

#[tokio::test]
async fn a_ledger_that_knows_nothing_of_what_has_come_is_told_until_somebody_confirms_it() {
    let mut world = Scripted::new();
    world.arrivals = vec![(minutes_ago(600), 40.0), (minutes_ago(10), 3.0)];
    *world.state.lock().unwrap() = None;
    world.items.lock().unwrap().clear();
    world.source.events.lock().unwrap().push((minutes_ago(100), "1"));
    for _ in 0..2 {
        let report = world.look(&watch()).await;
        assert_eq!(failed(&report), ["ledger"]);
        // All would be missing, and would be done once more but for what the target knows.
        assert_eq!(report.notes["reconciliation"], "waits until somebody has confirmed the ledger");
        assert!(report.value(telemetry::metrics::SILENCE).is_some());
    }
    assert!(world.sent.lock().unwrap().is_empty());
    let report = world.look(&watch_with(|event| event["confirm"] = true.into())).await;
    assert_eq!(failed(&report), [""; 0]);
    assert_eq!(failed(&world.look(&watch()).await), [""; 0]);
}

#[tokio::test]
async fn a_new_flow_is_watched_from_its_first_look_on() {
    let mut world = Scripted::new();
    world.arrivals = Vec::new();
    *world.state.lock().unwrap() = None;
    world.items.lock().unwrap().clear();
    let report = world.look(&watch()).await;
    assert_eq!(failed(&report), [""; 0]);
    let told = |metric| report.value(metric);
    assert_eq!(told(telemetry::metrics::SILENCE), Some(0.0));
    assert_eq!(told(telemetry::metrics::CANARY_AGE), Some(0.0));
    let state = world.state.lock().unwrap().clone().unwrap();
    assert_eq!((state.since, state.reconciled_until), (now(), now()));
}

#[tokio::test]
async fn while_the_ledger_does_not_answer_nothing_begins_anew() {
    let mut world = Scripted::new();
    world.fails.insert("ledger");
    let before = world.state.lock().unwrap().clone();
    let report = world.look(&watch()).await;
    assert_eq!(failed(&report), ["ledger", "canary", "reconciliation"]);
    assert_eq!(*world.state.lock().unwrap(), before);
    assert!(before.unwrap().since < now() - SignedDuration::from_hours(1));
}

//! Messages that are not due wait for their time, and what many of them ask for is done once.

use std::time::Duration;

use gate::{GateConfig, Observation};
use jiff::SignedDuration;
use message::Code;
use receiver::Limits;
use serde_json::{Value, json};

use crate::support::{Bench, World, body, record, redelivered};

/// The bench's clock begins at 12:00:00.
const SOON: &str = "2026-11-24T12:01:00Z";

/// Loads of one window: other messages, the same operation.
fn due(order: &str, version: u64, not_before: &str) -> String {
    json!({
        "specversion": "1.0", "id": order, "source": "/test/shop", "type": "test.order",
        "time": "2026-11-24T10:00:00Z", "correlationid": format!("correlation-{order}"),
        "data": {"order": order, "do": "", "version": version, "not_before": not_before}
    })
    .to_string()
}

/// What was held, as it comes again.
fn again(bench: &Bench) -> Vec<Value> {
    let held = std::mem::take(&mut *bench.world.held.lock().unwrap());
    held.iter().zip(0..).map(|(held, n)| redelivered(&format!("again-{n}"), held)).collect()
}

#[tokio::test]
async fn a_message_waits_for_its_time_without_a_claim_or_a_receive_and_is_worked_on_then() {
    let bench = Bench::new();
    assert!(bench.receive(&[record("m", due("1", 1, SOON))]).await.is_empty());
    assert_eq!((bench.effects().len(), bench.ledger_calls()), (0, 0));
    assert_eq!(bench.world.held.lock().unwrap()[0].2, Duration::from_secs(60));
    bench.clock.advance(SignedDuration::from_secs(60));
    assert!(bench.receive(&again(&bench)).await.is_empty());
    assert_eq!(bench.effects(), ["1"]);
}

#[tokio::test]
async fn many_messages_of_one_window_are_one_effect() {
    let bench = Bench::new();
    let records: Vec<_> = (0..10).map(|n| record(&format!("m-{n}"), due("1", 1, SOON))).collect();
    assert!(bench.receive(&records).await.is_empty());
    let held = again(&bench);
    assert_eq!(held.len(), 10);
    bench.clock.advance(SignedDuration::from_secs(60));
    for batch in held.chunks(5) {
        assert!(bench.receive(batch).await.is_empty());
    }
    assert_eq!(bench.effects(), ["1"]);
    assert!(bench.receive(&[record("late", due("1", 1, SOON))]).await.is_empty());
    assert_eq!(bench.effects(), ["1"], "one that comes after its window is done");
}

#[tokio::test]
async fn the_next_window_is_an_effect_of_its_own_and_an_older_one_is_stale() {
    let bench = Bench::new();
    bench.clock.advance(SignedDuration::from_secs(180));
    for (version, not_before, effects) in
        [(2, "2026-11-24T12:02:00Z", 1), (1, SOON, 1), (3, "2026-11-24T12:03:00Z", 2)]
    {
        let id = version.to_string();
        assert!(bench.receive(&[record(&id, due("1", version, not_before))]).await.is_empty());
        assert_eq!(bench.effects().len(), effects, "version {version}");
    }
    assert!(bench.letters().is_empty());
}

#[tokio::test]
async fn waiting_for_its_time_never_makes_a_dead_letter_however_old_the_message_is() {
    let limits = Limits { longest_hold: Duration::from_secs(3_600), ..Limits::default() };
    let bench = Bench::limited(World::default(), GateConfig::new("scripted"), limits);
    bench.receive(&[record("m", due("1", 1, "2026-11-24T13:00:00Z"))]).await;
    // It is an hour old now, and still a second early.
    bench.clock.advance(SignedDuration::from_secs(3_599));
    assert!(bench.receive(&again(&bench)).await.is_empty());
    assert!(bench.letters().is_empty(), "{:?}", bench.letters());
    assert_eq!(bench.world.held.lock().unwrap()[0].2, Duration::from_secs(1));
}

#[tokio::test]
async fn a_time_that_is_further_away_than_a_message_is_held_is_a_dead_letter() {
    let bench = Bench::new();
    assert!(bench.receive(&[record("m", due("1", 1, "2036-11-24T12:00:00Z"))]).await.is_empty());
    assert_eq!(bench.letters(), [(Code::NotDueYet.as_str().to_owned(), "$".to_owned())]);
    assert_eq!(bench.ledger_calls(), 0);
}

#[tokio::test]
async fn waiting_says_nothing_of_the_target_and_needs_no_open_gate() {
    let bench = Bench::new();
    let early: Vec<_> = (0..10).map(|n| record(&format!("m-{n}"), due("1", 1, SOON))).collect();
    bench.receive(&early).await;
    assert_eq!(bench.gate.admit(1, 1).await.granted, 1, "the breaker stays closed");
    for _ in 0..5 {
        bench.gate.observe(Observation::Failed(Code::TargetFailed));
    }
    bench.gate.share().await;
    bench.world.held.lock().unwrap().clear();
    bench.receive(&[record("early", due("1", 1, SOON))]).await;
    assert_eq!(
        bench.world.held.lock().unwrap()[0].2,
        Duration::from_secs(60),
        "its own time, not the gate's"
    );
}

#[tokio::test]
async fn where_there_is_nothing_to_do_neither_ledger_nor_target_nor_gate_hears_of_it() {
    let bench = Bench::new();
    for _ in 0..5 {
        bench.gate.observe(Observation::Failed(Code::TargetFailed));
    }
    bench.gate.share().await;
    // Time for a probe: a message that calls nothing must not be taken for one that the target has answered.
    bench.clock.advance(SignedDuration::from_secs(30));
    assert!(bench.receive(&[record("m", body("1", "nothing"))]).await.is_empty());
    assert_eq!((bench.effects().len(), bench.ledger_calls(), bench.letters().len()), (0, 0, 0));
    assert!(bench.world.held.lock().unwrap().is_empty());
    assert!(bench.gate.admit(1, 1).await.probe.is_some(), "the breaker still waits for a probe");
}

#[tokio::test]
async fn messages_that_are_due_are_worked_on_beside_those_that_are_not() {
    let bench = Bench::new();
    let records = [
        record("early", due("1", 1, SOON)),
        record("due", due("2", 1, "2026-11-24T12:00:00Z")),
        record("nothing", body("3", "nothing")),
        record("always", body("4", "")),
    ];
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!(bench.effects(), ["2", "4"]);
    assert_eq!(bench.world.held.lock().unwrap().len(), 1);
}

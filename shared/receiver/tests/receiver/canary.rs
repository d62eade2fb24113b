//! Canaries: through ledger and follow-on queue, past gate and target, and never again.

use std::sync::atomic::Ordering;

use gate::{GateConfig, Observation};
use ledger::{Item, Status, Store};
use message::{Code, canary_key};
use serde_json::{Value, json};

use crate::support::{Bench, World, body, key, received, record};

fn canary(id: &str, entry: &str, sent: &str) -> Value {
    let body = json!({
        "specversion": "1.0", "id": id, "source": "/standard-webhooks/canary", "type": format!("canary.{entry}"),
        "time": sent, "correlationid": id, "data": {"type": entry}
    });
    record(id, body.to_string())
}

async fn newest(bench: &Bench, entry: &str) -> Option<Item> {
    bench.store.get(&canary_key(entry, "scripted")).await.unwrap()
}

#[tokio::test]
async fn a_canary_goes_on_to_the_next_flow_and_the_ledger_knows_when_it_was_sent() {
    let bench = Bench::new();
    let failures =
        bench.receive(&[canary("c-1", "first", "2026-11-24T10:00:00Z"), record("1", body("1", ""))]).await;
    assert!(failures.is_empty());
    assert_eq!(bench.effects(), ["1"]);
    let item = newest(&bench, "first").await.unwrap();
    assert_eq!((item.status, item.applied_version), (Status::Done, 1_795_514_400_000));
    let events = bench.world.events.lock().unwrap();
    let on = events.iter().find(|event| event.id == "c-1").unwrap();
    assert_eq!((on.canary_of(), on.time.to_string().as_str()), (Some("first"), "2026-11-24T10:00:00Z"));
}

#[tokio::test]
async fn of_canaries_that_have_waited_the_newest_of_each_way_passes_and_an_older_one_never_after_it() {
    let bench = Bench::new();
    let batch = [
        canary("c-1", "first", "2026-11-24T10:00:00Z"),
        canary("c-3", "first", "2026-11-24T10:10:00Z"),
        canary("c-2", "first", "2026-11-24T10:05:00Z"),
        canary("d-1", "second", "2026-11-24T10:01:00Z"),
    ];
    assert!(bench.receive(&batch).await.is_empty());
    assert!(bench.receive(&batch).await.is_empty());
    let events: Vec<_> = bench.world.events.lock().unwrap().iter().map(|event| event.id.clone()).collect();
    assert_eq!(events, ["c-3", "d-1"]);
    assert_eq!(newest(&bench, "first").await.unwrap().applied_version, 1_795_515_000_000);
}

#[tokio::test]
async fn a_canary_that_cannot_pass_is_neither_received_again_nor_held_nor_a_dead_letter() {
    let events_down =
        Bench::with(World { events_down: true, ..World::default() }, GateConfig::new("scripted"));
    let ledger_down = Bench::new();
    ledger_down.store.down.store(true, Ordering::SeqCst);
    let settles_nothing = Bench::new();
    settles_nothing.store.settles_nothing.store(true, Ordering::SeqCst);
    for bench in [events_down, ledger_down, settles_nothing] {
        for receives in [1, 5] {
            let canary = received(receives, canary("c-1", "first", "2026-11-24T10:00:00Z"));
            assert!(bench.receive(&[canary]).await.is_empty());
        }
        assert_eq!(newest(&bench, "first").await.map_or(0, |item| item.applied_version), 0);
        assert!(bench.letters().is_empty());
        assert!(bench.world.held.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_canary_passes_while_the_target_is_not_to_be_called_and_is_no_probe() {
    let bench = Bench::new();
    for _ in 0..5 {
        bench.gate.observe(Observation::Failed(Code::TargetFailed));
    }
    bench.gate.share().await;
    assert!(bench.receive(&[canary("c-1", "first", "2026-11-24T10:00:00Z")]).await.is_empty());
    assert!(newest(&bench, "first").await.unwrap().applied_version > 0);
    assert!(bench.world.tried.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_a_rule_of_eventbridge_sends_is_no_canary_whatever_it_calls_itself() {
    let bench = Bench::new();
    let event = json!({
        "version": "0", "id": "e-1", "detail-type": "first", "source": "canary", "account": "123456789012",
        "time": "2026-11-24T10:00:00Z", "region": "eu-central-1", "resources": [],
        "detail": {"order": "7", "do": "", "version": 0}
    });
    bench.receive(&[record("1", event.to_string())]).await;
    assert!(newest(&bench, "first").await.is_none());
    assert!(bench.store.get(&key("7")).await.unwrap().is_some());
}

//! Several messages of one batch that ask for the same operation.

use gate::Observation;
use ledger::Status;
use message::Code;
use serde_json::json;

use crate::support::{Bench, body, millis, record, versioned};

#[tokio::test]
async fn repeats_within_a_batch_have_one_effect_and_cost_no_further_call() {
    let bench = Bench::new();
    let mut records: Vec<_> = (0..5).map(|n| record(&format!("m-{n}"), body("1", ""))).collect();
    records.push(record("other", body("2", "")));
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!(bench.effects(), ["1", "2"]);
    assert_eq!(bench.ledger_calls(), 2);
}

#[tokio::test]
async fn repeats_of_what_failed_come_again_with_it() {
    let bench = Bench::new();
    let records = [record("a", body("1", "fail for a minute")), record("b", body("1", "fail for a minute"))];
    assert_eq!(bench.receive(&records).await, ["a", "b"]);
}

#[tokio::test]
async fn repeats_of_what_was_refused_are_dead_letters_each() {
    let bench = Bench::new();
    let records = [record("a", body("1", "refuse")), record("b", body("1", "refuse"))];
    assert!(bench.receive(&records).await.is_empty());
    let letters = bench.world.letters.lock().unwrap();
    let mut ids: Vec<_> = letters.iter().map(|(_, is)| is["OriginalMessageId"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["a", "b"]);
}

#[tokio::test]
async fn other_content_beside_it_is_a_conflict() {
    let bench = Bench::new();
    let records = [record("a", body("1", "")), record("b", body("1", "differently"))];
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!(bench.effects(), ["1"]);
    assert_eq!(bench.letters()[0].0, Code::FingerprintConflict.as_str());
}

#[tokio::test]
async fn of_several_versions_the_newest_is_applied_whatever_their_order() {
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
        let bench = Bench::new();
        let records = order.map(|version| record(&format!("v{version}"), versioned("1", version, "")));
        assert!(bench.receive(&records).await.is_empty());
        assert_eq!(bench.effects(), ["1"], "{order:?}");
        let item = bench.item("1").await;
        assert_eq!((item.status, item.applied_version), (Status::Done, 3));
    }
}

#[tokio::test]
async fn an_older_version_that_comes_later_is_stale() {
    let bench = Bench::new();
    bench.receive(&[record("new", versioned("1", 2, ""))]).await;
    assert!(bench.receive(&[record("old", versioned("1", 1, ""))]).await.is_empty());
    assert_eq!(bench.effects(), ["1"]);
    assert!(bench.receive(&[record("newer", versioned("1", 3, ""))]).await.is_empty());
    assert_eq!(bench.effects(), ["1", "1"]);
}

#[tokio::test]
async fn an_older_version_beside_a_refused_newer_one_is_tried_by_itself() {
    let bench = Bench::new();
    let records = [record("old", versioned("1", 1, "")), record("new", versioned("1", 2, "refuse"))];
    assert_eq!(bench.receive(&records).await, ["old"]);
    assert!(bench.receive(&[record("old", versioned("1", 1, ""))]).await.is_empty());
    assert_eq!(bench.item("1").await.applied_version, 1);
}

#[tokio::test]
async fn beside_the_redelivery_of_a_rejected_message_others_of_its_key_are_tried_later() {
    for (another, outcome) in [
        ("the redriven one", body("1", "refuse")),
        ("with mended content", body("1", "")),
        ("an older version", versioned("1", 4, "")),
    ] {
        let bench = Bench::new();
        let rejected =
            if another == "an older version" { versioned("1", 5, "refuse") } else { body("1", "refuse") };
        bench.receive(&[record("a", rejected.as_str())]).await;
        let again = bench.receive(&[record("a", rejected.as_str()), record("b", outcome.as_str())]).await;
        assert_eq!((again, bench.letters().len()), (vec!["b".to_owned()], 1), "{another}");
        bench.receive(&[record("b", outcome.as_str())]).await;
        assert_eq!(bench.letters().len() + bench.effects().len(), 2, "{another}");
    }
}

#[tokio::test]
async fn a_young_message_is_not_given_up_for_the_age_of_another_of_its_key() {
    let bench = Bench::new();
    for _ in 0..5 {
        bench.gate.observe(Observation::Failed(Code::TargetFailed));
    }
    bench.gate.share().await;
    let mut old = record("old", body("1", ""));
    old["attributes"]["SentTimestamp"] = json!(millis("2026-11-20T00:00:00Z"));
    assert_eq!(bench.receive(&[old, record("young", body("1", ""))]).await, ["young"]);
    assert_eq!(bench.letters().len(), 1);
}

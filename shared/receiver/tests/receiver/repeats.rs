//! Several messages of one batch that ask for the same operation.

use ledger::Status;
use message::Code;

use crate::support::{Bench, body, record, versioned};

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
    let records = [record("a", body("1", "throttle")), record("b", body("1", "throttle"))];
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

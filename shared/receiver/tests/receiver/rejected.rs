//! What opens an operation again that was rejected.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gate::Observation;
use jiff::SignedDuration;
use ledger::Status;
use message::Code;
use serde_json::{Value, json};

use crate::support::{Bench, body, millis, received, record, redelivered, redriven, versioned};

/// The letters so far, each as the message that its redrive makes.
fn letters(bench: &Bench) -> Vec<Value> {
    let letters = bench.world.letters.lock().unwrap();
    letters.iter().enumerate().map(|(n, letter)| redriven(&format!("redriven-{n}"), letter)).collect()
}

#[tokio::test]
async fn any_other_message_opens_it_again_where_a_source_may_mend_what_it_sends() {
    let bench = Bench::new();
    bench.receive(&[record("a", body("1", "refuse"))]).await;
    assert!(bench.receive(&[record("b", body("1", ""))]).await.is_empty());
    assert_eq!((bench.effects(), bench.letters().len()), (vec!["1".to_owned()], 1));
}

#[tokio::test]
async fn one_letter_stands_for_all_messages_of_a_version_of_one_batch_and_of_later_ones() {
    let bench = Bench::reopened_by_a_redrive();
    let refused = |n: u32| record(&format!("m-{n}"), versioned("1", 7, "refuse"));
    assert!(bench.receive(&[refused(0), refused(1), refused(2)]).await.is_empty());
    assert!(bench.receive(&[refused(3), refused(4)]).await.is_empty());
    assert!(bench.receive(&[refused(0), refused(5)]).await.is_empty(), "beside the very message");
    assert!(bench.receive(&[record("older", versioned("1", 6, ""))]).await.is_empty());
    assert_eq!((bench.effects().len(), bench.letters().len()), (0, 1));
    assert_eq!(bench.item("1").await.attempts, 1);
}

#[tokio::test]
async fn the_letter_opens_it_again_when_it_is_redriven_beside_whichever_others() {
    for place in 0..3 {
        let bench = Bench::reopened_by_a_redrive();
        bench.receive(&[record("a", versioned("1", 7, "refuse"))]).await;
        let mut records: Vec<_> =
            (0..2).map(|n| record(&format!("m-{n}"), versioned("1", 7, "refuse"))).collect();
        records.insert(place, letters(&bench).remove(0));
        assert!(bench.receive(&records).await.is_empty());
        let item = bench.item("1").await;
        assert_eq!(
            (item.attempts, item.status, bench.letters().len()),
            (2, Status::Rejected, 2),
            "at {place}"
        );
    }
}

#[tokio::test]
async fn a_letter_whose_cause_was_mended_is_done_when_it_is_redriven_and_so_are_those_it_stands_for() {
    let bench = Bench::reopened_by_a_redrive();
    bench.world.refuses.store(true, Ordering::SeqCst);
    let message = |id: &str| record(id, versioned("1", 7, "refuse for now"));
    bench.receive(&[message("a"), message("b")]).await;
    bench.world.refuses.store(false, Ordering::SeqCst);
    assert!(bench.receive(&[message("c")]).await.is_empty());
    assert!(bench.effects().is_empty(), "no redrive");
    assert!(bench.receive(&letters(&bench)).await.is_empty());
    assert!(bench.receive(&[message("d")]).await.is_empty());
    assert_eq!((bench.effects(), bench.letters().len()), (vec!["1".to_owned()], 1));
}

#[tokio::test]
async fn a_newer_version_is_tried_whatever_became_of_an_older_one() {
    let bench = Bench::reopened_by_a_redrive();
    bench.receive(&[record("a", versioned("1", 7, "refuse"))]).await;
    assert!(bench.receive(&[record("b", versioned("1", 8, ""))]).await.is_empty());
    assert_eq!(bench.effects(), ["1"]);
    assert!(bench.receive(&letters(&bench)).await.is_empty());
    assert_eq!((bench.effects().len(), bench.letters().len()), (1, 1), "the letter is stale then");
}

#[tokio::test]
async fn an_older_letter_that_is_redriven_leaves_the_rejection_of_a_newer_version_alone() {
    let bench = Bench::reopened_by_a_redrive();
    for version in [7, 8] {
        bench.receive(&[record(&format!("v{version}"), versioned("1", version, "refuse"))]).await;
    }
    let before = bench.item("1").await;
    let (older, late) = (letters(&bench).remove(0), record("late", versioned("1", 8, "refuse")));
    for records in [&[older.clone()][..], &[older, late.clone()], &[late]] {
        assert!(bench.receive(records).await.is_empty());
    }
    assert_eq!((bench.item("1").await, bench.letters().len()), (before, 2));
    assert!(bench.receive(&letters(&bench)).await.is_empty());
    assert_eq!((bench.item("1").await.attempts, bench.letters().len()), (3, 3), "the newer letter was tried");
}

/// Until it is accepted there is no letter that could stand for anybody.
#[tokio::test]
async fn a_letter_that_was_not_accepted_stands_for_nobody() {
    let bench = Bench::reopened_by_a_redrive();
    bench.world.dead_letters_down.store(true, Ordering::SeqCst);
    let message = |id: &str| record(id, versioned("1", 7, "refuse"));
    assert_eq!(bench.receive(&[message("a"), message("b")]).await, ["a", "b"]);
    assert_eq!(bench.receive(&[message("c")]).await, ["c"]);
    bench.world.dead_letters_down.store(false, Ordering::SeqCst);
    assert!(bench.receive(&[message("c"), message("a"), message("b")]).await.is_empty());
    assert_eq!(bench.letters().len(), 1);
}

/// Its letter is of its own age: the ledger holds no rejection, and others of its version have a while left.
#[tokio::test]
async fn a_letter_of_a_message_that_was_held_for_too_long_stands_for_nobody() {
    for cause in ["forbid", "be misconfigured"] {
        let bench = Bench::reopened_by_a_redrive();
        let mut old = record("old", versioned("1", 7, cause));
        old["attributes"]["SentTimestamp"] = json!(millis("2026-11-20T11:59:00Z"));
        let again = bench.receive(&[old, record("fresh", versioned("1", 7, cause))]).await;
        let kept = again.len() + bench.world.held.lock().unwrap().len();
        assert_eq!((kept, bench.letters().len()), (1, 1), "{cause}");
        assert_eq!(bench.item("1").await.status, Status::Claimed);
    }
}

#[tokio::test]
async fn a_letter_whose_rejection_the_ledger_has_not_taken_stands_for_nobody() {
    let bench = Bench::reopened_by_a_redrive();
    bench.store.settles_nothing.store(true, Ordering::SeqCst);
    let message = |id: &str| record(id, versioned("1", 7, "refuse"));
    let again = bench.receive(&[message("a"), message("b")]).await;
    let kept = again.len() + bench.world.held.lock().unwrap().len();
    assert_eq!((kept, bench.letters().len()), (1, 1));
}

/// A message of version 7 on its last permitted receive.
fn last(id: &str, cause: &str) -> Value {
    received(5, record(id, versioned("1", 7, cause)))
}

#[tokio::test]
async fn a_letter_of_what_was_given_up_stands_for_all_of_its_version_as_one_of_a_refusal_does() {
    for cause in ["fail for a minute", "wait for another record"] {
        let bench = Bench::reopened_by_a_redrive();
        let younger = |n: u32| received(n, record(&format!("m-{n}"), versioned("1", 7, cause)));
        assert!(
            bench.receive(&[younger(1), last("a", cause), last("b", cause), younger(4)]).await.is_empty()
        );
        assert!(bench.receive(&[younger(2), last("c", cause)]).await.is_empty(), "and of later batches");
        let item = bench.item("1").await;
        assert_eq!((item.status, item.attempts, bench.letters().len()), (Status::Rejected, 1, 1), "{cause}");
        assert_eq!(item.code, bench.letters()[0].0);
        bench.receive(&letters(&bench)).await;
        assert_eq!(bench.item("1").await.attempts, 2, "until it is redriven");
    }
}

#[tokio::test]
async fn each_version_that_is_given_up_is_a_letter_whatever_is_known_of_the_one_before() {
    let bench = Bench::reopened_by_a_redrive();
    for version in [7, 8] {
        for id in ["a", "b"] {
            let message = record(&format!("{id}-{version}"), versioned("1", version, "fail"));
            bench.receive(&[received(5, message)]).await;
        }
    }
    assert_eq!(bench.letters().len(), 2);
}

/// Whoever was let in might find nothing, and do it once more.
#[tokio::test]
async fn what_was_given_up_while_the_target_may_be_at_work_is_no_rejection() {
    let bench = Bench::reopened_by_a_redrive();
    bench.receive(&[last("a", "lose the answer")]).await;
    let item = bench.item("1").await;
    assert_eq!((item.status, bench.letters().len()), (Status::Claimed, 1));
    assert!(item.lease_until_ms > 0);
}

#[tokio::test]
async fn what_another_message_may_mend_is_not_rejected_because_it_was_given_up() {
    let bench = Bench::new();
    bench.receive(&[last("a", "fail")]).await;
    assert_eq!((bench.item("1").await.status, bench.letters().len()), (Status::Claimed, 1));
}

#[tokio::test]
async fn what_only_waits_for_the_attempt_of_another_is_no_letter_beside_its() {
    let bench = Bench::reopened_by_a_redrive();
    let first = record("a", versioned("1", 7, "lose the answer"));
    assert_eq!(bench.receive(&[first]).await, ["a"]);
    assert_eq!(bench.receive(&[record("b", versioned("1", 7, "lose the answer"))]).await, ["b"]);
    assert!(bench.receive(&[last("b", "lose the answer")]).await.is_empty());
    let held = bench.world.held.lock().unwrap().remove(0);
    assert!(held.2 >= Duration::from_secs(60), "as long as the claim is kept");
    assert!(bench.letters().is_empty());
}

#[tokio::test]
async fn an_older_version_beside_a_newer_one_that_is_tried_again_is_no_letter() {
    let bench = Bench::reopened_by_a_redrive();
    let newer = record("newer", versioned("1", 8, "fail for a minute"));
    assert_eq!(bench.receive(&[last("older", "fail for a minute"), newer]).await, ["newer"]);
    let held = bench.world.held.lock().unwrap().remove(0);
    assert!(bench.receive(&[redelivered("held", &held)]).await.is_empty());
    let item = bench.item("1").await;
    assert_eq!((item.version, item.attempts, bench.letters().len()), (8, 1, 0), "it is stale");
}

#[tokio::test]
async fn a_redriven_letter_that_was_held_opens_it_all_the_same() {
    let bench = Bench::reopened_by_a_redrive();
    bench.receive(&[record("a", versioned("1", 7, "refuse"))]).await;
    for _ in 0..5 {
        bench.gate.observe(Observation::Failed(Code::TargetFailed));
    }
    bench.gate.share().await;
    assert!(bench.receive(&letters(&bench)).await.is_empty());
    let held = bench.world.held.lock().unwrap().remove(0);
    let redriven = redelivered("held", &held);
    bench.clock.advance(SignedDuration::from_mins(1));
    assert!(bench.receive(&[redriven]).await.is_empty());
    assert_eq!(bench.item("1").await.attempts, 2);
}

/// Read as CloudWatch reads it: off the standard output of a process that plays that test.
#[test]
fn messages_that_a_letter_stands_for_are_a_metric_of_the_flow() {
    let test = "rejected::one_letter_stands_for_all_messages_of_a_version_of_one_batch_and_of_later_ones";
    let lines = testkit::printed_by(test, None).into_iter();
    let counts =
        lines.filter(|line| line["Flow"] == "scripted").map(|line| line["CoveredByDeadLetter"].as_u64());
    assert_eq!(counts.map(Option::unwrap).sum::<u64>(), 6);
}

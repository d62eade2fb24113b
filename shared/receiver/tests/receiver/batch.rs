//! Which identifiers come again, what the dead letter queue holds, what is done.

use std::time::Duration;

use gate::GateConfig;
use jiff::SignedDuration;
use ledger::Status;
use message::{Code, Effect};
use receiver::BatchError;
use serde_json::{Value, json};

use crate::support::{Bench, World, body, received, record};

#[tokio::test]
async fn an_operation_of_many_steps_goes_on_where_it_was_broken_off() {
    let bench = Bench::new();
    for (attempt, again) in [(1, 1), (2, 1), (3, 0)] {
        let records = [received(attempt, record("m", body("1", "a step, then fail")))];
        assert_eq!(bench.receive(&records).await.len(), again, "{attempt}");
        bench.clock.advance(SignedDuration::from_mins(1));
    }
    assert_eq!(bench.effects(), ["1"]);
}

#[tokio::test]
async fn a_mixed_batch_answers_exactly_the_identifiers_that_come_again() {
    let bench = Bench::new();
    let failures = bench
        .receive(&[
            record("bad-json", "{"),
            record("panic", body("1", "panic")),
            record("poison", body("2", "no mapping")),
            record("good", body("3", "")),
        ])
        .await;
    assert_eq!(failures, ["panic"]);
    assert_eq!(bench.effects(), ["3"]);
    let reason = |code: &str, path: &str| (code.to_owned(), path.to_owned());
    assert_eq!(bench.letters(), [reason("SPW1002", "$"), reason("SPW2001", "$.sku")]);
}

#[tokio::test]
async fn a_panic_before_the_claim_comes_again_too() {
    let bench = Bench::new();
    let failures = bench.receive(&[record("panic", body("1", "panic while translating"))]).await;
    assert_eq!(failures, ["panic"]);
}

#[tokio::test]
async fn a_repeated_message_has_one_effect() {
    let bench = Bench::new();
    assert!(bench.receive(&[record("first", body("1", ""))]).await.is_empty());
    assert!(bench.receive(&[record("second", body("1", ""))]).await.is_empty());
    assert_eq!(bench.effects(), ["1"]);
    assert!(bench.letters().is_empty());
}

#[tokio::test]
async fn other_content_under_a_known_key_is_a_dead_letter() {
    let bench = Bench::new();
    bench.receive(&[record("first", body("1", ""))]).await;
    let failures = bench.receive(&[record("second", body("1", "something else"))]).await;
    assert!(failures.is_empty());
    assert_eq!(bench.letters()[0].0, Code::FingerprintConflict.as_str());
    assert_eq!(bench.effects(), ["1"]);
}

#[tokio::test]
async fn a_throttled_message_waits_at_least_as_long_as_the_target_asked() {
    let bench = Bench::new();
    let failures = bench.receive(&[record("slow", body("1", "fail for a minute"))]).await;
    assert_eq!(failures, ["slow"]);
    let delays = bench.world.delays.lock().unwrap().clone();
    assert_eq!(delays[0].0, "receipt-slow");
    assert!(delays[0].1 >= Duration::from_secs(60), "{delays:?}");
}

#[tokio::test]
async fn a_released_claim_can_be_tried_again_at_once() {
    let bench = Bench::new();
    bench.receive(&[record("1", body("1", "fail for a minute"))]).await;
    let item = bench.item("1").await;
    assert_eq!((item.lease_until_ms, item.effect), (0, Effect::Absent));
}

/// The target may still be at it: whoever looked now would not find the effect, and would make it again.
#[tokio::test]
async fn an_unknown_outcome_is_left_alone_until_the_target_has_had_its_time() {
    let bench = Bench::new();
    bench.receive(&[record("1", body("1", "lose the answer"))]).await;
    let delay = bench.world.delays.lock().unwrap()[0].1;
    assert!(delay >= Duration::from_secs(60), "{delay:?}");
    let item = bench.item("1").await;
    assert_eq!((item.status, item.effect), (Status::Claimed, Effect::Unknown));
    let kept = item.lease_until_ms - bench.clock.now().as_millisecond();
    assert_eq!(kept, 60_000, "the claim is kept, beyond its first lease");
}

#[tokio::test]
async fn the_last_permitted_receive_is_a_dead_letter_with_the_reason() {
    let bench = Bench::new();
    let fourth = bench.receive(&[received(4, record("m", body("1", "fail for a minute")))]).await;
    assert_eq!(fourth, ["m"]);
    let fifth = bench.receive(&[received(5, record("m", body("1", "fail for a minute")))]).await;
    assert!(fifth.is_empty(), "the copy is safe, the original is acknowledged");
    let letters = bench.world.letters.lock().unwrap().clone();
    let (copy, attributes) = &letters[0];
    assert_eq!(*copy, body("1", "fail for a minute"));
    for (name, value) in [
        ("Code", "SPW4002"),
        ("Flow", "scripted"),
        ("MappingVersion", "scripted/1, target/1"),
        ("SourceQueue", "orders"),
        ("OriginalMessageId", "m"),
        ("CorrelationId", "correlation-1"),
        ("Failures", "attempts=5 first=2026-11-24T11:59:30Z last=2026-11-24T12:00:00Z"),
    ] {
        assert_eq!(attributes[name], value);
    }
}

/// A target that has to be told of something else first is well, however many messages wait for that.
#[tokio::test]
async fn what_waits_for_another_record_comes_again_then_is_a_dead_letter_that_names_it() {
    let bench = Bench::new();
    let waiting = |attempts, n: usize| {
        received(attempts, record(&format!("m-{n}"), body(&n.to_string(), "wait for another record")))
    };
    let batch: Vec<_> = (0..8).map(|n| waiting(1, n)).collect();
    assert_eq!(bench.receive(&batch).await.len(), 8);
    let delays = bench.world.delays.lock().unwrap().clone();
    assert!(delays.iter().all(|(_, delay)| *delay >= Duration::from_secs(60)), "{delays:?}");
    assert!(bench.gate.closed().is_none() && bench.world.held.lock().unwrap().is_empty());
    let item = bench.item("0").await;
    assert_eq!((item.lease_until_ms, item.effect), (0, Effect::Absent));
    assert!(bench.receive(&[waiting(5, 0)]).await.is_empty());
    assert_eq!(bench.letters(), [("SPW4014".to_owned(), "$.account".to_owned())]);
}

#[tokio::test]
async fn a_refused_operation_is_recorded_as_rejected_and_a_repeat_adds_no_second_letter() {
    let bench = Bench::new();
    assert!(bench.receive(&[record("m", body("1", "refuse"))]).await.is_empty());
    let item = bench.item("1").await;
    assert_eq!((item.status, item.code.as_str()), (Status::Rejected, "SPW4009"));
    // SQS delivers the same message once more because the acknowledgement was lost.
    assert!(bench.receive(&[record("m", body("1", "refuse"))]).await.is_empty());
    assert_eq!(bench.letters().len(), 1);
    // Redriven from the DLQ it has a new id, and is tried again.
    assert!(bench.receive(&[record("redriven", body("1", "refuse"))]).await.is_empty());
    assert_eq!(bench.letters().len(), 2);
}

#[tokio::test]
async fn a_letter_names_the_mappings_that_its_message_went_through_and_so_does_the_ledger() {
    let bench = Bench::new();
    bench.receive(&[record("done", body("1", ""))]).await;
    for (id, action, code, mappings) in [
        ("unmapped", body("2", "no mapping"), "SPW2001", "scripted/1"),
        ("conflict", body("1", "other content"), "SPW3003", "scripted/1"),
        ("unsayable", body("3", "refuse by the target's mapping"), "SPW2003", "scripted/1, target/1"),
        ("refused", body("4", "refuse"), "SPW4009", "scripted/1, target/1"),
    ] {
        assert!(bench.receive(&[record(id, action)]).await.is_empty());
        let letters = bench.world.letters.lock().unwrap().clone();
        let (_, attributes) = letters.last().unwrap();
        assert_eq!((attributes["Code"].as_str(), attributes["MappingVersion"].as_str()), (code, mappings));
    }
    for order in ["1", "4"] {
        let item = bench.item(order).await;
        assert_eq!((item.mapping.as_str(), item.target_mapping.as_str()), ("scripted/1", "target/1"));
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_while_the_dead_letter_queue_is_down() {
    let bench = Bench::with(
        World { dead_letters_down: true.into(), ..World::default() },
        GateConfig::new("scripted"),
    );
    let failures = bench
        .receive(&[
            record("bad-json", "{"),
            received(5, record("last", body("1", "fail for a minute"))),
            record("refused", body("2", "refuse")),
            record("good", body("3", "")),
        ])
        .await;
    assert_eq!(failures, ["bad-json", "last", "refused"]);
    let item = bench.item("2").await;
    assert_eq!(item.status, Status::Claimed, "a rejection is recorded only once its letter is accepted");
}

#[tokio::test]
async fn records_are_not_started_near_the_deadline() {
    let bench = Bench::new();
    let records = [record("a", body("1", "")), record("b", body("2", ""))];
    let failures = bench.try_receive(&records, Duration::from_secs(2)).await.unwrap();
    assert_eq!(failures, ["a", "b"]);
    assert!(bench.effects().is_empty());
}

#[tokio::test]
async fn a_record_without_a_body_says_so_in_the_dead_letter_queue() {
    let bench = Bench::new();
    let mut empty = record("m", "");
    empty["body"] = Value::Null;
    assert!(bench.receive(&[empty]).await.is_empty());
    assert_eq!(bench.letters()[0].0, Code::BodyMissing.as_str());
}

#[tokio::test]
async fn a_record_without_an_id_is_worked_on_and_fails_the_batch_only_if_it_cannot_be_settled() {
    let bench = Bench::new();
    let nameless = |body: String| {
        let mut nameless = record("", body);
        nameless["messageId"] = Value::Null;
        nameless
    };
    let good = bench.try_receive(&[nameless(body("1", ""))], Duration::from_secs(30)).await;
    assert_eq!(good, Ok(Vec::new()));
    assert_eq!(bench.effects(), ["1"]);
    let stuck = bench.try_receive(&[nameless(body("2", "fail for a minute"))], Duration::from_secs(30)).await;
    assert_eq!(stuck, Err(BatchError));
}

#[tokio::test]
async fn a_large_batch_loses_and_invents_no_identifier() {
    let bench = Bench::new();
    let actions = ["", "fail for a minute", "panic", "no mapping", "refuse"];
    let records: Vec<_> = (0..200)
        .map(|n| record(&format!("id-{n:03}"), body(&n.to_string(), actions[n % actions.len()])))
        .collect();
    let failures = bench.receive(&records).await;
    let expected: Vec<_> =
        (0..200).filter(|n| matches!(n % 5, 1 | 2)).map(|n| format!("id-{n:03}")).collect();
    assert_eq!(failures, expected);
    assert_eq!(bench.effects().len(), 40);
    assert_eq!(bench.letters().len(), 80);
}

#[tokio::test]
async fn a_fresh_batch_costs_two_calls_to_the_ledger() {
    let bench = Bench::new();
    let records: Vec<_> = (0..10).map(|n| record(&format!("m-{n}"), body(&n.to_string(), ""))).collect();
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!(bench.ledger_calls(), 2);
}

#[tokio::test]
async fn a_follow_on_event_that_is_not_accepted_keeps_its_message() {
    let down = World { events_down: true, ..World::default() };
    let bench = Bench::with(down, GateConfig::new("scripted"));
    let records = [record("goes-on", body("1", "go on")), record("ends-here", body("2", ""))];
    assert_eq!(bench.receive(&records).await, ["goes-on"]);
    let item = bench.item("1").await;
    assert_eq!((item.status, item.effect, item.lease_until_ms), (Status::Claimed, Effect::Unknown, 0));
    assert_eq!(bench.item("2").await.status, Status::Done);
}

#[tokio::test]
async fn a_follow_on_event_is_sent_once_its_effect_is_there() {
    let bench = Bench::new();
    assert!(bench.receive(&[record("m", body("1", "go on"))]).await.is_empty());
    assert_eq!(bench.world.events.lock().unwrap().len(), 1);
    assert_eq!(bench.item("1").await.status, Status::Done);
}

#[tokio::test]
async fn a_queue_that_does_not_take_the_delay_loses_nothing() {
    let bench = Bench::with(World { queue_down: true, ..World::default() }, GateConfig::new("scripted"));
    assert_eq!(bench.receive(&[record("m", body("1", "fail for a minute"))]).await, ["m"]);
}

#[tokio::test]
async fn odd_attributes_of_a_record_are_no_reason_to_fail() {
    let bench = Bench::new();
    let mut odd = record("m", body("1", "no mapping"));
    odd["attributes"] = json!({
        "ApproximateReceiveCount": "many", "SentTimestamp": "-99999999999999999999",
        "ApproximateFirstReceiveTimestamp": "9999999999999999", "AWSTraceHeader": ""
    });
    odd["messageAttributes"] = json!({
        "Code": {"dataType": "String", "stringValue": "SPW9999"},
        "Failures": {"dataType": "String", "stringValue": "first=2027-99-99"},
        "FirstSentAt": {"dataType": "Number", "stringValue": "7"},
        "Blob": {"dataType": "Binary", "binaryValue": "AAEC"}
    });
    assert!(bench.receive(&[odd]).await.is_empty());
    let letters = bench.world.letters.lock().unwrap().clone();
    assert_eq!(letters[0].1["Code"], "SPW2001");
    assert_eq!(letters[0].1["Failures"], "attempts=1 first=2026-11-24T12:00:00Z last=2026-11-24T12:00:00Z");
}

//! A receiver on the in-memory ledger: which identifiers come again, what the dead letter queue holds, what is done.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::SqsEvent;
use channel::{ChannelError, DeadLetter, DeadLetterChannel, SourceQueue};
use ledger::{Ledger, MemoryStore, Status, Store};
use message::{Code, Effect, Envelope, OperationKey, Rejection};
use outbound::{Attempt, Budget, CallError, Refusal};
use receiver::{BatchError, Flow, Performed, Receiver, ReceiverParts, Translated};
use serde_json::{Value, json};
use tokio::time::Instant;

const MAX_RECEIVE_COUNT: u32 = 5;

/// Everything that the receiver did to the outside.
#[derive(Default)]
struct World {
    effects: Mutex<Vec<String>>,
    letters: Mutex<Vec<(String, HashMap<&'static str, String>)>>,
    delays: Mutex<Vec<(String, Duration)>>,
    dead_letters_down: bool,
}

#[async_trait]
impl DeadLetterChannel for World {
    async fn send(&self, letter: &DeadLetter<'_>) -> Result<(), ChannelError> {
        if self.dead_letters_down {
            return Err(ChannelError::Sqs { operation: "SendMessage", source: "down".into() });
        }
        let attributes = letter.attributes().into_iter().collect();
        self.letters.lock().unwrap().push((letter.body().to_owned(), attributes));
        Ok(())
    }
}

#[async_trait]
impl SourceQueue for World {
    async fn retry_after(&self, receipt_handle: &str, delay: Duration) -> Result<(), ChannelError> {
        self.delays.lock().unwrap().push((receipt_handle.to_owned(), delay));
        Ok(())
    }
}

/// `data.do` says what becomes of a message; `data.order` is its business key.
struct Scripted(Arc<World>);

#[async_trait]
impl Flow for Scripted {
    type Operation = Value;

    fn name(&self) -> &'static str {
        "scripted"
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<Value>, Rejection> {
        let data: Value = serde_json::from_str(envelope.data.get()).unwrap();
        match data["do"].as_str() {
            Some("panic while translating") => panic!("as told"),
            Some("no mapping") => {
                Err(Rejection::new(Code::FieldMissing, "$.sku", "expected a string")
                    .with_mapping("scripted/1"))
            }
            _ => Ok(Translated {
                key: OperationKey::new("scripted", &[data["order"].as_str().unwrap()]),
                operation: data,
                mapping: "scripted/1",
            }),
        }
    }

    async fn perform(
        &self,
        _: &Envelope,
        operation: &Value,
        _: Effect,
        _: &Budget,
    ) -> Result<Performed, Attempt> {
        let failed = |error| Err(Attempt { effect: Effect::Absent, error });
        match operation["do"].as_str() {
            Some("panic") => panic!("as told"),
            Some("throttle") => failed(CallError::NotNow {
                code: Code::TargetThrottled,
                after: Some(Duration::from_secs(60)),
            }),
            Some("lose the answer") => Err(Attempt {
                effect: Effect::Unknown,
                error: CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None },
            }),
            Some("refuse") => {
                failed(CallError::Refused(Refusal::new(Code::ProductUnknown, "$.sku", "unknown")))
            }
            _ => {
                self.0.effects.lock().unwrap().push(operation["order"].as_str().unwrap().to_owned());
                Ok(Performed { outcome: "{}".to_owned() })
            }
        }
    }
}

struct Bench {
    world: Arc<World>,
    store: Arc<MemoryStore>,
    receiver: Receiver<Scripted>,
}

impl Bench {
    fn new() -> Self {
        Self::with(World::default())
    }

    fn with(world: World) -> Self {
        let (world, store) = (Arc::new(world), Arc::new(MemoryStore::default()));
        let receiver = Receiver::new(ReceiverParts {
            flow: Scripted(Arc::clone(&world)),
            ledger: Ledger::new(Arc::<MemoryStore>::clone(&store), Duration::from_secs(3_600)),
            dead_letters: Arc::<World>::clone(&world),
            source: Arc::<World>::clone(&world),
            max_receive_count: MAX_RECEIVE_COUNT,
        });
        Self { world, store, receiver }
    }

    /// The identifiers that come again.
    async fn receive(&self, records: &[Value]) -> Vec<String> {
        self.try_receive(records, Duration::from_secs(30)).await.unwrap()
    }

    async fn try_receive(&self, records: &[Value], left: Duration) -> Result<Vec<String>, BatchError> {
        let event: SqsEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
        let response = self.receiver.receive(event, Instant::now() + left).await?;
        Ok(response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect())
    }

    fn effects(&self) -> Vec<String> {
        let mut effects = self.world.effects.lock().unwrap().clone();
        effects.sort();
        effects
    }

    /// Code and path of each dead letter.
    fn letters(&self) -> Vec<(String, String)> {
        let letters = self.world.letters.lock().unwrap();
        let mut reasons: Vec<_> =
            letters.iter().map(|(_, is)| (is["Code"].clone(), is["Path"].clone())).collect();
        reasons.sort();
        reasons
    }
}

fn record(id: &str, body: impl Into<String>) -> Value {
    json!({
        "messageId": id, "receiptHandle": format!("receipt-{id}"), "body": body.into(),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:orders", "eventSource": "aws:sqs"
    })
}

fn body(order: &str, action: &str) -> String {
    json!({
        "specversion": "1.0", "id": order, "source": "/test/shop", "type": "test.order",
        "time": "2026-11-24T10:00:00Z", "correlationid": format!("correlation-{order}"),
        "data": {"order": order, "do": action}
    })
    .to_string()
}

fn received(times: u32, mut record: Value) -> Value {
    record["attributes"]["ApproximateReceiveCount"] = json!(times.to_string());
    record
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
async fn the_same_order_twice_in_one_batch_has_one_effect() {
    let bench = Bench::new();
    let failures = bench.receive(&[record("first", body("1", "")), record("second", body("1", ""))]).await;
    assert_eq!(bench.effects(), ["1"]);
    assert!(failures.len() <= 1, "the second is a duplicate or in progress: {failures:?}");
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
    let failures = bench.receive(&[record("slow", body("1", "throttle"))]).await;
    assert_eq!(failures, ["slow"]);
    let delays = bench.world.delays.lock().unwrap().clone();
    assert_eq!(delays[0].0, "receipt-slow");
    assert!(delays[0].1 >= Duration::from_secs(60), "{delays:?}");
}

#[tokio::test]
async fn a_released_claim_can_be_tried_again_at_once() {
    let bench = Bench::new();
    bench.receive(&[record("1", body("1", "throttle"))]).await;
    let key = OperationKey::new("scripted", &["1"]);
    let item = bench.store.get(&key).await.unwrap().unwrap();
    assert_eq!((item.lease_until_ms, item.effect), (0, Effect::Absent));
}

/// The target may still be at it: whoever looked now would not find the effect, and would make it again.
#[tokio::test]
async fn an_unknown_outcome_is_left_alone_until_the_target_has_had_its_time() {
    let bench = Bench::new();
    bench.receive(&[record("1", body("1", "lose the answer"))]).await;
    let delay = bench.world.delays.lock().unwrap()[0].1;
    assert!(delay >= Duration::from_secs(60), "{delay:?}");
    let item = bench.store.get(&OperationKey::new("scripted", &["1"])).await.unwrap().unwrap();
    assert_eq!((item.status, item.effect), (Status::Claimed, Effect::Unknown));
    assert!(item.lease_until_ms > 0, "the claim is kept");
}

#[tokio::test]
async fn the_last_permitted_receive_is_a_dead_letter_with_the_reason() {
    let bench = Bench::new();
    let fourth = bench.receive(&[received(4, record("m", body("1", "throttle")))]).await;
    assert_eq!(fourth, ["m"]);
    let fifth = bench.receive(&[received(5, record("m", body("1", "throttle")))]).await;
    assert!(fifth.is_empty(), "the copy is safe, the original is acknowledged");
    let letters = bench.world.letters.lock().unwrap().clone();
    let (copy, attributes) = &letters[0];
    assert_eq!(*copy, body("1", "throttle"));
    for (name, value) in [
        ("Code", "SPW4003"),
        ("Flow", "scripted"),
        ("MappingVersion", "scripted/1"),
        ("SourceQueue", "orders"),
        ("OriginalMessageId", "m"),
        ("CorrelationId", "correlation-1"),
        ("Attempts", "5"),
    ] {
        assert_eq!(attributes[name], value);
    }
}

#[tokio::test]
async fn a_refused_operation_is_recorded_as_rejected_and_a_repeat_adds_no_second_letter() {
    let bench = Bench::new();
    assert!(bench.receive(&[record("m", body("1", "refuse"))]).await.is_empty());
    let item = bench.store.get(&OperationKey::new("scripted", &["1"])).await.unwrap().unwrap();
    assert_eq!((item.status, item.code.as_str()), (Status::Rejected, "SPW4009"));
    // SQS delivers the same message once more because the acknowledgement was lost.
    assert!(bench.receive(&[record("m", body("1", "refuse"))]).await.is_empty());
    assert_eq!(bench.letters().len(), 1);
    // Redriven from the DLQ it has a new id, and is tried again.
    assert!(bench.receive(&[record("redriven", body("1", "refuse"))]).await.is_empty());
    assert_eq!(bench.letters().len(), 2);
}

#[tokio::test]
async fn nothing_is_acknowledged_while_the_dead_letter_queue_is_down() {
    let bench = Bench::with(World { dead_letters_down: true, ..World::default() });
    let failures = bench
        .receive(&[
            record("bad-json", "{"),
            received(5, record("last", body("1", "throttle"))),
            record("refused", body("2", "refuse")),
            record("good", body("3", "")),
        ])
        .await;
    assert_eq!(failures, ["bad-json", "last", "refused"]);
    let item = bench.store.get(&OperationKey::new("scripted", &["2"])).await.unwrap().unwrap();
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
    let stuck = bench.try_receive(&[nameless(body("2", "throttle"))], Duration::from_secs(30)).await;
    assert_eq!(stuck, Err(BatchError));
}

#[tokio::test]
async fn a_large_batch_loses_and_invents_no_identifier() {
    let bench = Bench::new();
    let actions = ["", "throttle", "panic", "no mapping", "refuse"];
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

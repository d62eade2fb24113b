//! A receiver on in-memory doubles of everything around it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::SqsEvent;
use channel::{
    Attributes, ChannelError, DeadLetter, DeadLetterChannel, Delay, EventChannel, HeldMessage, OutgoingEvent,
    Sent, SourceQueue,
};
use gate::{Gate, GateConfig, MemoryGateStore};
use ledger::{
    ClaimAnswer, ClaimWrite, Item, Ledger, LedgerError, MemoryStore, SettleAnswer, SettleWrite, Store,
};
use message::{Envelope, OperationKey};
use receiver::{BatchError, Limits, Receiver, ReceiverParts, ReopenedBy};
use serde_json::{Value, json};
use testkit::FakeClock;
use tokio::time::Instant;

use crate::scripted::Scripted;

/// A message that was sent again: its body, attributes and delay.
pub(crate) type Held = (String, Attributes, Duration);

/// Everything that the receiver did to the outside.
#[derive(Default)]
pub(crate) struct World {
    /// Orders, in the sequence of their effects.
    pub(crate) effects: Mutex<Vec<String>>,
    /// Orders of "fail slowly", in the sequence of their calls.
    pub(crate) tried: Mutex<Vec<String>>,
    pub(crate) letters: Mutex<Vec<(String, HashMap<&'static str, String>)>>,
    pub(crate) delays: Mutex<Vec<(String, Duration)>>,
    pub(crate) held: Mutex<Vec<Held>>,
    pub(crate) events: Mutex<Vec<Envelope>>,
    pub(crate) dead_letters_down: AtomicBool,
    /// What becomes of "refuse for now".
    pub(crate) refuses: AtomicBool,
    pub(crate) queue_down: bool,
    pub(crate) events_down: bool,
}

fn answer(down: bool) -> Result<(), ChannelError> {
    if down {
        Err(ChannelError::Refused { operation: "SendMessageBatch", code: "InternalError".to_owned() })
    } else {
        Ok(())
    }
}

#[async_trait]
impl DeadLetterChannel for World {
    async fn send(&self, letters: &[DeadLetter<'_>]) -> Sent {
        let each = letters.iter().map(|letter| {
            answer(self.dead_letters_down.load(Ordering::SeqCst))?;
            let attributes = letter.attributes().into_iter().collect();
            self.letters.lock().unwrap().push((letter.body().to_owned(), attributes));
            Ok(())
        });
        each.collect()
    }
}

#[async_trait]
impl SourceQueue for World {
    async fn retry_after(&self, delays: &[Delay<'_>]) -> Sent {
        let each = delays.iter().map(|delay| {
            self.delays.lock().unwrap().push((delay.receipt_handle.to_owned(), delay.delay));
            answer(self.queue_down)
        });
        each.collect()
    }

    async fn hold(&self, messages: &[HeldMessage<'_>]) -> Sent {
        let each = messages.iter().map(|message| {
            answer(self.queue_down)?;
            let held = (message.body.to_owned(), message.attributes(), message.delay);
            self.held.lock().unwrap().push(held);
            Ok(())
        });
        each.collect()
    }
}

#[async_trait]
impl EventChannel for World {
    async fn send(&self, events: &[OutgoingEvent<'_>]) -> Sent {
        let each = events.iter().map(|event| {
            answer(self.events_down)?;
            self.events.lock().unwrap().push(event.envelope.clone());
            Ok(())
        });
        each.collect()
    }
}

/// A store that counts its calls, and may be down.
#[derive(Default)]
pub(crate) struct Counted {
    store: MemoryStore,
    calls: AtomicUsize,
    pub(crate) down: AtomicBool,
    pub(crate) settles_nothing: AtomicBool,
}

#[async_trait]
impl Store for Counted {
    async fn claim(&self, writes: &[ClaimWrite<'_>]) -> Vec<Result<ClaimAnswer, LedgerError>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return writes.iter().map(|_| Err(LedgerError::unavailable("down, as told"))).collect();
        }
        self.store.claim(writes).await
    }

    async fn settle(&self, writes: &[SettleWrite<'_>]) -> Vec<Result<SettleAnswer, LedgerError>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.settles_nothing.load(Ordering::SeqCst) {
            return writes.iter().map(|_| Err(LedgerError::unavailable("down, as told"))).collect();
        }
        self.store.settle(writes).await
    }

    async fn get(&self, key: &OperationKey) -> Result<Option<Item>, LedgerError> {
        self.store.get(key).await
    }

    async fn by_target_id(&self, target_id: &str) -> Result<Vec<OperationKey>, LedgerError> {
        self.store.by_target_id(target_id).await
    }
}

pub(crate) fn key(order: &str) -> OperationKey {
    OperationKey::new("scripted", &[order])
}

pub(crate) struct Bench {
    pub(crate) world: Arc<World>,
    pub(crate) store: Arc<Counted>,
    pub(crate) clock: FakeClock,
    pub(crate) gate: Arc<Gate>,
    receiver: Receiver<Scripted>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(World::default(), GateConfig::new("scripted"))
    }

    pub(crate) fn with(world: World, config: GateConfig) -> Self {
        Self::limited(world, config, Limits::default())
    }

    pub(crate) fn limited(world: World, config: GateConfig, limits: Limits) -> Self {
        Self::of(world, config, limits, ReopenedBy::AnyOther)
    }

    /// Where one letter stands for all messages of a version.
    pub(crate) fn reopened_by_a_redrive() -> Self {
        Self::of(World::default(), GateConfig::new("scripted"), Limits::default(), ReopenedBy::Redrive)
    }

    fn of(world: World, config: GateConfig, limits: Limits, reopened_by: ReopenedBy) -> Self {
        let (world, store) = (Arc::new(world), Arc::new(Counted::default()));
        let clock = FakeClock::at("2026-11-24T12:00:00Z");
        let gate = Arc::new(Gate::new(Arc::new(MemoryGateStore::default()), config, clock.as_fn()));
        let retention = Duration::from_secs(3_600);
        let receiver = Receiver::new(ReceiverParts {
            flow: Scripted { world: Arc::clone(&world), reopened_by },
            ledger: Ledger::with_clock(Arc::<Counted>::clone(&store), retention, clock.as_fn()),
            gate: Arc::clone(&gate),
            events: Some(Arc::<World>::clone(&world)),
            dead_letters: Arc::<World>::clone(&world),
            source: Arc::<World>::clone(&world),
            mappings: None,
            limits,
            clock: clock.as_fn(),
        });
        Self { world, store, clock, gate, receiver }
    }

    /// The identifiers that come again.
    pub(crate) async fn receive(&self, records: &[Value]) -> Vec<String> {
        self.try_receive(records, Duration::from_secs(30)).await.unwrap()
    }

    pub(crate) async fn try_receive(
        &self,
        records: &[Value],
        left: Duration,
    ) -> Result<Vec<String>, BatchError> {
        let event: SqsEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
        let response = self.receiver.receive(event, Instant::now() + left).await?;
        Ok(response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect())
    }

    /// In the sequence in which they were made.
    pub(crate) fn effects_in_order(&self) -> Vec<String> {
        self.world.effects.lock().unwrap().clone()
    }

    pub(crate) fn effects(&self) -> Vec<String> {
        let mut effects = self.effects_in_order();
        effects.sort();
        effects
    }

    /// Code and path of each dead letter.
    pub(crate) fn letters(&self) -> Vec<(String, String)> {
        let letters = self.world.letters.lock().unwrap();
        let mut reasons: Vec<_> =
            letters.iter().map(|(_, is)| (is["Code"].clone(), is["Path"].clone())).collect();
        reasons.sort();
        reasons
    }

    pub(crate) fn ledger_calls(&self) -> usize {
        self.store.calls.load(Ordering::SeqCst)
    }

    pub(crate) async fn item(&self, order: &str) -> Item {
        self.store.get(&key(order)).await.unwrap().unwrap()
    }
}

pub(crate) fn record(id: &str, body: impl Into<String>) -> Value {
    json!({
        "messageId": id, "receiptHandle": format!("receipt-{id}"), "body": body.into(),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": millis("2026-11-24T11:59:00Z"),
            "ApproximateFirstReceiveTimestamp": millis("2026-11-24T11:59:30Z")
        },
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:orders", "eventSource": "aws:sqs"
    })
}

pub(crate) fn millis(time: &str) -> String {
    time.parse::<jiff::Timestamp>().unwrap().as_millisecond().to_string()
}

pub(crate) fn body(order: &str, action: &str) -> String {
    versioned(order, 0, action)
}

pub(crate) fn versioned(order: &str, version: u64, action: &str) -> String {
    json!({
        "specversion": "1.0", "id": order, "source": "/test/shop", "type": "test.order",
        "time": "2026-11-24T10:00:00Z", "correlationid": format!("correlation-{order}"),
        "data": {"order": order, "do": action, "version": version}
    })
    .to_string()
}

/// The record that SQS makes of a dead letter that is redriven.
pub(crate) fn redriven(id: &str, (body, attributes): &(String, HashMap<&'static str, String>)) -> Value {
    let mut record = record(id, body.as_str());
    for (name, value) in attributes {
        record["messageAttributes"][name] = json!({"dataType": "String", "stringValue": value});
    }
    record
}

/// The record that SQS makes of a held message.
pub(crate) fn redelivered(id: &str, (body, attributes, _): &Held) -> Value {
    let mut record = record(id, body.as_str());
    for (name, value) in attributes {
        record["messageAttributes"][name] =
            json!({"dataType": "String", "stringValue": value.text().unwrap()});
    }
    record
}

pub(crate) fn received(times: u32, mut record: Value) -> Value {
    record["attributes"]["ApproximateReceiveCount"] = json!(times.to_string());
    record
}

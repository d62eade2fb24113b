use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::SqsEvent;
use channel::{Attribute, Attributes, DeadLetter, DeadLetterChannel, Delay, HeldMessage, Sent, SourceQueue};
use gate::{Gate, GateConfig, MemoryGateStore};
use jiff::{SignedDuration, Timestamp};
use ledger::{Ledger, MemoryStore};
use message::Envelope;
use receiver::{Limits, Receiver, ReceiverParts};
use serde_json::{Value, json};
use testkit::FakeClock;
use tokio::time::Instant;
use warehouse_to_bi::WarehouseToBi;

use super::{Bi, flow};

/// A queue that is not empty by then never will be.
const MOST_BATCHES: usize = 100;

/// The flow in a receiver, behind a queue.
pub(crate) struct Bench {
    pub(crate) bi: Arc<Bi>,
    pub(crate) clock: FakeClock,
    queue: Arc<Queue>,
    receiver: Receiver<WarehouseToBi>,
}

/// SQS as far as waiting goes: whether a message is visible, how often it was received, and what it carries.
struct Queue {
    clock: FakeClock,
    messages: Mutex<Vec<Message>>,
    sent: AtomicUsize,
    letters: Mutex<Vec<(String, Attributes)>>,
}

#[derive(Clone)]
struct Message {
    id: String,
    body: String,
    attributes: Attributes,
    sent: Timestamp,
    visible: Timestamp,
    receives: u32,
}

impl Queue {
    fn now(&self) -> Timestamp {
        (self.clock.as_fn())()
    }

    fn send(&self, body: &str, attributes: Attributes, delay: Duration) {
        let (mut messages, sent) = (self.messages.lock().unwrap(), self.now());
        // What SQS takes at most, in whole seconds.
        let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
        let delay = SignedDuration::from_secs(seconds.min(900).try_into().unwrap());
        messages.push(Message {
            id: format!("m-{}", self.sent.fetch_add(1, Ordering::SeqCst)),
            body: body.to_owned(),
            attributes,
            sent,
            visible: sent + delay,
            receives: 0,
        });
    }
}

#[async_trait]
impl SourceQueue for Queue {
    async fn retry_after(&self, delays: &[Delay<'_>]) -> Sent {
        let now = self.now();
        let mut messages = self.messages.lock().unwrap();
        for delay in delays {
            let message = messages.iter_mut().find(|message| message.id == delay.receipt_handle).unwrap();
            message.visible = now + SignedDuration::try_from(delay.delay).unwrap();
        }
        delays.iter().map(|_| Ok(())).collect()
    }

    async fn hold(&self, messages: &[HeldMessage<'_>]) -> Sent {
        let each = messages.iter().map(|held| {
            self.send(held.body, held.attributes(), held.delay);
            Ok(())
        });
        each.collect()
    }
}

#[async_trait]
impl DeadLetterChannel for Queue {
    async fn send(&self, letters: &[DeadLetter<'_>]) -> Sent {
        let mut kept = self.letters.lock().unwrap();
        kept.extend(letters.iter().map(|letter| {
            let attributes = letter.attributes().into_iter();
            let attributes = attributes.map(|(name, value)| (name.to_owned(), Attribute::string(value)));
            (letter.body().to_owned(), attributes.collect())
        }));
        letters.iter().map(|_| Ok(())).collect()
    }
}

impl Bench {
    pub(crate) fn at(time: &str) -> Self {
        let clock = FakeClock::at(time);
        let bi = Bi::on(&clock);
        let queue = Arc::new(Queue {
            clock: clock.clone(),
            messages: Mutex::default(),
            sent: AtomicUsize::default(),
            letters: Mutex::default(),
        });
        let config = GateConfig::new("superset");
        let store = Arc::new(MemoryStore::default());
        let receiver = Receiver::new(ReceiverParts {
            flow: flow(&bi),
            ledger: Ledger::with_clock(store, Duration::from_secs(86_400), clock.as_fn()),
            gate: Arc::new(Gate::new(Arc::new(MemoryGateStore::default()), config, clock.as_fn())),
            events: None,
            dead_letters: Arc::<Queue>::clone(&queue),
            source: Arc::<Queue>::clone(&queue),
            mappings: None,
            limits: Limits::default(),
            clock: clock.as_fn(),
        });
        Self { bi, clock, queue, receiver }
    }

    pub(crate) fn send(&self, envelope: &Envelope) {
        self.queue.send(&envelope.encode().unwrap(), Attributes::new(), Duration::ZERO);
    }

    pub(crate) fn now(&self) -> String {
        self.queue.now().to_string()
    }

    /// Code and path of each dead letter.
    pub(crate) fn letters(&self) -> Vec<(String, String)> {
        let letters = self.queue.letters.lock().unwrap();
        let of = |attributes: &Attributes, name| attributes[name].text().unwrap().to_owned();
        letters.iter().map(|(_, attributes)| (of(attributes, "Code"), of(attributes, "Path"))).collect()
    }

    /// As the console does it: body and attributes as they are, under new message ids.
    pub(crate) fn redrive(&self) {
        let letters = std::mem::take(&mut *self.queue.letters.lock().unwrap());
        for (body, attributes) in letters {
            self.queue.send(&body, attributes, Duration::ZERO);
        }
    }

    /// What is visible now, in batches.
    pub(crate) async fn work(&self) {
        for _ in 0..MOST_BATCHES {
            let batch = self.batch();
            if batch.is_empty() {
                return;
            }
            let records: Vec<_> = batch.iter().map(record).collect();
            let event: SqsEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
            let answer =
                self.receiver.receive(event, Instant::now() + Duration::from_secs(30)).await.unwrap();
            let again: Vec<_> =
                answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
            let done = |message: &Message| {
                batch.iter().any(|it| it.id == message.id) && !again.contains(&message.id)
            };
            self.queue.messages.lock().unwrap().retain(|message| !done(message));
        }
        panic!("messages are left");
    }

    fn batch(&self) -> Vec<Message> {
        let now = self.queue.now();
        let mut messages = self.queue.messages.lock().unwrap();
        let visible = messages.iter_mut().filter(|message| message.visible <= now).take(10);
        visible
            .map(|message| {
                message.receives += 1;
                message.visible = now + SignedDuration::from_secs(1_080);
                message.clone()
            })
            .collect()
    }

    /// However long the messages have to wait.
    pub(crate) async fn until_empty(&self) {
        for _ in 0..MOST_BATCHES {
            self.work().await;
            let next = self.queue.messages.lock().unwrap().iter().map(|message| message.visible).min();
            let Some(next) = next else { return };
            self.clock.advance(next.duration_since(self.queue.now()));
        }
        panic!("messages are left");
    }
}

fn record(message: &Message) -> Value {
    let attributes: serde_json::Map<_, _> = message
        .attributes
        .iter()
        .map(|(name, value)| {
            (name.clone(), json!({"dataType": "String", "stringValue": value.text().unwrap()}))
        })
        .collect();
    let sent = message.sent.as_millisecond().to_string();
    json!({
        "messageId": message.id, "receiptHandle": message.id, "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": message.receives.to_string(),
            "SentTimestamp": sent,
            "ApproximateFirstReceiveTimestamp": sent
        },
        "messageAttributes": attributes,
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:warehouse-to-bi", "eventSource": "aws:sqs"
    })
}

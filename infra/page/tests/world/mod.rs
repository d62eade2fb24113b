//! A deployment in memory, with letters of the causes in `fixtures/causes.json`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use channel::{Attribute, Attributes, attribute_names as name};
use control::MemoryControlStore;
use jiff::{SignedDuration, Timestamp};
use page::{Held, Journey, Journeys, Step};
use review::memory::World;
use review::{Clock, FlowQueues, Letter, Limits, Review};
use serde::Deserialize;
use serde_json::Value;
use transform::Catalog;

pub(crate) const BY: &str = "arn:aws:sts::123456789012:assumed-role/LetterMover/ann";
const ORDER: &str = include_str!("../fixtures/order.json");
const CAUSES: &str = include_str!("../fixtures/causes.json");
const NOW: &str = "2026-11-24T12:00:00Z";

#[derive(Deserialize)]
pub(crate) struct Cause {
    pub(crate) flow: String,
    code: String,
    path: String,
    summary: String,
    mapping: String,
    pub(crate) count: usize,
    /// Of the order, by JSON pointer.
    set: BTreeMap<String, Value>,
}

pub(crate) fn causes() -> Vec<Cause> {
    serde_json::from_str(CAUSES).unwrap()
}

impl Cause {
    fn letter(&self, cause: usize, number: usize) -> Letter {
        let id =
            format!("{:08x}-{cause:04x}-4000-8000-{number:012x}", 0xa000_0000_usize + cause * 4096 + number);
        let now: Timestamp = NOW.parse().unwrap();
        let age = SignedDuration::from_mins(i64::try_from(60 * 24 * 2 * cause + number).unwrap());
        let mut body: Value = serde_json::from_str(ORDER).unwrap();
        body["id"] = format!("evt-{cause}-{number}").into();
        body["correlationid"] = body["id"].clone();
        body["data"]["id"] = (cause * 10_000 + number + 1).into();
        for (pointer, value) in &self.set {
            *body.pointer_mut(pointer).unwrap() = value.clone();
        }
        Letter {
            receipt: String::new(),
            body: body.to_string(),
            attributes: self.attributes(&id, now - age),
            sent_at: now - age,
            receive_count: 1,
            trace_header: None,
            group_id: None,
            id,
        }
    }

    fn attributes(&self, id: &str, at: Timestamp) -> Attributes {
        if self.code.is_empty() {
            return Attributes::new();
        }
        let texts = [
            (name::CODE, self.code.clone()),
            (name::PATH, self.path.clone()),
            (name::FLOW, self.flow.clone()),
            (name::MAPPING_VERSION, self.mapping.clone()),
            (name::SUMMARY, self.summary.clone()),
            (name::SOURCE_QUEUE, format!("spillway-{}", self.flow)),
            (name::ORIGINAL_MESSAGE_ID, id.to_owned()),
            (name::FAILURES, format!("attempts=5 first={at} last={at}")),
        ];
        let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
        texts.map(|(name, text)| (name.to_owned(), Attribute::string(text))).collect()
    }
}

/// A world for each flow's queue; one of them keeps the records, the archive and the time.
pub(crate) struct Deployment {
    pub(crate) flows: BTreeMap<String, World>,
    pub(crate) kept: World,
}

impl Deployment {
    /// So many times the letters of each cause.
    pub(crate) fn new(times: usize) -> Self {
        let kept = World::new(NOW.parse().unwrap());
        let mut flows: BTreeMap<String, World> = BTreeMap::new();
        for (number, cause) in causes().iter().enumerate() {
            let world = flows.entry(cause.flow.clone()).or_insert_with(|| World::new(NOW.parse().unwrap()));
            for letter in 0..cause.count * times {
                world.add(cause.letter(number, letter));
            }
        }
        Self { flows, kept }
    }

    /// As `clock` passes.
    pub(crate) fn review(&self, clock: Arc<dyn Clock>) -> Review {
        let queues =
            |world: &World| FlowQueues { letters: Arc::new(world.clone()), source: Arc::new(world.clone()) };
        Review {
            flows: self.flows.iter().map(|(flow, world)| (flow.clone(), queues(world))).collect(),
            records: Arc::new(self.kept.clone()),
            archive: Arc::new(self.kept.clone()),
            control: Arc::new(MemoryControlStore::default()),
            clock,
            catalog: std::sync::Arc::new(Catalog::built_in().unwrap().clone()),
            settings: HashMap::new(),
            by: BY.to_owned(),
            limits: Limits::default(),
        }
    }

    pub(crate) fn on_queues(&self) -> usize {
        self.flows.values().map(|world| world.on_queue().len()).sum()
    }
}

/// Logs that have the same of every event.
pub(crate) struct Logs {
    journey: Result<Journey, String>,
    /// The events that were asked for.
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Logs {
    pub(crate) fn with(journey: Result<Journey, String>) -> Arc<Self> {
        Arc::new(Self { journey, asked: Mutex::default() })
    }

    /// In the words of whoever has made the target say it.
    pub(crate) fn refused(said: &str) -> Arc<Self> {
        let step = |when: &str, function: &str, what: &str, how: &str| {
            let [when, function, what, how] = [when, function, what, how].map(str::to_owned);
            Step { when, function, what, how }
        };
        let orders = "shop-orders-to-inventory";
        Self::with(Ok(Journey {
            steps: vec![
                step(
                    "2026-11-24T09:15:31.250Z",
                    "shop-ingest",
                    "webhook queued",
                    "shopify.orders/create, of shopify",
                ),
                step("2026-11-24T09:15:32.031Z", orders, "tryton POST", said),
                step(
                    "2026-11-24T09:15:32.044Z",
                    orders,
                    "Reject",
                    "SPW4009, at $.lines[0].sku, receive 1, to the DLQ: yes",
                ),
            ],
            ledger: vec![Held {
                state: "REJECTED SPW4009".to_owned(),
                operation: "19:orders-to-inventory/4:acme/1:1/7:reserve".to_owned(),
                what: "1 attempt".to_owned(),
            }],
            last_call: Some(("tryton POST".to_owned(), said.to_owned())),
            end: (false, "1 message of it not ended well yet".to_owned()),
        }))
    }
}

#[async_trait]
impl Journeys for Logs {
    async fn follow(&self, correlation_id: &str, days: u16) -> Result<Journey, String> {
        assert_eq!(days, page::JOURNEY_DAYS);
        self.asked.lock().unwrap().push(correlation_id.to_owned());
        self.journey.clone()
    }
}

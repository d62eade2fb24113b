//! What the tests beside this read the print of: each is played in a process of its own, and prints there.
#![expect(clippy::print_stdout, reason = "what operators read beside the log is searched with it")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use channel::Attributes;
use control::{ControlStore, Entry, Mappings, MemoryControlStore};
use ledger::MemoryStore;
use message::Envelope;
use receiver::{Flow, Receiver};
use serde_json::{Value, json};
use testkit::{CANARY, canary};
use transform::canonical::Order;
use transform::{Change, Overrides};

use super::examples::{EXAMPLES, Example, SHOPIFY};
use super::scripted::{Does, Tells};
use crate::echo::{Echo, Form};
use crate::hook::Hook;
use crate::run::Worker;
use crate::weather::Weather;
use crate::world::World;

/// More often than a message is received.
const TURNS: usize = 6;

/// In a process of its own it prints as a function does; among the other tests it only has to come to its end.
fn begin() {
    if std::env::var_os("AWS_LAMBDA_FUNCTION_NAME").is_some() {
        telemetry::init();
    }
    fastrand::seed(7);
}

/// One message until its end or as often as it is received, in a world that is made so; then what is kept of it.
pub(super) async fn play<F: Flow + 'static>(
    body: &str,
    receiver: &dyn Fn(&Arc<World>, &Hook) -> Receiver<F>,
    make: impl FnOnce(&World),
) -> Ended {
    let store = Arc::new(MemoryStore::default());
    let world = World::on(Arc::<MemoryStore>::clone(&store), &Weather::FAIR);
    make(&world);
    world.source.send(body, Attributes::new(), world.now_ms(), Duration::ZERO);
    for _ in 0..TURNS {
        if !world.next_message().await {
            break;
        }
        if let Some(mut worker) = Worker::start(&world, &[], receiver) {
            worker.go().await;
        }
    }
    let (letters, held) = (world.dead_letters.messages(), world.source.messages());
    for message in letters.iter().chain(&held) {
        for (name, value) in &message.attributes {
            println!("attribute {name}: {}", value.text().unwrap_or_default());
        }
    }
    let mut keys = BTreeSet::new();
    for (key, item) in store.items() {
        println!("ledger item {}: {item:?}", key.as_str());
        keys.insert(key.as_str().to_owned());
    }
    Ended { is_good: letters.is_empty() && held.is_empty(), keys }
}

pub(crate) struct Ended {
    pub(crate) is_good: bool,
    /// What the ledger knows of it.
    pub(crate) keys: BTreeSet<String>,
}

#[tokio::test(start_paused = true)]
async fn each_text_of_each_example_in_turn() {
    begin();
    let mut place = 0;
    for example in EXAMPLES {
        let payload = example.payload();
        assert!(example.play(&payload, |_| {}).await.is_good, "{}", example.name);
        for pointer in example.texts(&payload) {
            place += 1;
            println!("{place} is {} {pointer}", example.name);
            for value in wrong(place) {
                let mut payload = payload.clone();
                *payload.pointer_mut(&pointer).unwrap() = value;
                example.play(&payload, |_| {}).await;
            }
        }
    }
}

/// A text of another kind, what looks like an address of e-mail, one that is too long, and other types.
fn wrong(place: usize) -> [Value; 5] {
    let canary = canary(place);
    [
        json!(canary),
        json!(format!("{canary}@example.com")),
        json!(canary.repeat(60)),
        json!({ &canary: [canary] }),
        json!([canary]),
    ]
}

#[tokio::test(start_paused = true)]
async fn targets_that_echo() {
    begin();
    let statuses = [200, 400, 401, 403, 404, 409, 422, 424, 429, 500];
    for example in EXAMPLES {
        let payload = example.marked().await;
        for (form, writes_only) in Form::ALL.into_iter().flat_map(|form| [(form, false), (form, true)]) {
            for status in statuses.map(Some).into_iter().chain([None]) {
                let echo = Echo { status, form, writes_only };
                example.play(&payload, |world| world.echo.set(echo).unwrap()).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn secrets_that_are_wrong_or_unusable() {
    begin();
    for example in EXAMPLES {
        for key in ["Qzx7canary", "Qzx7canary\n", "{\"username\":\"Qzx7canary\"", ""] {
            let wrong = |world: &World| world.key.set(key).unwrap();
            example.play(&example.payload(), wrong).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_that_are_no_event() {
    begin();
    let envelope: Value = serde_json::from_str(&SHOPIFY.body(&SHOPIFY.payload())).unwrap();
    let mut bodies = vec![
        CANARY.to_owned(),
        format!("{{\"{CANARY}\": "),
        json!([CANARY]).to_string(),
        json!({ CANARY: CANARY }).to_string(),
        json!(CANARY).to_string(),
    ];
    // Its type and ids are what it is known by: in logs as they are.
    for member in ["specversion", "source", "time", "sourceversion", "data"] {
        for value in wrong(1) {
            let mut envelope = envelope.clone();
            envelope[member] = value;
            bodies.push(envelope.to_string());
        }
    }
    for example in EXAMPLES {
        for body in &bodies {
            example.play_body(body, |_| {}).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_panics_with_what_it_was_given() {
    begin();
    for does in [Does::PanicsTranslating, Does::PanicsPerforming] {
        play(&tell(), &Tells::receiver(does), |_| {}).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_logs_what_it_was_given() {
    begin();
    assert!(play(&tell(), &Tells::receiver(Does::Logs), |_| {}).await.is_good);
}

fn tell() -> String {
    SHOPIFY.body(&json!({ "name": canary(1) }))
}

/// Nothing of what a change of a mapping says, and of members and values that nobody has heard of no more than their place.
#[tokio::test]
async fn drift_and_refused_overrides() {
    begin();
    let store = Arc::new(MemoryControlStore::default());
    let becomes = json!(CANARY);
    for (revision, change) in [
        Change::SetDefault { rule: "lines[].weight_grams".to_owned(), becomes: becomes.clone() },
        Change::SetValue { map: "fulfillment".to_owned(), value: CANARY.to_owned(), becomes },
    ]
    .into_iter()
    .enumerate()
    {
        let next = Overrides { revision: u64::try_from(revision).unwrap(), ..Overrides::default() };
        let next = next.with(&change).unwrap();
        let (author, reason) = (CANARY.to_owned(), CANARY.to_owned());
        let entry =
            Entry { revision: next.revision, change, author, at: jiff::Timestamp::UNIX_EPOCH, reason };
        assert!(store.change("shopify-order", &next, &entry).await.unwrap());
        let clock = Arc::new(move || jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(1));
        let mut mappings = Mappings::new(Arc::<MemoryControlStore>::clone(&store), clock);
        let shopify = mappings.translator("shopify-order", Value::Null).unwrap();
        mappings.refresh("orders-to-inventory").await;
        let payload = SHOPIFY.payload();
        let more = ["", "/fulfillment_status"].map(str::to_owned);
        for pointer in [SHOPIFY.texts(&payload), more.to_vec()].concat() {
            for value in wrong(1) {
                let mut payload = payload.clone();
                let place = payload.pointer_mut(&pointer).unwrap();
                match place.as_object_mut() {
                    Some(members) => drop(members.insert(CANARY.to_owned(), value)),
                    None => *place = value,
                }
                let envelope = Envelope::decode(&SHOPIFY.body(&payload)).unwrap();
                drop(shopify.decode::<Order>(&envelope));
            }
        }
        mappings.tell_drift("orders-to-inventory").await;
    }
}

/// The example with each text that may be any text as a canary of its own.
impl Example {
    async fn marked(&self) -> Value {
        let mut marked = self.payload();
        for (place, pointer) in self.texts(&marked).into_iter().enumerate() {
            for value in [json!(canary(place)), json!(format!("{}@example.com", canary(place)))] {
                let mut with = marked.clone();
                *with.pointer_mut(&pointer).unwrap() = value;
                if self.play(&with, |_| {}).await.is_good {
                    marked = with;
                    break;
                }
            }
        }
        marked
    }
}

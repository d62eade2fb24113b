//! Mappings that people change while they run.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use control::{ControlError, ControlStore, DriftCount, Entry, Mappings, MemoryControlStore, Stored};
use jiff::{SignedDuration, Timestamp};
use message::{Code, Envelope};
use serde_json::{Value, json};
use testkit::FakeClock;
use transform::canonical::Order;
use transform::{Change, Overrides, Translator};

const PAYLOAD: &str = include_str!("../../transform/cases/shopify-order/full/input.json");

/// The memory store, and how often it was asked.
#[derive(Default)]
struct Counted {
    store: MemoryControlStore,
    looked: AtomicUsize,
    looked_back: AtomicUsize,
    down: AtomicBool,
    forgetful: AtomicBool,
}

fn answer(down: &AtomicBool) -> Result<(), ControlError> {
    if down.load(Ordering::SeqCst) {
        return Err(ControlError::Unavailable { source: "down, as told".into() });
    }
    Ok(())
}

#[async_trait]
impl ControlStore for Counted {
    async fn overrides(&self, mappings: &[&str]) -> Result<Vec<Stored>, ControlError> {
        self.looked.fetch_add(1, Ordering::SeqCst);
        answer(&self.down)?;
        self.store.overrides(mappings).await
    }

    async fn earlier(&self, mapping: &str, revision: u64) -> Result<Vec<Overrides>, ControlError> {
        self.looked_back.fetch_add(1, Ordering::SeqCst);
        answer(&self.forgetful)?;
        self.store.earlier(mapping, revision).await
    }

    async fn change(&self, mapping: &str, next: &Overrides, entry: &Entry) -> Result<bool, ControlError> {
        self.store.change(mapping, next, entry).await
    }

    async fn history(&self, mapping: &str) -> Result<Vec<Entry>, ControlError> {
        self.store.history(mapping).await
    }

    async fn add_drift(&self, flow: &str, now: Timestamp, counts: &[DriftCount]) -> Result<(), ControlError> {
        self.store.add_drift(flow, now, counts).await
    }

    async fn drift(&self, flow: &str, now: Timestamp, days: u16) -> Result<Vec<DriftCount>, ControlError> {
        self.store.drift(flow, now, days).await
    }
}

struct Bench {
    store: Arc<Counted>,
    clock: FakeClock,
    mappings: Mappings,
    shopify: Arc<Translator>,
}

impl Bench {
    fn new() -> Self {
        Self::on(Arc::default())
    }

    /// A new environment.
    fn on(store: Arc<Counted>) -> Self {
        let clock = FakeClock::at("2026-11-24T10:00:00Z");
        let mut mappings = Mappings::new(Arc::<Counted>::clone(&store), clock.as_fn());
        let shopify = mappings.translator("shopify-order", Value::Null).unwrap();
        Self { store, clock, mappings, shopify }
    }

    async fn set(&self, map: &str, value: &str, becomes: Value) {
        let (map, value) = (map.to_owned(), value.to_owned());
        self.change(Change::SetValue { map, value, becomes }).await;
    }

    /// Unchecked, as an older build may have left it.
    async fn change(&self, change: Change) {
        let standing = self.store.store.overrides(&["shopify-order"]).await.unwrap().remove(0).unwrap();
        let next = standing.with(&change).unwrap();
        let at = (self.clock.as_fn())();
        let (author, reason) = ("ann".to_owned(), "the shop has it".to_owned());
        let entry = Entry { revision: next.revision, change, author, at, reason };
        assert!(self.store.change("shopify-order", &next, &entry).await.unwrap());
    }

    /// A revision that no function takes.
    async fn set_wrong(&self) {
        self.set("colour", "red", json!("rot")).await;
    }

    async fn later(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
        self.mappings.refresh("orders").await;
    }

    fn order(&self, change: impl FnOnce(&mut Value)) -> Result<&'static str, (Code, String)> {
        let mut payload: Value = serde_json::from_str(PAYLOAD).unwrap();
        change(&mut payload);
        let body = json!({
            "specversion": "1.0", "id": "event", "source": "/shopify/acme.myshopify.com", "type": "shopify.orders/create",
            "time": "2026-11-24T10:00:00Z", "correlationid": "c", "sourceversion": "2026-10", "data": payload
        });
        let envelope = Envelope::decode(&body.to_string()).unwrap();
        let decoded = self.shopify.decode::<Order>(&envelope);
        decoded.map(|decoded| decoded.stamp).map_err(|error| {
            let problem = error.problems.into_iter().next().unwrap();
            (problem.code, problem.path)
        })
    }

    fn scheduled(&self) -> Result<&'static str, (Code, String)> {
        self.order(|payload| payload["fulfillment_status"] = json!("scheduled"))
    }
}

#[tokio::test]
async fn a_value_that_is_set_is_known_within_a_minute_and_stamped() {
    let bench = Bench::new();
    bench.mappings.refresh("orders").await;
    assert_eq!(bench.scheduled(), Err((Code::ValueUnknown, "$.fulfillment_status".to_owned())));
    bench.set("fulfillment", "scheduled", json!("open")).await;
    bench.later(29).await;
    assert!(bench.scheduled().is_err(), "what was looked up serves half a minute");
    bench.later(1).await;
    assert_eq!(bench.scheduled(), Ok("shopify-order/2+1 canonical.order@1"));
    assert_eq!(bench.store.looked.load(Ordering::SeqCst), 2, "not for every batch");
}

#[tokio::test]
async fn what_is_not_right_is_refused_and_what_was_in_force_stays() {
    let bench = Bench::new();
    bench.set("fulfillment", "scheduled", json!("open")).await;
    bench.later(30).await;
    bench.set_wrong().await;
    bench.later(30).await;
    assert_eq!(bench.scheduled(), Ok("shopify-order/2+1 canonical.order@1"));
    bench.later(30).await;
    assert_eq!(bench.scheduled(), Ok("shopify-order/2+1 canonical.order@1"));
}

#[tokio::test]
async fn a_new_environment_takes_the_last_revision_that_is_right() {
    let before = Bench::new();
    before.set("fulfillment", "scheduled", json!("open")).await;
    before.set("fulfillment", "on_hold", json!("open")).await;
    before.set_wrong().await;
    before.set_wrong().await;
    let bench = Bench::on(Arc::clone(&before.store));
    bench.later(0).await;
    assert_eq!(bench.scheduled(), Ok("shopify-order/2+2 canonical.order@1"));
    bench.later(30).await;
    assert_eq!(bench.scheduled(), Ok("shopify-order/2+2 canonical.order@1"));
    assert_eq!(bench.store.looked_back.load(Ordering::SeqCst), 1, "once a revision");
}

#[tokio::test]
async fn where_no_revision_is_right_the_file_alone_is_in_force() {
    let bench = Bench::new();
    bench.set_wrong().await;
    bench.set_wrong().await;
    bench.later(0).await;
    assert_eq!(bench.order(|_| {}), Ok("shopify-order/2 canonical.order@1"));
}

#[tokio::test]
async fn one_looks_back_over_twenty_revisions_and_no_further() {
    for (wrong, in_force) in [(20, "shopify-order/2+1"), (21, "shopify-order/2")] {
        let bench = Bench::new();
        bench.set("fulfillment", "scheduled", json!("open")).await;
        for _ in 0..wrong {
            bench.set_wrong().await;
        }
        bench.later(0).await;
        assert_eq!(bench.order(|_| {}), Ok(format!("{in_force} canonical.order@1").as_str()));
    }
}

#[tokio::test]
async fn who_has_missed_a_revision_that_is_right_takes_it_when_a_later_one_is_not() {
    let bench = Bench::new();
    bench.set("fulfillment", "scheduled", json!("open")).await;
    bench.later(0).await;
    bench.set("fulfillment", "on_hold", json!("open")).await;
    bench.set_wrong().await;
    bench.later(30).await;
    assert_eq!(bench.scheduled(), Ok("shopify-order/2+2 canonical.order@1"));
    bench.set_wrong().await;
    bench.later(30).await;
    assert_eq!(bench.scheduled(), Ok("shopify-order/2+2 canonical.order@1"), "and goes back no further");
}

#[tokio::test]
async fn a_history_that_does_not_answer_is_asked_again() {
    let bench = Bench::new();
    bench.set("fulfillment", "scheduled", json!("open")).await;
    bench.set_wrong().await;
    bench.store.forgetful.store(true, Ordering::SeqCst);
    bench.later(0).await;
    assert_eq!(bench.order(|_| {}), Ok("shopify-order/2 canonical.order@1"));
    bench.store.forgetful.store(false, Ordering::SeqCst);
    bench.later(30).await;
    assert_eq!(bench.scheduled(), Ok("shopify-order/2+1 canonical.order@1"));
}

#[tokio::test]
async fn what_is_right_again_is_taken() {
    let bench = Bench::new();
    bench.set_wrong().await;
    bench.later(0).await;
    let unset = Change::UnsetValue { map: "colour".to_owned(), value: "red".to_owned() };
    bench.change(unset).await;
    bench.later(30).await;
    assert_eq!(bench.order(|_| {}), Ok("shopify-order/2+2 canonical.order@1"));
}

#[tokio::test]
async fn a_table_that_does_not_answer_stops_no_message() {
    let bench = Bench::new();
    bench.set("fulfillment", "scheduled", json!("open")).await;
    bench.later(30).await;
    bench.store.down.store(true, Ordering::SeqCst);
    bench.later(30).await;
    assert_eq!(bench.scheduled(), Ok("shopify-order/2+1 canonical.order@1"));
}

#[tokio::test]
async fn what_came_otherwise_is_told_once_a_minute_by_flow_and_field() {
    let bench = Bench::new();
    bench.mappings.tell_drift("orders").await;
    for _ in 0..3 {
        assert!(bench.order(|payload| payload["loyalty_tier"] = json!("gold")).is_ok());
    }
    assert!(bench.scheduled().is_err());
    assert!(bench.order(|payload| payload["line_items"][1]["sku"] = json!(7)).is_err());
    let now = bench.clock.as_fn();
    bench.mappings.tell_drift("orders").await;
    assert_eq!(bench.store.drift("orders", now(), 0).await.unwrap(), [], "not yet");
    bench.clock.advance(SignedDuration::from_secs(60));
    bench.mappings.tell_drift("orders").await;
    let told = bench.store.drift("orders", now(), 0).await.unwrap();
    let told: Vec<_> = told.iter().map(|it| (it.kind.as_str(), it.path.as_str(), it.count)).collect();
    assert_eq!(
        told,
        [
            ("ChangedType", "shopify-order: $.line_items[].sku", 1),
            ("UnknownField", "shopify-order: $.loyalty_tier", 3),
            ("UnknownValue", "shopify-order: $.fulfillment_status", 1),
        ]
    );
}

#[tokio::test]
async fn a_member_that_stops_coming_is_told() {
    let bench = Bench::new();
    bench.mappings.tell_drift("orders").await;
    for _ in 0..100 {
        assert!(bench.order(|_| {}).is_ok());
    }
    bench.clock.advance(SignedDuration::from_secs(60));
    bench.mappings.tell_drift("orders").await;
    for _ in 0..20 {
        assert!(bench.order(|payload| payload["shipping_address"]["company"] = Value::Null).is_ok());
    }
    bench.clock.advance(SignedDuration::from_secs(60));
    bench.mappings.tell_drift("orders").await;
    let told = bench.store.drift("orders", (bench.clock.as_fn())(), 0).await.unwrap();
    let told: Vec<_> = told.iter().map(|it| (it.kind.as_str(), it.path.as_str())).collect();
    assert_eq!(told, [("MissingField", "shopify-order: $.shipping_address.company")]);
}

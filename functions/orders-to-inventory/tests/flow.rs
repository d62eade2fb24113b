//! The flow against a scripted inventory system: what is called, what follows, what is known when it fails.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use message::{Code, Effect, Envelope, OperationKey};
use orders_to_inventory::OrdersToInventory;
use outbound::{Budget, CallError, IdempotencySeed, StockReserver};
use receiver::{Claim, Flow, Performed};
use serde_json::{Value, json};
use tokio::time::Instant;
use transform::Translator;
use transform::canonical::{Order, Reservation};

const PAYLOAD: &str = include_str!("../../../shared/transform/cases/shopify-order/full/input.json");

#[derive(Default)]
struct Inventory {
    reserved: Mutex<Option<Reservation>>,
    made: Mutex<u32>,
    /// The answer to `reserve` after the effect, instead of the reservation.
    lost_answer: bool,
}

#[async_trait]
impl StockReserver for Inventory {
    fn mapping(&self) -> &'static str {
        "inventory/1"
    }

    async fn find(&self, _: &Order, _: &Budget) -> Result<Option<Reservation>, CallError> {
        Ok(self.reserved.lock().unwrap().clone())
    }

    async fn reserve(&self, order: &Order, _: &Budget) -> Result<Reservation, CallError> {
        *self.made.lock().unwrap() += 1;
        let reservation = order.reserved_as("41".to_owned(), Some("S-41".to_owned()));
        *self.reserved.lock().unwrap() = Some(reservation.clone());
        if self.lost_answer {
            return Err(CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None });
        }
        Ok(reservation)
    }
}

fn envelope(event_type: &str) -> Envelope {
    let payload: Value = serde_json::from_str(PAYLOAD).unwrap();
    let body = json!({
        "specversion": "1.0", "id": "event-1", "source": "/shopify/acme.myshopify.com", "type": event_type,
        "time": "2026-11-24T10:00:00Z", "correlationid": "correlation-1", "sourceversion": "2026-10",
        "data": payload
    });
    Envelope::decode(&body.to_string()).unwrap()
}

fn shopify() -> Arc<Translator> {
    Arc::new(Translator::built_in("shopify-order", &Value::Null).unwrap())
}

fn claim() -> Claim {
    Claim {
        prior: Effect::Absent,
        budget: Budget::of_work(Instant::now(), Duration::from_secs(30)),
        idempotency: IdempotencySeed {
            operation: OperationKey::new("orders", &["1"]),
            version: 0,
            age: Duration::ZERO,
            unknown_for: Duration::ZERO,
        },
        mapping: "mapping/1",
    }
}

async fn perform(inventory: &Arc<Inventory>) -> Performed {
    let flow = OrdersToInventory::new(shopify(), Arc::<Inventory>::clone(inventory));
    let envelope = envelope("shopify.orders/create");
    let translated = flow.translate(&envelope).unwrap();
    flow.perform(&envelope, &translated.operation, &claim()).await.unwrap()
}

#[tokio::test]
async fn an_order_is_reserved_and_the_reservation_goes_on() {
    let performed = perform(&Arc::new(Inventory::default())).await;
    assert_eq!(performed.outcome.ids, r#"{"shipment_id":"41","shipment_number":"S-41"}"#);
    let [event] = performed.events.as_slice() else { panic!("one event") };
    assert_eq!(
        (event.event_type.as_str(), event.correlationid.as_str()),
        ("spillway.stock.reserved", "correlation-1")
    );
    assert_eq!(event.mappingversion.as_deref(), Some("mapping/1"));
}

#[tokio::test]
async fn a_reservation_whose_answer_was_lost_is_found_not_repeated() {
    let inventory = Arc::new(Inventory { lost_answer: true, ..Inventory::default() });
    assert_eq!(perform(&inventory).await.events.len(), 1);
    assert_eq!(*inventory.made.lock().unwrap(), 1);
}

#[tokio::test]
async fn what_was_reserved_before_says_so_again() {
    let inventory = Arc::new(Inventory::default());
    let (first, second) = (perform(&inventory).await, perform(&inventory).await);
    assert_eq!(*inventory.made.lock().unwrap(), 1, "the stock was set aside by the first attempt");
    assert_eq!(first.events.first().map(|event| &event.id), second.events.first().map(|event| &event.id));
}

#[tokio::test]
async fn the_operation_is_known_by_shop_and_order_whatever_the_delivery() {
    let flow = OrdersToInventory::new(shopify(), Arc::new(Inventory::default()));
    let one = envelope("shopify.orders/create");
    let mut other = one.clone();
    other.id = "event-2".to_owned();
    other.deliveryid = Some("delivery-2".to_owned());
    assert_eq!(flow.translate(&one).unwrap().key, flow.translate(&other).unwrap().key);
}

#[tokio::test]
async fn the_operation_names_both_mappings_that_are_in_force() {
    let flow = OrdersToInventory::new(shopify(), Arc::new(Inventory::default()));
    let translated = flow.translate(&envelope("shopify.orders/create")).unwrap();
    assert_eq!(translated.mapping, "shopify-order/2 canonical.order@1");
    assert_eq!(translated.target_mapping, "inventory/1");
}

#[tokio::test]
async fn an_event_of_another_type_is_rejected() {
    let flow = OrdersToInventory::new(shopify(), Arc::new(Inventory::default()));
    let rejection = flow.translate(&envelope("shopify.products/update")).unwrap_err();
    assert_eq!((rejection.code, rejection.path.as_str()), (Code::EventTypeUnknown, "$.type"));
}

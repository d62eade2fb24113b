//! The flow against a scripted inventory system: what is called, what follows, what is known when it fails.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use message::{Code, Effect, Envelope};
use orders_to_inventory::OrdersToInventory;
use outbound::{Budget, CallError, StockReserver};
use receiver::{Claim, Flow, Performed};
use serde_json::{Value, json};
use transform::Translator;
use transform::canonical::{Order, Reservation};

const SHOPIFY: &str = include_str!("../../../shared/transform/cases/shopify-order/full/input.json");
const VENDURE: &str = include_str!("../../../shared/transform/cases/vendure-order/full/input.json");

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
    envelope_from("/shopify/acme.myshopify.com", event_type, &serde_json::from_str(SHOPIFY).unwrap())
}

/// From a shop on Vendure, as ingest makes it of a Standard Webhook.
fn vendure(event_type: &str, payload: &Value) -> Envelope {
    let mut envelope = envelope_from("/standard-webhooks/vendure", event_type, payload);
    envelope.sourceversion = None;
    envelope
}

fn envelope_from(source: &str, event_type: &str, payload: &Value) -> Envelope {
    let body = json!({
        "specversion": "1.0", "id": "event-1", "source": source, "type": event_type,
        "time": "2026-11-24T10:00:00Z", "correlationid": "correlation-1", "sourceversion": "2026-10",
        "data": payload
    });
    Envelope::decode(&body.to_string()).unwrap()
}

fn flow(inventory: Arc<Inventory>) -> OrdersToInventory {
    let built_in = |name| Arc::new(Translator::built_in(name, &Value::Null).unwrap());
    OrdersToInventory::new(built_in("shopify-order"), built_in("vendure-order"), inventory)
}

async fn perform(inventory: &Arc<Inventory>) -> Performed {
    perform_of(inventory, &envelope("shopify.orders/create")).await
}

async fn perform_of(inventory: &Arc<Inventory>, envelope: &Envelope) -> Performed {
    let flow = flow(Arc::clone(inventory));
    let translated = flow.translate(envelope).unwrap();
    let claim = Claim::of(&translated, Effect::Absent);
    flow.perform(envelope, &translated.operation, &claim).await.unwrap()
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
    assert_eq!(event.mappingversion.as_deref(), Some("shopify-order/2 canonical.order@1"));
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
    let flow = flow(Arc::default());
    for one in [envelope("shopify.orders/create"), vendure("vendure.order.placed", &json_of(VENDURE))] {
        let mut other = one.clone();
        other.id = "event-2".to_owned();
        other.deliveryid = Some("delivery-2".to_owned());
        assert_eq!(flow.translate(&one).unwrap().key, flow.translate(&other).unwrap().key);
    }
}

#[tokio::test]
async fn orders_of_two_shops_with_the_same_id_are_two_operations() {
    let flow = flow(Arc::default());
    let of_shopify = envelope("shopify.orders/create");
    let mut payload = json_of(VENDURE);
    payload["data"]["code"] = json!("820982911946154508");
    let of_vendure = vendure("vendure.order.placed", &payload);
    let mut of_outlet = of_vendure.clone();
    of_outlet.source = "/standard-webhooks/outlet".to_owned();
    of_outlet.event_type = "outlet.order.placed".to_owned();
    let translated = [&of_shopify, &of_vendure, &of_outlet].map(|it| flow.translate(it).unwrap());
    assert_eq!(translated.each_ref().map(|it| it.operation.id.as_str()), ["820982911946154508"; 3]);
    let [one, two, three] = translated.map(|it| it.key);
    assert!(one != two && two != three && one != three);
}

/// The same goods for the same person: neither what is asked of the inventory system nor what follows shows the kind of shop.
#[tokio::test]
async fn the_target_sees_nothing_of_the_kind_of_shop() {
    let mut payload = json_of(VENDURE);
    payload["data"]["code"] = json!("1001");
    let mut of_vendure = vendure("acme.order.placed", &payload);
    of_vendure.source = "/standard-webhooks/acme".to_owned();
    let of_shopify = envelope_from("/shopify/acme", "shopify.orders/create", &shopify_like(&payload));
    let sale = Translator::built_in("tryton-sale", &Value::Null).unwrap();
    let mut seen = Vec::new();
    for envelope in [of_shopify, of_vendure] {
        let order = flow(Arc::default()).translate(&envelope).unwrap().operation;
        let performed = perform_of(&Arc::default(), &envelope).await;
        let events =
            performed.events.iter().map(|event| (event.event_type.clone(), json_of(event.data.get())));
        let sold: Value = sale.encode(&order).unwrap();
        seen.push((sold, events.collect::<Vec<_>>()));
    }
    assert_eq!(seen[0], seen[1]);
}

/// The order of that webhook, had it been placed at Shopify.
fn shopify_like(vendure: &Value) -> Value {
    let (order, address) = (&vendure["data"], &vendure["data"]["shippingAddress"]);
    let lines = order["lines"].as_array().unwrap().iter().map(|line| {
        let price = line["unitPrice"].as_i64().unwrap();
        let price = format!("{}.{:02}", price / 100, price % 100);
        json!({ "sku": line["productVariant"]["sku"], "quantity": line["quantity"], "price": price, "grams": 0 })
    });
    let customer = &order["customer"];
    let number = |id: &Value| id.as_str().unwrap().parse::<u64>().unwrap();
    json!({
        "id": number(&order["code"]), "name": order["code"], "created_at": order["orderPlacedAt"],
        "currency": order["currencyCode"], "email": customer["emailAddress"],
        "line_items": lines.collect::<Vec<_>>(),
        "customer": {
            "id": number(&customer["id"]), "first_name": customer["firstName"], "last_name": customer["lastName"],
        },
        "shipping_address": {
            "name": address["fullName"], "company": address["company"], "address1": address["streetLine1"],
            "address2": address["streetLine2"], "city": address["city"], "zip": address["postalCode"],
            "province_code": address["province"], "country_code": address["countryCode"],
            "phone": address["phoneNumber"],
        },
    })
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn the_operation_names_both_mappings_that_are_in_force() {
    let flow = flow(Arc::new(Inventory::default()));
    let translated = flow.translate(&envelope("shopify.orders/create")).unwrap();
    assert_eq!(translated.mapping, "shopify-order/2 canonical.order@1");
    assert_eq!(translated.target_mapping, "inventory/1");
}

#[tokio::test]
async fn an_event_of_another_type_is_rejected() {
    let flow = flow(Arc::default());
    let mut of_no_shop = vendure("vendure.order.placed", &json_of(VENDURE));
    of_no_shop.source = "/stripe/acme".to_owned();
    for envelope in [
        envelope("shopify.products/update"),
        vendure("vendure.order.cancelled", &json_of(VENDURE)),
        vendure("order.placed", &json_of(VENDURE)),
        of_no_shop,
    ] {
        let rejection = flow.translate(&envelope).unwrap_err();
        assert_eq!((rejection.code, rejection.path.as_str()), (Code::EventTypeUnknown, "$.type"));
    }
}

/// Each with its place in the source's own message.
#[tokio::test]
async fn an_order_that_cannot_be_reserved_is_rejected_with_its_place() {
    let flow = flow(Arc::default());
    for (place, value, code, path) in [
        (
            "/data/lines/0/productVariant/sku",
            json!(""),
            Code::FieldMissing,
            "$.data.lines[0].productVariant.sku",
        ),
        ("/data/shippingAddress", Value::Null, Code::FieldMissing, "$.data.shippingAddress"),
        ("/data/lines", json!([]), Code::ValueInvalid, "$.data.lines"),
        ("/data/state", json!("Cancelled"), Code::ValueInvalid, "$.data.state"),
        ("/data/state", json!("AwaitingApproval"), Code::ValueUnknown, "$.data.state"),
        ("/data/code", Value::Null, Code::FieldMissing, "$.data.code"),
    ] {
        let mut payload = json_of(VENDURE);
        *payload.pointer_mut(place).unwrap() = value;
        let rejection = flow.translate(&vendure("vendure.order.placed", &payload)).unwrap_err();
        assert_eq!((rejection.code, rejection.path.as_str()), (code, path));
        assert_eq!(rejection.mapping, "vendure-order/1 canonical.order@1");
    }
}

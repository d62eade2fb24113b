//! What the tests share: the built-in mappings, envelopes around payloads, and the cases' inputs.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use message::{Code, Envelope};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transform::canonical::{Address, Order, Reservation};
use transform::{Kind, MappingError, Translator};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn shopify_payload(case: &str) -> String {
    case_input("shopify-order", case)
}

pub(crate) fn case_input(mapping: &str, case: &str) -> String {
    text(&here().join("cases").join(mapping).join(case).join("input.json"))
}

pub(crate) fn vendure_payload(case: &str) -> String {
    text(&here().join("cases/vendure-order").join(case).join("input.json"))
}

pub(crate) fn ship_from() -> Address {
    serde_json::from_str(&text(&here().join("tests/fixtures/ship-from.json"))).unwrap()
}

/// A Shopify webhook as ingest puts it on the queue.
pub(crate) fn webhook(payload: &str) -> Envelope {
    Envelope {
        specversion: "1.0".to_owned(),
        id: "98880550-7158-44d4-b7cd-2c97c8a091b5".to_owned(),
        source: "/shopify/acme.myshopify.com".to_owned(),
        event_type: "shopify.orders/create".to_owned(),
        time: "2026-11-24T09:15:32Z".parse().unwrap(),
        datacontenttype: Some("application/json".to_owned()),
        correlationid: "98880550-7158-44d4-b7cd-2c97c8a091b5".to_owned(),
        deliveryid: Some("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043".to_owned()),
        sourceversion: Some("2026-10".to_owned()),
        mappingversion: None,
        data: RawValue::from_string(payload.to_owned()).unwrap(),
    }
}

/// What Vendure's plugin posts, as ingest puts it on the queue.
pub(crate) fn vendure_webhook(payload: &str) -> Envelope {
    Envelope {
        source: "/standard-webhooks/vendure".to_owned(),
        event_type: "vendure.order.placed".to_owned(),
        deliveryid: None,
        sourceversion: None,
        ..webhook(payload)
    }
}

fn built_in(name: &str) -> Translator {
    Translator::built_in(name, &Value::Null).unwrap()
}

pub(crate) fn order(envelope: &Envelope) -> Result<Order, MappingError> {
    static MAPPING: LazyLock<Translator> = LazyLock::new(|| built_in("shopify-order"));
    MAPPING.decode(envelope).map(|decoded| decoded.value)
}

/// What an order with one fault is refused for: code, place, and what came.
pub(crate) fn the_one_problem(order: Result<Order, MappingError>) -> (Code, String, Kind) {
    let error = order.unwrap_err();
    assert_eq!(error.problems.len(), 1, "{error:?}");
    let problem = error.problems.into_iter().next().unwrap();
    (problem.code, problem.path, problem.came)
}

pub(crate) fn vendure_order(envelope: &Envelope) -> Result<Order, MappingError> {
    static MAPPING: LazyLock<Translator> = LazyLock::new(|| built_in("vendure-order"));
    MAPPING.decode(envelope).map(|decoded| decoded.value)
}

pub(crate) fn sale(order: &Order) -> Result<Value, MappingError> {
    static MAPPING: LazyLock<Translator> = LazyLock::new(|| built_in("tryton-sale"));
    MAPPING.encode(order)
}

pub(crate) fn reservation(envelope: &Envelope) -> Result<Reservation, MappingError> {
    static MAPPING: LazyLock<Translator> = LazyLock::new(|| built_in("canonical-reservation"));
    MAPPING.decode(envelope).map(|decoded| decoded.value)
}

pub(crate) fn shipment(reservation: &Reservation) -> Result<Value, MappingError> {
    static MAPPING: LazyLock<Translator> = LazyLock::new(|| shipping_from(&ship_from()));
    MAPPING.encode(reservation)
}

pub(crate) fn shipping_from(ship_from: &impl Serialize) -> Translator {
    let settings = json!({ "ship_from": ship_from, "service": "standard_service" });
    Translator::built_in("karrio-shipment", &settings).unwrap()
}

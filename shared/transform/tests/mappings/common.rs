//! What the tests share: envelopes around payloads, and the fixtures.

use std::path::{Path, PathBuf};

use message::Envelope;
use serde_json::value::RawValue;
use transform::canonical::Address;

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub(crate) fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn shopify_payload(case: &str) -> String {
    text(&fixtures().join("shopify").join(case).join("payload.json"))
}

pub(crate) fn ship_from() -> Address {
    serde_json::from_str(&text(&fixtures().join("ship-from.json"))).unwrap()
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
        data: RawValue::from_string(payload.to_owned()).unwrap(),
    }
}

//! An event by webhook and by EventBridge, broken or not: its flow reads the same, and its mapping rejects the same place.

use message::Envelope;
use serde_json::{Value, json};

use crate::more_sources::STRIPE;
use crate::support::*;
use crate::unreadable::{body_of, changed, rejection, stripe};

/// As a rule of EventBridge puts it on the queue.
fn on_the_bus(source: &str, detail: &Value) -> Envelope {
    let body = json!({
        "version": "0", "id": "7bf73129-1428-4cd3-a780-95db273d1602", "detail-type": "any", "source": source,
        "account": "123456789012", "time": "2026-11-24T10:00:00Z", "region": "eu-central-1", "resources": [],
        "detail": detail
    });
    Envelope::decode(&body.to_string()).unwrap()
}

/// What is known of an event apart from the way that it came.
fn known(event: &Envelope) -> [Option<&str>; 4] {
    [Some(&event.id), Some(&event.event_type), Some(&event.source), event.sourceversion.as_deref()]
}

#[tokio::test]
async fn a_stripe_event_is_the_same() {
    let whole = changed(&body_of(STRIPE), |it| it["account"] = json!("acct_1"));
    for (member, wrong) in [
        ("object", json!("event")),
        ("id", Value::Null),
        ("id", json!("a b")),
        ("created", Value::Null),
        ("created", json!("2026-11-24T10:00:00.123Z")),
        ("created", json!(i64::MAX)),
        ("account", json!(7)),
        ("account", json!("a/b")),
        ("api_version", json!(7)),
        ("type", json!(7)),
    ] {
        let text = changed(&whole, |it| it[member] = wrong.clone());
        let webhook = stripe(&text).await;
        let bus = on_the_bus("aws.partner/stripe.com/ed_61", &serde_json::from_str(&text).unwrap());
        assert_eq!(known(&bus), known(&webhook), "{member}: {wrong}");
        let told = rejection("stripe-payment-intent", &bus);
        assert_eq!(told, rejection("stripe-payment-intent", &webhook), "{member}: {wrong}");
        assert_eq!(told.is_none(), member == "object", "{member}: {wrong}");
    }
}

#[tokio::test]
async fn a_shopify_event_is_the_same() {
    let long = "a".repeat(300);
    for name in ["topic", "shop-domain", "api-version", "webhook-id", "event-id", "triggered-at"] {
        let name = format!("x-shopify-{name}");
        let values = ["", "a b", "a,b", "\"", "acme..com", &long].map(Some);
        for value in values.into_iter().chain([None, Some("2026-10")]) {
            let request = match value {
                Some(value) => shopify(ORDER).header(&name, value),
                None => shopify(ORDER).without_header(&name),
            };
            let headers = request.0.headers.clone();
            let webhook = queued_or_ignored(request).await;
            let metadata: serde_json::Map<_, _> = headers
                .iter()
                .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())))
                .collect();
            let payload: Value = serde_json::from_str(ORDER).unwrap();
            let detail = json!({"payload": payload, "metadata": metadata});
            let bus = on_the_bus("aws.partner/shopify.com/1234/orders", &detail);
            let Some(webhook) = webhook else { continue };
            assert_eq!(known(&bus), known(&webhook), "{name}: {value:?}");
            let told = rejection("shopify-order", &bus);
            assert_eq!(told, rejection("shopify-order", &webhook), "{name}: {value:?}");
        }
    }
}

/// Nothing where no route leads on from its type.
async fn queued_or_ignored(request: Request) -> Option<Envelope> {
    let f = fixture();
    assert_eq!(f.post(request).await.status, 202);
    (!f.sink.sent().is_empty()).then(|| f.sink.only_event())
}

//! An event that a source is asked for is the one that its webhook has told, to ingest's last attribute.

use std::time::Duration;

use http::HeaderMap;
use ingest::scheme::{Delivery, by_name};
use jiff::Timestamp;
use local::sandbox::Sandbox;
use message::Envelope;
use serde_json::Value;
use serde_json::value::RawValue;
use tests::sources::{STRIPE, VENDURE, asked, processor, shop, stripe, told, vendure};
use transform::reconcile::{Orders, Payments, Reconcile};

const PATIENCE: Duration = Duration::from_secs(20);

/// As they came from localstripe and from Vendure.
const STRIPE_EVENT: &str = include_str!(
    "../../shared/transform/cases/stripe-payment-intent/succeeded-as-localstripe-sends-it/input.json"
);
const STRIPE_FAILED: &str =
    include_str!("../../shared/transform/cases/stripe-payment-intent/failed-by-the-issuer/input.json");
const VENDURE_ORDER: &str = include_str!("../../shared/transform/cases/vendure-order/as-captured/input.json");

/// What ingest makes of a webhook with this body.
fn posted(scheme: &str, source_name: &str, headers: &HeaderMap, body: &str) -> Envelope {
    let delivery = Delivery {
        source_name,
        method: "POST",
        url: "https://hooks.example.com/webhooks/source",
        headers,
        body: body.as_bytes(),
        received_at: Timestamp::UNIX_EPOCH,
    };
    let mut events = by_name(scheme).unwrap().events(&delivery).unwrap();
    let (event, payload) = events.remove(0);
    assert!(events.is_empty() && event.route_key.is_some());
    event.envelope(payload.to_owned())
}

#[tokio::test]
async fn an_event_of_stripe_is_the_same_both_ways() {
    let sandbox = Sandbox::start().await.unwrap();
    let source = stripe(&processor(&sandbox), PATIENCE, &[]);
    let known = Payments::built_in(|_| {}).unwrap();
    for (text, from, until) in [
        (STRIPE_EVENT, "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
        (STRIPE_FAILED, "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"),
    ] {
        sandbox.happen_at_stripe(serde_json::from_str(text).unwrap());
        let posted = posted("stripe", STRIPE, &HeaderMap::new(), text);
        let asked = asked(&source, from, until).await.unwrap();
        let [asked] = asked.as_slice() else { panic!("{} events", asked.len()) };
        let ((posted_says, posted_data), (asked_says, asked_data)) = (told(&posted), told(asked));
        assert_eq!(asked_says, posted_says);
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(json(&asked_data), json(&posted_data));
        assert_eq!(known.known_as(asked).unwrap(), known.known_as(&posted).unwrap());
    }
}

#[tokio::test]
async fn an_order_of_vendure_is_the_same_both_ways_to_the_letter() {
    #[derive(serde::Deserialize)]
    struct Webhook<'w> {
        #[serde(borrow)]
        data: &'w RawValue,
    }
    // As the plugin writes it.
    let body = compact(VENDURE_ORDER);
    let Webhook { data } = serde_json::from_str(&body).unwrap();
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.place_at_vendure(data.to_owned()).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", "order-placed-B38A9EM1LRYWZ7B7".parse().unwrap());
    headers.insert("webhook-timestamp", "1795531634".parse().unwrap());
    let posted = posted("standard-webhooks", VENDURE, &headers, &body);
    let source = vendure(&shop(&sandbox), PATIENCE);
    let asked = asked(&source, "2026-11-24T14:00:00Z", "2026-11-24T15:00:00Z").await.unwrap();
    let [asked] = asked.as_slice() else { panic!("{} orders", asked.len()) };
    assert_eq!(told(asked), told(&posted));
    let known = Orders::built_in().unwrap();
    assert_eq!(known.known_as(asked).unwrap(), known.known_as(&posted).unwrap());
}

/// Without white space between members: none of the fixture's texts has a line break in it.
fn compact(text: &str) -> String {
    text.lines().map(str::trim).collect::<String>().replace("\": ", "\":")
}

//! localstripe does what the payment flow's tests need of it, and its events are told alike by webhook and to those who ask.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use local::real::localstripe::{API_KEY, RealLocalStripe};
use local::real::relay::Relay;
use local::real::signature;
use local::{Partner, Tools, Workspace};
use message::{Envelope, Payload, SourceEvent};
use outbound::EventSource;
use serde_json::Value;
use tests::budget;
use tests::sources::{STRIPE, stripe, told};
use transform::reconcile::{Payments, Reconcile};

const SECRET: &str = "whsec_loopback_only";

#[tokio::test]
async fn payments_that_succeed_and_fail_are_told_by_signed_webhooks() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let stripe = RealLocalStripe::up(&tools).await.unwrap();
    let relay = Relay::start(None).await.unwrap();
    stripe.register_webhook(&relay.url, SECRET).await.unwrap();

    let customer = stripe.create_customer("Ann Example", "ann@example.com").await.unwrap();
    let customer = customer["id"].as_str().unwrap();
    let paid = stripe.pay(customer, 1999, "eur").await.unwrap();
    let failed = stripe.fail_to_pay(customer, 2999, "eur").await.unwrap();

    let expected = [
        ("customer.created", customer),
        ("payment_intent.succeeded", paid["id"].as_str().unwrap()),
        ("payment_intent.payment_failed", failed["id"].as_str().unwrap()),
    ];
    for (kind, id) in expected {
        let told = relay.delivery(kind, |body| body["type"] == kind).await.unwrap();
        assert_eq!(told.json()["data"]["object"]["id"], id);
        let (time, _) = told.header("stripe-signature").split_once(',').unwrap();
        let time = time.trim_start_matches("t=").parse().unwrap();
        assert_eq!(told.header("stripe-signature"), signature::timed(SECRET, time, &told.body).unwrap());
    }

    stripe.pay_after_all(&failed).await.unwrap();
    let succeeded = |body: &serde_json::Value| {
        body["type"] == "payment_intent.succeeded" && body["data"]["object"]["id"] == failed["id"]
    };
    relay.delivery("the payment that failed at first", succeeded).await.unwrap();
}

fn whole(envelope: &Envelope) -> (Value, Value) {
    let (says, data) = told(envelope);
    (says, serde_json::from_str(&data).unwrap())
}

/// localstripe has `GET /v1/events`, without `types[]` and with the oldest first; it has no webhook endpoints to ask for.
#[tokio::test]
async fn events_that_are_asked_for_are_those_that_webhooks_have_told() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let stripe_server = RealLocalStripe::up(&tools).await.unwrap();
    let relay = Relay::start(None).await.unwrap();
    stripe_server.register_webhook(&relay.url, SECRET).await.unwrap();
    let began = Timestamp::now() - SignedDuration::from_secs(1);

    let customer = stripe_server.create_customer("Ann Example", "ann@example.com").await.unwrap();
    let customer = customer["id"].as_str().unwrap();
    stripe_server.pay(customer, 1999, "eur").await.unwrap();
    let failed = stripe_server.fail_to_pay(customer, 2999, "eur").await.unwrap();
    let of_the_failure = |body: &Value| {
        body["type"] == "payment_intent.payment_failed" && body["data"]["object"]["id"] == failed["id"]
    };
    relay.delivery("the payment that failed", of_the_failure).await.unwrap();
    relay.delivery("the payment", |body| body["type"] == "payment_intent.succeeded").await.unwrap();
    let posted: BTreeMap<String, Envelope> = relay
        .deliveries()
        .iter()
        .map(|delivery| {
            let payload: Box<serde_json::value::RawValue> = serde_json::from_str(&delivery.body).unwrap();
            let event = SourceEvent::of_stripe(&Payload::of(&payload), STRIPE, Timestamp::UNIX_EPOCH);
            (event.id.clone(), event.envelope(payload))
        })
        .collect();

    let partner = Partner { url: stripe_server.base_url.clone(), api_key: API_KEY.to_owned() };
    let source = stripe(&partner, Duration::from_secs(20), &[]);
    let until = Timestamp::now() + SignedDuration::from_secs(2);
    let asked = source.events(began, until, &budget()).await.unwrap();
    let known = Payments::built_in(|_| {}).unwrap();
    let mut payments = 0;
    for event in &asked {
        println!("{} {}", event.time, event.event_type);
        if let Some(posted) = posted.get(&event.id) {
            assert_eq!(whole(event), whole(posted));
            if let Ok(key) = known.known_as(event) {
                assert_eq!(key, known.known_as(posted).unwrap());
                payments += 1;
            }
        }
    }
    assert_eq!(payments, 2, "{asked:?}");
    assert!(asked.is_sorted_by_key(|event| event.time));
    let (hour, seconds) = (SignedDuration::from_hours(1), SignedDuration::from_secs(5));
    let before = source.events(began - hour, began - seconds, &budget()).await.unwrap();
    assert_eq!(before.len(), 0);
}

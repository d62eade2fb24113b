//! localstripe does what the payment flow's tests need of it.

use local::real::localstripe::RealLocalStripe;
use local::real::relay::Relay;
use local::real::signature;
use local::{Tools, Workspace};

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

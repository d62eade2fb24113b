//! localstripe does what the payment flow's tests need of it.

use local::real::localstripe::RealLocalStripe;
use local::{Tools, Workspace};
use tests::listener::Listener;

const SECRET: &str = "whsec_loopback_only";

#[tokio::test]
async fn payments_that_succeed_and_fail_are_told_by_signed_webhooks() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let stripe = RealLocalStripe::up(&tools).await.unwrap();
    let listener = Listener::start().await;
    stripe.register_webhook(&listener.url, SECRET).await.unwrap();

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
        let told = listener.delivery(kind, |body| body["type"] == kind).await;
        assert_eq!(told.json()["data"]["object"]["id"], id);
        assert!(told.is_signed_as_stripes("stripe-signature", SECRET), "{told:?}");
    }
}

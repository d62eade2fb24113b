//! Against a real Vendure 3.7: what its plugin posts is what ingest, the contract and the mapping take it for, and the same that it answers
//! later.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::time::Duration;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use local::real::relay::{Delivery, Relay};
use local::real::signature;
use local::real::vendure::{PASSWORD, RealVendure, USER, Webhook};
use local::{Partner, Tools, Workspace};
use message::{Code, Envelope, Payload, SourceEvent};
use outbound::{EventSource, Request};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use testkit::poll_until;
use tests::sources::{VENDURE, told, vendure as asking};
use tests::{budget, target};
use transform::canonical::Order;
use transform::cases::validators;
use transform::{Catalog, Translator};

const SECRET: &str = "whsec_bG9vcGJhY2stb25seS1sb29wYmFjay1vbmx5";

/// Both deliveries of the order: the answer to the first was lost.
async fn posted(relay: &Relay, code: &str) -> [Delivery; 2] {
    poll_until("the order is posted, and posted again", Duration::from_secs(60), || async {
        let deliveries = relay.deliveries().into_iter();
        let ours = deliveries.filter(|delivery| delivery.json()["data"]["code"] == code);
        ours.collect::<Vec<_>>().try_into().ok()
    })
    .await
}

fn order(delivery: &Delivery) -> Order {
    let body = json!({
        "specversion": "1.0", "id": delivery.header("webhook-id"), "source": "/standard-webhooks/vendure",
        "type": "vendure.order.placed", "time": delivery.json()["timestamp"], "correlationid": delivery.header("webhook-id"),
        "data": delivery.json(),
    });
    let envelope = Envelope::decode(&body.to_string()).unwrap();
    Translator::built_in("vendure-order", &Value::Null).unwrap().decode(&envelope).unwrap().value
}

#[tokio::test]
async fn a_placed_order_is_posted_until_it_is_taken_signed_and_as_the_contract_says() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let relay = Relay::start(None).await.unwrap();
    relay.lose_first_answers();
    let webhook = Webhook { url: &relay.url, secret: SECRET };
    let vendure = RealVendure::up(&tools, Some(webhook)).await.unwrap();
    let address = json!({
        "fullName": "Ann Example", "streetLine1": "Musterstraße 12", "city": "Berlin", "postalCode": "10115",
        "countryCode": "DE",
    });
    let code = vendure.place_order("SKU-1", 2, &address).await.unwrap();
    let [first, second] = posted(&relay, &code).await;
    println!("{}", first.body);

    assert_eq!((first.header("webhook-id"), &first.body), (second.header("webhook-id"), &second.body));
    for it in [&first, &second] {
        let (id, seconds) = (it.header("webhook-id"), it.header("webhook-timestamp").parse().unwrap());
        let signed = signature::standard_webhook(SECRET, id, seconds, &it.body).unwrap();
        assert_eq!(it.header("webhook-signature"), signed);
    }
    let contract = &validators(Catalog::built_in().unwrap()).unwrap()["vendure.order@1"];
    let faults: Vec<_> = contract.iter_errors(&first.json()).map(|error| error.to_string()).collect();
    assert_eq!(faults, Vec::<String>::new());
    let order = order(&first);
    assert_eq!(order.reference(), format!("vendure/{code}"));
    let lines: Vec<_> =
        order.lines.iter().map(|line| (line.sku.as_str(), line.quantity, line.unit_price.minor)).collect();
    assert_eq!((order.currency.as_str(), lines), ("EUR", vec![("SKU-1", 2, 1_000)]));

    // By the time that a later order has come, an earlier one would have come again.
    let code = vendure.place_order("SKU-2", 1, &address).await.unwrap();
    posted(&relay, &code).await;
    assert_eq!(relay.deliveries().len(), 4);
}

/// What ingest makes of a delivery.
fn ingested(delivery: &Delivery) -> Envelope {
    let body: Box<RawValue> = serde_json::from_str(&delivery.body).unwrap();
    let id = delivery.header("webhook-id");
    let event = SourceEvent::of_standard_webhook(&Payload::of(&body), VENDURE, id, Timestamp::UNIX_EPOCH);
    event.envelope(body)
}

#[tokio::test]
async fn an_order_that_is_asked_for_is_the_one_that_was_posted_to_the_letter() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let relay = Relay::start(None).await.unwrap();
    let webhook = Webhook { url: &relay.url, secret: SECRET };
    let vendure = RealVendure::up(&tools, Some(webhook)).await.unwrap();
    let began = Timestamp::now();
    let address = json!({
        "fullName": "Ann Example", "streetLine1": "Musterstraße 12", "city": "Berlin", "postalCode": "10115",
        "countryCode": "DE",
    });
    let mut posted = Vec::new();
    for (sku, quantity) in [("SKU-1", 2), ("SKU-2", 1), ("SKU-3", 3)] {
        let code = vendure.place_order(sku, quantity, &address).await.unwrap();
        posted.push(relay.delivery("the order", |body| body["data"]["code"] == code.as_str()).await.unwrap());
    }
    let partner = |password: &str| Partner {
        url: vendure.base_url.clone(),
        api_key: json!({ "username": USER, "password": password }).to_string(),
    };
    let source = asking(&partner(PASSWORD), Duration::from_secs(20));
    let until = Timestamp::now() + SignedDuration::from_secs(1);
    let asked = source.events(began, until, &budget()).await.unwrap();
    let expected: Vec<_> = posted.iter().map(|delivery| told(&ingested(delivery))).collect();
    assert_eq!(asked.iter().map(told).collect::<Vec<_>>(), expected);

    // From its moment on and before it; by a session that is there already.
    let [_, second, third] = asked.as_slice() else { panic!("{asked:?}") };
    let within = source.events(second.time, third.time, &budget()).await.unwrap();
    assert_eq!(within.iter().map(told).collect::<Vec<_>>(), [told(second)]);
    assert_eq!(
        source.events(until, until + SignedDuration::from_secs(60), &budget()).await.unwrap().len(),
        0
    );

    // What a session that is over is told, and a question that the schema does not have.
    let target = target("vendure", &vendure.base_url, Duration::from_secs(20));
    let ask = |query: &str| {
        let request = Request::new(Method::POST, "/admin-api").json(&json!({ "query": query })).unwrap();
        request.authorization("Bearer", &"no-session".to_owned().into()).unwrap()
    };
    let over: Value = target.call(ask("{ orders { totalItems } }"), &budget()).await.unwrap().json().unwrap();
    println!("{over}");
    assert_eq!(over["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let unheard_of = target.call(ask("{ unheardOf }"), &budget()).await.unwrap_err();
    assert_eq!(unheard_of.code(), Code::TargetRefused);

    let refused = asking(&partner("wrong"), Duration::from_secs(20)).events(began, until, &budget()).await;
    assert_eq!(refused.unwrap_err().code(), Code::CredentialsRefused);
}

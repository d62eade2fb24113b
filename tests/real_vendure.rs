//! Against a real Vendure 3.7: what its plugin posts is what ingest, the contract and the mapping take it for.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::time::Duration;

use local::real::relay::{Delivery, Relay};
use local::real::signature;
use local::real::vendure::{RealVendure, Webhook};
use local::{Tools, Workspace};
use message::Envelope;
use serde_json::{Value, json};
use testkit::poll_until;
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

//! Orders of a real Vendure, placed through its shop API, in a real Tryton: by way of the deployed functions.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking and say where")]

use std::time::Duration;

use http::StatusCode;
use local::real::tryton::{RealPartners, RealTryton};
use local::real::vendure::{RealVendure, Webhook};
use local::scenario::Partners;
use local::{Stack, Tools, Workspace};
use serde_json::json;
use testkit::poll_until;
use tests::relay::Relay;

const WITHIN: Duration = Duration::from_secs(120);
const QUEUES: [&str; 4] = [
    "OrdersToInventoryQueueUrl",
    "OrdersToInventoryDeadLetterQueueUrl",
    "InventoryToShippingQueueUrl",
    "InventoryToShippingDeadLetterQueueUrl",
];

#[tokio::test]
async fn an_order_placed_in_the_real_vendure_is_reserved_once_and_labelled_once_whatever_repeats() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let tryton = RealTryton::up(&tools).await.unwrap();
    let stack = Stack::up(&tools, Some(tryton.partner())).await.unwrap();
    let (url, secret) = (format!("{}/webhooks/vendure", stack.api_url().unwrap()), stack.vendure_secret());
    let relay = Relay::start(Some(url.clone())).await;
    let vendure = RealVendure::up(&tools, Some(Webhook { url: &relay.url, secret })).await.unwrap();
    let partners = RealPartners { tryton: &tryton, sandbox: &stack.sandbox };

    println!("an order is placed in the shop");
    let address = json!({
        "fullName": "Ann Example", "streetLine1": "1 Example Way", "streetLine2": "Suite 5", "city": "Sacramento",
        "province": "CA", "postalCode": "95814", "countryCode": "US", "phoneNumber": "+14155550123",
    });
    let code = vendure.place_order("SKU-2", 3, &address).await.unwrap();
    let reference = format!("vendure/{code}");
    let effects = async || {
        let reservations = partners.reservations(&reference).await.unwrap().len();
        (reservations, partners.labels(&reference).await.unwrap().len())
    };
    poll_until("the order is reserved and labelled", WITHIN, || async {
        (effects().await == (1, 1)).then_some(())
    })
    .await;

    println!("the shop posts it again, as the answer to the first time was lost");
    let posted = poll_until("the second delivery", WITHIN, || async {
        Some(relay.deliveries()).filter(|deliveries| deliveries.len() == 2)
    })
    .await;
    assert!(posted.iter().all(|delivery| delivery.status == StatusCode::ACCEPTED), "{posted:?}");
    duplicates(&stack, &posted[0].id, 1).await;

    println!("it is posted once more, as a new event");
    let now = jiff::Timestamp::now().as_second().to_string();
    let replayed = posted[0].clone().signed(secret, "replayed", &now);
    assert_eq!(replayed.post(&url).await, StatusCode::ACCEPTED);
    duplicates(&stack, "replayed", 1).await;
    let forged = posted[0].clone().signed("whsec_Zm9yZ2Vk", "forged", &now);
    assert_eq!(forged.post(&url).await, StatusCode::UNAUTHORIZED);

    poll_until("every queue is empty", WITHIN, || async {
        for queue in QUEUES {
            if !stack.engine.inspect().messages(stack.output(queue).unwrap()).await.unwrap().is_empty() {
                return None;
            }
        }
        Some(())
    })
    .await;
    assert_eq!(effects().await, (1, 1));
}

/// Records of that event that were known again, by the function's own log.
async fn duplicates(stack: &Stack, correlation_id: &str, count: usize) {
    let log_group = stack.log_group("orders-to-inventory");
    poll_until("the order is known again", WITHIN, || async {
        let lines = stack.engine.inspect().log_lines(&log_group).await.unwrap();
        let ended = lines.iter().filter(|line| line["message"] == "record ended");
        let ours = ended.filter(|line| line["correlation_id"] == correlation_id);
        (ours.filter(|line| line["disposition"] == "Duplicate").count() == count).then_some(())
    })
    .await;
}

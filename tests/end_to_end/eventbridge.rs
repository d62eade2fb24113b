//! Events as a rule of EventBridge puts them on a flow's queue: the body alone, in EventBridge's own envelope. The same event by webhook
//! and by EventBridge is one operation where both name the same account.

use std::time::Duration;

use local::Stack;
use local::sandbox::System;
use local::scenario::{Shop, Sources};
use serde_json::{Value, json};
use testkit::poll_until;
use uuid::Uuid;

use crate::{effects, ended};

const FAILED: &str =
    include_str!("../../shared/transform/cases/stripe-payment-intent/failed-by-the-issuer/input.json");

/// Of another form than the events that the flow knows: as Stripe's event destinations send beside them.
const THIN: &str = include_str!("thin-stripe-event.json");

fn event(source: &str, kind: &str, detail: &Value) -> String {
    json!({
        "version": "0", "id": Uuid::new_v4().to_string(), "detail-type": kind, "source": source,
        "account": "123456789012", "time": jiff::Timestamp::now().to_string(), "region": "us-east-1",
        "resources": [], "detail": detail
    })
    .to_string()
}

pub(crate) async fn an_order_by_webhook_and_by_eventbridge_is_reserved_once(stack: &Stack) {
    println!("an order by webhook, then by EventBridge");
    let shop = Shop::new(&stack.api_url().unwrap(), stack.webhook_secret());
    let order = shop.order();
    assert_eq!(shop.post(&order, &shop.delivery()).await.unwrap(), 202);
    let first = ended(stack, "orders-to-inventory", &order.event_id, 1).await;
    let envelope: Value = serde_json::from_str(&Shop::envelope(&order, &shop.delivery())).unwrap();
    let detail = json!({
        "payload": envelope["data"],
        "metadata": {
            "X-Shopify-Topic": "orders/create",
            "X-Shopify-Shop-Domain": envelope["source"].as_str().unwrap().trim_start_matches("/shopify/"),
            "X-Shopify-API-Version": envelope["sourceversion"],
            "X-Shopify-Webhook-Id": shop.delivery(),
            "X-Shopify-Event-Id": order.event_id,
            "X-Shopify-Triggered-At": envelope["time"],
        }
    });
    let body = event("aws.partner/shopify.com/1234/orders", "shopifyWebhook", &detail);
    stack.send("OrdersToInventoryQueueUrl", &body).await.unwrap();
    let both = ended(stack, "orders-to-inventory", &order.event_id, 2).await;
    assert_eq!(
        (first, both.as_slice()),
        (vec!["Done".to_owned()], ["Done".to_owned(), "Duplicate".to_owned()].as_slice())
    );
    poll_until("the order is labelled", Duration::from_secs(60), || async {
        (effects(stack, System::Labels, &order) == 1).then_some(())
    })
    .await;
    assert_eq!(effects(stack, System::Inventory, &order), 1);
}

/// A payment of its own that has failed.
fn failed_payment(account: Option<&str>) -> (String, String, Value) {
    let unique = Uuid::new_v4().simple().to_string();
    let (payment, id) = (format!("pi_{unique}"), format!("evt_{unique}"));
    let mut failed: Value = serde_json::from_str(FAILED).unwrap();
    failed["id"] = json!(id);
    failed["account"] = json!(account);
    failed["data"]["object"]["id"] = json!(payment);
    (format!("PAY-{}", payment.replace('_', "-")), id, failed)
}

/// The number of cases and of what was told them.
fn told(stack: &Stack, reference: &str) -> (usize, usize) {
    let cases = stack.sandbox.cases(reference);
    let notes = cases.iter().map(|case| case["journals"].as_array().unwrap().len()).sum();
    (cases.len(), notes)
}

pub(crate) async fn a_payment_by_webhook_and_by_eventbridge_is_one_case(stack: &Stack) {
    let sources = Sources::of(stack).unwrap();
    // Of a connected account, which both name; and of the account that the endpoint and the event source were made for, which
    // ingest knows by its source's name and EventBridge by the event source's: two keys, and the desk knows the event again.
    for (account, ends) in [(Some("acct_1Connected"), ["Done", "Duplicate"]), (None, ["Done", "Done"])] {
        println!("a failed payment by webhook, then by EventBridge: {account:?}");
        let (reference, id, failed) = failed_payment(account);
        assert_eq!(sources.post(&sources.stripe(&failed).unwrap()).await.unwrap().status, 202);
        ended(stack, "payments-to-operations", &id, 1).await;
        let body = event("aws.partner/stripe.com/ed_test_61", failed["type"].as_str().unwrap(), &failed);
        stack.send("PaymentsToOperationsQueueUrl", &body).await.unwrap();
        assert_eq!(ended(stack, "payments-to-operations", &id, 2).await, ends, "{account:?}");
        assert_eq!(told(stack, &reference), (1, 0), "{account:?}");
    }
}

pub(crate) async fn an_event_of_a_bus_that_the_flow_does_not_know_is_acknowledged_and_counted(stack: &Stack) {
    let unique = Uuid::new_v4().simple().to_string();
    let mut thin: Value = serde_json::from_str(THIN).unwrap();
    thin["id"] = json!(format!("evt_{unique}"));
    let salesforce = json!({"payload": {"Name": "Acme"}, "event": {"EventUuid": unique}});
    let metadata =
        json!({"X-Shopify-Topic": "app/uninstalled", "X-Shopify-Event-Id": format!("event-{unique}")});
    let acme = event(&format!("com.acme.{unique}"), "invoice.paid", &json!({"amount": "10.00"}));
    for body in [
        acme,
        event(&format!("aws.partner/stripe.com/ed_{unique}"), thin["type"].as_str().unwrap(), &thin),
        event(&format!("aws.partner/salesforce.com/00D1/{unique}"), "AccountChangeEvent", &salesforce),
        event(
            &format!("aws.partner/shopify.com/{unique}/x"),
            "shopifyWebhook",
            &json!({"payload": {}, "metadata": metadata}),
        ),
    ] {
        let source = serde_json::from_str::<Value>(&body).unwrap()["source"].as_str().unwrap().to_owned();
        println!("an event of {source} on the payments' queue");
        let id = message::Envelope::decode(&body).unwrap().correlationid;
        stack.send("PaymentsToOperationsQueueUrl", &body).await.unwrap();
        assert_eq!(ended(stack, "payments-to-operations", &id, 1).await, ["Ignored"]);
        poll_until("the count of ignored events", Duration::from_secs(60), || async {
            let lines =
                stack.engine.inspect().log_lines(&stack.log_group("payments-to-operations")).await.unwrap();
            let counted = |line: &Value| line["EventsIgnored"] == 1 && line["Source"] == source.as_str();
            lines.iter().any(counted).then_some(())
        })
        .await;
    }
}

/// By our own envelope it has come by a route of ingest, which is wrong.
pub(crate) async fn an_event_by_a_wrong_route_is_parked(stack: &Stack) {
    println!("an envelope of an order on the payments' queue");
    let shop = Shop::new(&stack.api_url().unwrap(), stack.webhook_secret());
    let order = shop.order();
    let envelope = Shop::envelope(&order, &shop.delivery());
    stack.send("PaymentsToOperationsQueueUrl", &envelope).await.unwrap();
    let letter = crate::letter(stack, "PaymentsToOperationsDeadLetterQueueUrl", &order.event_id).await;
    assert_eq!(letter, ("SPW1004".to_owned(), "$.type".to_owned()));
}

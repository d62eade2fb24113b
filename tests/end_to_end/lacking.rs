//! What a target lacks: each has its own code, and the outcome that docs/error-codes.md tells.

use std::time::Duration;

use local::Stack;
use local::sandbox::System;
use local::scenario::{Shop, Sources};
use serde_json::{Value, json};
use testkit::poll_until;
use uuid::Uuid;

use crate::{effects, ended, letter};

const FAILED: &str =
    include_str!("../../shared/transform/cases/stripe-payment-intent/failed-by-the-issuer/input.json");
const LOAD: &str = include_str!("../../shared/transform/cases/warehouse-load/succeeded/input.json");
const ACCOUNT: &str = include_str!("../../shared/transform/cases/bottlecrm-account/full/input.json");
const DEAL: &str = include_str!("../../shared/transform/cases/bottlecrm-deal/won/input.json");

/// The local deployment's groups, and one whose dataset the BI tool does not have any more.
pub(crate) const DATASET_GROUPS: &str = r#"{"sales": {"jobs": ["dbt-cloud/1/123", "standard-webhooks/warehouse/nightly-sales"], "datasets": [{"id": 1, "charts": [1, 2]}, {"id": 2, "charts": [3]}]}, "archive": {"jobs": ["standard-webhooks/warehouse/nightly-archive"], "datasets": [{"id": 99, "charts": [99]}]}}"#;

pub(crate) async fn a_product_a_currency_or_stock_that_the_inventory_lacks(stack: &Stack) {
    println!("orders that the inventory system cannot take");
    let shop = Shop::new(&stack.api_url().unwrap(), stack.webhook_secret());
    let sku = |sku: &'static str| move |order: &mut Value| order["line_items"][0]["sku"] = json!(sku);
    let unknown = shop.order_with(sku("SKU-NOBODY-KNOWS"));
    let francs = shop.order_with(in_francs);
    let short = shop.order_with(sku("SKU-EMPTY"));
    for order in [&unknown, &francs, &short] {
        assert_eq!(shop.post(order, &shop.delivery()).await.unwrap(), 202);
    }
    let letters = "OrdersToInventoryDeadLetterQueueUrl";
    for (order, code, path) in [
        (&unknown, "SPW4009", "$.lines[0].sku"),
        (&francs, "SPW4010", "$.currency"),
        (&short, "SPW4008", "$.lines"),
    ] {
        assert_eq!(letter(stack, letters, &order.event_id).await, (code.to_owned(), path.to_owned()));
        assert_eq!(effects(stack, System::Inventory, order), 0);
    }

    println!("restocked, and redriven");
    stack.sandbox.stock("SKU-EMPTY", 100);
    stack.redrive(letters, "OrdersToInventoryQueueUrl").await.unwrap();
    poll_until("the order is labelled", Duration::from_secs(60), || async {
        (effects(stack, System::Labels, &short) == 1).then_some(())
    })
    .await;
    assert_eq!(effects(stack, System::Inventory, &short), 1);
}

/// Everything that names a currency.
fn in_francs(order: &mut Value) {
    let text = order.to_string().replace("\"USD\"", "\"CHF\"");
    *order = serde_json::from_str(&text).unwrap();
}

pub(crate) async fn a_dataset_that_was_deleted(stack: &Stack) {
    println!("a load that feeds a dataset which was deleted");
    let (sources, id) = (Sources::of(stack).unwrap(), Uuid::new_v4().simple().to_string());
    let mut load: Value = serde_json::from_str(LOAD).unwrap();
    load["data"]["job"] = json!("nightly-archive");
    load["data"]["finished_at"] = json!(jiff::Timestamp::now().to_string());
    assert_eq!(sources.post(&sources.warehouse(&id, &load).unwrap()).await.unwrap().status, 202);
    let letter = letter(stack, "WarehouseToBiDeadLetterQueueUrl", &id).await;
    assert_eq!(letter, ("SPW4012".to_owned(), "$.datasets[0].id".to_owned()));
}

pub(crate) async fn a_case_that_was_deleted_is_made_anew(stack: &Stack) {
    println!("a payment fails again, after its case was deleted");
    let (sources, unique) = (Sources::of(stack).unwrap(), Uuid::new_v4().simple().to_string());
    let reference = format!("PAY-pi-{unique}");
    let mut cases = Vec::new();
    for attempt in [1, 2] {
        let mut failed: Value = serde_json::from_str(FAILED).unwrap();
        let id = format!("evt_{attempt}{unique}");
        failed["id"] = json!(id);
        failed["created"] = json!(1_795_514_398 + attempt);
        failed["data"]["object"]["id"] = json!(format!("pi_{unique}"));
        assert_eq!(sources.post(&sources.stripe(&failed).unwrap()).await.unwrap().status, 202);
        assert_eq!(ended(stack, "payments-to-operations", &id, 1).await, ["Done"]);
        let found = stack.sandbox.cases(&reference);
        assert_eq!(found.len(), 1);
        cases.push(found[0]["id"].as_u64().unwrap());
        stack.sandbox.delete_case(cases[0]);
    }
    assert!(cases[0] < cases[1], "{cases:?}");
}

/// A won deal of a new account: its sale's reference, and the account's event.
pub(crate) struct Early {
    sale: String,
    account: Value,
}

/// A deal whose account the ERP does not have: asked again a minute later, so the rest of it comes at the end.
pub(crate) async fn a_deal_without_its_account_waits(stack: &Stack) -> Early {
    println!("a won deal whose account the ERP does not have");
    let sources = Sources::of(stack).unwrap();
    let [org, of_account, of_deal, event] = std::array::from_fn(|_| Uuid::new_v4().to_string());
    let mut deal: Value = serde_json::from_str(DEAL).unwrap();
    (deal["id"], deal["org_id"]) = (json!(event), json!(org));
    (deal["data"]["id"], deal["data"]["account_id"]) = (json!(of_deal), json!(of_account));
    assert_eq!(sources.post(&sources.bottlecrm(&deal).unwrap()).await.unwrap().status, 202);
    poll_until("the deal waits", Duration::from_secs(60), || async {
        let lines = stack.engine.inspect().log_lines(&stack.log_group("crm-to-erp")).await.unwrap();
        let waits = |line: &Value| {
            line["correlation_id"] == event.as_str()
                && line["disposition"] == "Retry"
                && line["code"] == "SPW4014"
        };
        lines.iter().any(waits).then_some(())
    })
    .await;
    let mut account: Value = serde_json::from_str(ACCOUNT).unwrap();
    (account["id"], account["org_id"]) = (json!(Uuid::new_v4().to_string()), json!(org));
    account["data"]["id"] = json!(of_account);
    Early { sale: format!("bottlecrm/{org}/deal/{of_deal}"), account }
}

pub(crate) async fn it_is_sold_once_its_account_has_come(stack: &Stack, early: &Early) {
    println!("its account comes");
    let sources = Sources::of(stack).unwrap();
    let sales = || stack.sandbox.erp_records("sale.sale", ("reference", &early.sale), "state");
    assert_eq!(sales().len(), 0);
    assert_eq!(sources.post(&sources.bottlecrm(&early.account).unwrap()).await.unwrap().status, 202);
    poll_until("the sale", Duration::from_secs(180), || async { (!sales().is_empty()).then_some(()) }).await;
    let queue_url = stack.output("CrmToErpQueueUrl").unwrap();
    poll_until("the queue has drained", Duration::from_secs(30), || async {
        stack.engine.inspect().messages(queue_url).await.unwrap().is_empty().then_some(())
    })
    .await;
    assert_eq!(sales().iter().filter(|sale| sale["state"] == "quotation").count(), 1);
    let letters = stack.output("CrmToErpDeadLetterQueueUrl").unwrap();
    let letters = stack.engine.inspect().messages(letters).await.unwrap();
    assert!(letters.iter().all(|letter| letter.attributes.get("Code").is_none_or(|code| code != "SPW4014")));
}

use std::time::Duration;

use local::sandbox::System;
use local::scenario::Shop;
use local::{Spillway, Stack};
use serde_json::json;
use testkit::poll_until;

use super::LETTERS;
use super::causes::{ORDERS, order_of_no_product};
use crate::{effects, ended};

/// That it is reserved at all says that it was sent as it was edited: the inventory does not know the product that it came with.
pub(super) async fn is_redriven_as_it_was_edited_and_is_the_same_message(
    stack: &Stack,
    spillway: &Spillway,
    shop: &Shop<'_>,
) {
    println!("an order of no known product is edited, and redriven");
    let (order, letter) = order_of_no_product(shop);
    let id = stack.park(LETTERS, &[letter]).await.unwrap().remove(0);
    let patch = tempfile::NamedTempFile::new().unwrap();
    let to_another = json!([{ "op": "replace", "path": "/line_items/0/sku", "value": "SKU-1" }]);
    std::fs::write(patch.path(), to_another.to_string()).unwrap();
    let arguments = ["dlq", "edit", &id, "--flow", ORDERS, "--reason", "as the shop says"];
    let patch = ["--patch", patch.path().to_str().unwrap()];
    let edit = spillway.ask(&[&arguments[..], &patch].concat()).await.unwrap();
    assert!(edit.good, "{}", edit.json);
    let plan = spillway.ask(&["dlq", "plan", "--flow", ORDERS, "--id", &id]).await.unwrap();
    assert!(plan.good && plan.json["pass"] == 1, "{}", plan.json);
    let plan = plan.json["plan"].as_str().unwrap();
    let arguments = ["dlq", "redrive", plan, "--reason", "edited", "--settle", "1"];
    let redriven = spillway.ask(&arguments).await.unwrap();
    assert!(redriven.good, "{}", redriven.json);

    // Under the correlation id that it came with, over both flows.
    assert_eq!(ended(stack, ORDERS, &order.event_id, 1).await, ["Done"]);
    assert_eq!(ended(stack, "inventory-to-shipping", &order.event_id, 1).await, ["Done"]);
    poll_until("the order is labelled", Duration::from_secs(60), || async {
        (effects(stack, System::Labels, &order) == 1).then_some(())
    })
    .await;
    assert_eq!(effects(stack, System::Inventory, &order), 1);
    let audit = spillway.ask(&["audit", "--days", "1", "--letter", &id]).await.unwrap();
    let records = audit.json["records"].as_array().unwrap();
    let of = |action| records.iter().find(|record| record["action"] == action).unwrap()["letters"][0].clone();
    let (edit, redrive) = (of("edit"), of("redrive"));
    assert!(edit["after"].is_string() && edit["after"] != edit["before"], "{edit}");
    assert_eq!(edit, redrive);
}

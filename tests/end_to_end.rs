//! template.yaml deployed to the local engine by `sam deploy`, with the partner sandbox beside it. One test starts it
//! and asks for everything: a start takes half a minute.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "steps of a test fail by panicking and say where"
)]

use std::time::Duration;

use local::sandbox::{Fault, FaultKind, System};
use local::scenario::Shop;
use local::{Stack, Tools, Workspace};
use testkit::poll_until;

#[tokio::test]
async fn a_signed_webhook_becomes_one_reservation_and_one_label_whatever_repeats_or_times_out() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let stack = Stack::up(&tools, None).await.unwrap();

    println!("the demo's scenario");
    let outcome = stack.run_scenario(&stack.sandbox, &|step| println!("{step}")).await.unwrap();
    assert!(outcome.wrong.is_empty(), "{:#?}", outcome.wrong);
    only_what_the_engine_lacks_is_left_out(&stack);
    refusals_queue_nothing(&stack).await;
    a_label_whose_answer_was_lost_is_not_bought_twice(&stack).await;
}

fn only_what_the_engine_lacks_is_left_out(stack: &Stack) {
    let expected = [
        "Ingest5xxAlarm",
        "IngestErrorsAlarm",
        "InventoryToShippingFlow/FunctionErrorsAlarm",
        "OrdersToInventoryFlow/FunctionErrorsAlarm",
    ];
    assert_eq!(stack.left_out, expected);
}

async fn refusals_queue_nothing(stack: &Stack) {
    println!("an unknown source is 404");
    let api_url = stack.api_url().unwrap();
    let shop = Shop::at(&format!("{api_url}/webhooks/nobody"), stack.webhook_secret());
    let status = shop.post(&shop.order(), &shop.delivery()).await.unwrap();
    assert_eq!(status, 404);
    let queue = stack.output("OrdersToInventoryQueueUrl").unwrap();
    assert_eq!(stack.engine.inspect().messages(queue).await.unwrap().len(), 0);
}

async fn a_label_whose_answer_was_lost_is_not_bought_twice(stack: &Stack) {
    println!("the label system takes the order and never answers");
    stack.sandbox.fail(Fault {
        method: Some("POST".to_owned()),
        path: "/v1/shipments".to_owned(),
        kind: FaultKind::TimeoutAfterEffect,
        times: 1,
        every: 1,
    });
    let shop = Shop::new(&stack.api_url().unwrap(), stack.webhook_secret());
    let order = shop.order();
    assert_eq!(shop.post(&order, &shop.delivery()).await.unwrap(), 202);
    let log_group = stack.log_group("inventory-to-shipping");
    poll_until("the shipping flow is done", Duration::from_secs(90), || async {
        let lines = stack.engine.inspect().log_lines(&log_group).await.unwrap();
        lines
            .iter()
            .any(|line| line["disposition"] == "Done" && line["correlation_id"] == order.event_id.as_str())
            .then_some(())
    })
    .await;
    let effects = stack.sandbox.effects();
    let labels = effects
        .iter()
        .filter(|effect| effect.system == System::Labels && effect.reference == order.reference());
    assert_eq!(labels.count(), 1);
}

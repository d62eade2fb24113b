//! Credentials that a target does not take any more.

use std::time::Duration;

use local::Stack;
use local::sandbox::{Fault, FaultKind};
use local::scenario::Shop;
use local::watch::{AlarmId, Notification, Watch};
use serde_json::{Value, json};
use testkit::poll_until;

use crate::{ORDERS_IN_OUTAGE, labels_drain_once_each};

pub(crate) async fn refused_credentials_hold_all_ring_and_drain_once_they_are_mended(
    stack: &Stack,
    watch: &Watch,
) {
    let known = watch.inbox.notifications().len();
    println!("the label system does not take our key any more, and orders keep coming");
    stack.sandbox.fail(Fault {
        method: None,
        path: "/v1/".to_owned(),
        kind: FaultKind::Status { status: 401, retry_after_s: None },
        times: u32::MAX,
        every: 1,
    });
    let log_group = stack.log_group("inventory-to-shipping");
    let seen = stack.engine.inspect().log_lines(&log_group).await.unwrap().len();
    let since = async || stack.engine.inspect().log_lines(&log_group).await.unwrap().split_off(seen);
    let shop = Shop::new(&stack.api_url().unwrap(), stack.webhook_secret());
    let orders: Vec<_> = (0..ORDERS_IN_OUTAGE).map(|_| shop.order()).collect();
    for order in &orders {
        assert_eq!(shop.post(order, &shop.delivery()).await.unwrap(), 202);
    }
    let opened = |line: &Value| line["message"] == "breaker opened" && line["code"] == "SPW4006";
    let held = |line: &Value| line["disposition"] == "Hold" && line["code"] == "SPW4006";
    let metric = |line: &Value| {
        let directive = json!([{
            "Namespace": "Spillway", "Dimensions": [["FunctionName", "Flow", "Target"], ["FunctionName"]],
            "Metrics": [{ "Name": "CredentialsRefused", "Unit": "Count" }]
        }]);
        line.pointer("/_aws/CloudWatchMetrics") == Some(&directive)
            && line["FunctionName"] == log_group.trim_start_matches("/aws/lambda/")
            && line["Target"] == "karrio"
            && line["CredentialsRefused"].as_u64() > Some(0)
    };
    poll_until("breaker, metric, and a hold for each order", Duration::from_secs(90), || async {
        let lines = since().await;
        let held_of = |id: &str| lines.iter().any(|line| held(line) && line["correlation_id"] == id);
        let all = lines.iter().any(opened) && lines.iter().any(metric);
        (all && orders.iter().all(|order| held_of(&order.event_id))).then_some(())
    })
    .await;
    let used_up = |line: &&Value| {
        line["message"] == "record ended" && line["code"] == "SPW4006" && line["disposition"] != "Hold"
    };
    assert_eq!(since().await.iter().filter(used_up).count(), 0, "none has cost a receive");

    println!("the alarm rings");
    let alarm = AlarmId::Within("InventoryToShippingFlow", "CredentialsRefusedAlarm");
    let told = watch.told(alarm, "ALARM", known).await.unwrap();
    assert!(told.description.contains("docs/runbooks.md#credentials-refused"), "{told:?}");
    assert_eq!(told.topic, stack.output("TicketTopicArn").unwrap());
    // Another flow's calls are let in, and its alarm is another one.
    let of_others =
        |it: &Notification| it.alarm.contains("-CredentialsRefusedAlarm-") && !alarm.is(&it.alarm);
    let rang = watch.inbox.notifications().into_iter().filter(|it| it.state == "ALARM" && of_others(it));
    assert_eq!(rang.count(), 0);

    println!("the key is mended");
    stack.sandbox.fail_no_more();
    labels_drain_once_each(stack, &orders).await;
}

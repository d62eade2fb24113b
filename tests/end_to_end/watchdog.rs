//! What no message can tell, deployed: canaries through whole chains, what a source says has happened, dead letters by code.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use local::Stack;
use serde_json::{Value, json};
use testkit::poll_until;
use uuid::Uuid;

use crate::ended;

const FAILED: &str =
    include_str!("../../shared/transform/cases/stripe-payment-intent/failed-by-the-issuer/input.json");

/// Where canaries are posted, and the last flow that they pass.
const WAYS: [(&str, &str); 5] = [
    ("orders-to-inventory", "inventory-to-shipping"),
    ("hubspot-enricher", "crm-to-erp"),
    ("crm-to-erp", "crm-to-erp"),
    ("payments-to-operations", "payments-to-operations"),
    ("warehouse-to-bi", "warehouse-to-bi"),
];

pub(crate) async fn canaries_come_through_every_chain_and_no_system_hears_of_them(stack: &Stack) {
    println!("a canary through each chain");
    let effects = stack.sandbox.effects().len();
    let records = records(stack).await;
    for (entry, _) in WAYS {
        let line = stack.look_at(entry).await.unwrap();
        assert!(line.get("canary_not_posted").is_none(), "{line}");
    }
    for (entry, last) in WAYS {
        let passed = |line: &Value| {
            line["kind"] == "canary"
                && line["event_type"] == format!("canary.{entry}")
                && line["disposition"] == "Done"
        };
        poll_until(&format!("the canary of {entry} at {last}"), Duration::from_secs(60), || async {
            let lines = stack.engine.inspect().log_lines(&stack.log_group(last)).await.unwrap();
            lines.iter().any(passed).then_some(())
        })
        .await;
        let line = stack.look_at(entry).await.unwrap();
        assert!(line["CanaryAge"].as_f64().unwrap() < 300.0, "{line}");
    }
    // No metric of messages knows them either.
    assert_eq!((stack.sandbox.effects().len(), self::records(stack).await), (effects, records));
}

/// Wide events that count as records, of all flows.
async fn records(stack: &Stack) -> usize {
    let mut count = 0;
    for (_, flow) in WAYS {
        let lines = stack.engine.inspect().log_lines(&stack.log_group(flow)).await.unwrap();
        count += lines.iter().filter(|line| line["Records"] == 1).count();
    }
    count
}

pub(crate) async fn everything_that_is_looked_at_of_a_flow_is_found(stack: &Stack) {
    println!("all that the watchdog looks at");
    for (flow, _) in WAYS.into_iter().chain([("inventory-to-shipping", "")]) {
        let line = stack.look_at(flow).await.unwrap();
        // On the engine the poller is a thread, and says that it is enabled as Lambda does.
        assert_eq!((&line["poller"], &line["PollerOff"]), (&json!("Enabled"), &json!(0.0)), "{line}");
        for told in ["Silence", "OldestHeld", "BreakerNotClosed", "SecretAge", "dead_letters", "queued"] {
            assert!(line[told].is_number(), "{flow} {told}: {line}");
        }
        assert_eq!(line["FunctionName"], format!("spillway-local-{flow}"));
    }
}

/// A payment that failed half an hour ago, whose webhook never came.
pub(crate) async fn a_payment_whose_webhook_never_came_is_found_by_asking_and_is_one_case(stack: &Stack) {
    println!("a payment that no webhook tells of");
    let flow = "payments-to-operations";
    let now = Timestamp::now();
    stack.watched_since(flow, now - SignedDuration::from_hours(1)).await.unwrap();
    let unique = Uuid::new_v4().simple().to_string();
    let mut failed: Value = serde_json::from_str(FAILED).unwrap();
    failed["id"] = json!(format!("evt_{unique}"));
    failed["created"] = json!((now - SignedDuration::from_mins(30)).as_second());
    failed["data"]["object"]["id"] = json!(format!("pi_{unique}"));
    stack.sandbox.happen_at_stripe(failed);
    let line = stack.look_at(flow).await.unwrap();
    assert_eq!((&line["events_missing"], &line["Unreconciled"]), (&json!(1), &json!(0.0)), "{line}");
    assert_eq!(ended(stack, flow, &format!("evt_{unique}"), 1).await, ["Done"]);
    assert_eq!(stack.sandbox.cases(&format!("PAY-pi-{unique}")).len(), 1);

    println!("and is not found again");
    stack.watched_since(flow, now - SignedDuration::from_hours(1)).await.unwrap();
    let line = stack.look_at(flow).await.unwrap();
    assert_eq!(line["events_missing"], json!(0), "{line}");
}

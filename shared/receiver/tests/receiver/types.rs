//! Types of events that a flow does not know, or that cannot be read.

use message::Envelope;
use serde_json::{Value, json};

use crate::support::{Bench, body, record};

/// As a rule of EventBridge puts it on the queue.
fn by_eventbridge(source: &str, order: &str, action: &str) -> String {
    detailed(source, order, &json!({"order": order, "do": action, "version": 0}))
}

fn detailed(source: &str, id: &str, detail: &Value) -> String {
    json!({
        "version": "0", "id": format!("event-{id}"), "detail-type": "test.order", "source": source,
        "account": "123456789012", "time": "2026-11-24T10:00:00Z", "region": "eu-central-1", "resources": [],
        "detail": detail
    })
    .to_string()
}

#[tokio::test]
async fn what_eventbridge_sends_and_the_flow_does_not_know_is_acknowledged() {
    let bench = Bench::new();
    let failures = bench
        .receive(&[
            record("1", by_eventbridge("com.acme.erp", "1", "be unknown")),
            record("2", by_eventbridge("com.acme.erp", "2", "be unknown")),
            record("3", by_eventbridge("com.acme.shop", "3", "be unknown")),
            record("4", by_eventbridge("com.acme.shop", "4", "")),
        ])
        .await;
    assert!(failures.is_empty());
    assert!(bench.letters().is_empty());
    assert!(bench.world.held.lock().unwrap().is_empty());
    assert_eq!(bench.effects(), ["4"]);
}

/// Of a partner's event nothing but its type has to be readable for that.
#[tokio::test]
async fn what_a_partner_sends_by_eventbridge_and_the_flow_does_not_know_is_acknowledged() {
    let bench = Bench::new();
    let unknown = json!({"do": "be unknown"});
    let thin = json!({
        "id": "evt_test_65", "object": "v2.core.event", "type": "v1.billing.meter.error_report_triggered",
        "created": "2026-11-24T10:00:00.123Z", "do": "be unknown"
    });
    let metadata = json!({"X-Shopify-Topic": "app/uninstalled", "X-Shopify-Webhook-Id": "1"});
    let records = [
        ("aws.partner/stripe.com/ed_61", thin),
        ("aws.partner/shopify.com/1234/x", json!({"payload": unknown, "metadata": metadata})),
        (
            "aws.partner/shopify.com/1234/x",
            json!({"payload": unknown, "metadata": {"X-Shopify-Topic": "a/b"}}),
        ),
        ("aws.partner/salesforce.com/00D1/0YL1", json!({"payload": unknown, "schemaId": "x", "id": "y"})),
    ]
    .map(|(source, detail)| record(source, detailed(source, "1", &detail)));
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!(bench.letters(), []);
}

#[tokio::test]
async fn what_a_partner_sends_by_eventbridge_without_a_type_is_a_dead_letter_that_names_the_place() {
    let bench = Bench::new();
    let detail = json!({"id": "evt_1", "object": "event", "created": 1_795_514_398});
    let body = detailed("aws.partner/stripe.com/ed_61", "1", &detail);
    assert!(bench.receive(&[record("m", body)]).await.is_empty());
    assert_eq!(bench.letters(), [("SPW1005".to_owned(), "$.type".to_owned())]);
}

/// Read as CloudWatch reads it: off the standard output of a process that plays the test before this one.
#[test]
fn it_is_counted_by_source() {
    let test = "types::what_eventbridge_sends_and_the_flow_does_not_know_is_acknowledged";
    let lines = testkit::printed_by(test, None).into_iter();
    let counted: Vec<_> = lines.filter(|line| !line["EventsIgnored"].is_null()).collect();
    let counts: Vec<_> = counted.iter().map(|line| (&line["Source"], &line["EventsIgnored"])).collect();
    let expected = [(&json!("com.acme.erp"), &json!(2)), (&json!("com.acme.shop"), &json!(1))];
    assert_eq!(counts, expected);
    let directive = json!([{
        "Namespace": "Spillway", "Dimensions": [["Source"]], "Metrics": [{ "Name": "EventsIgnored", "Unit": "Count" }]
    }]);
    assert_eq!(counted[0]["_aws"]["CloudWatchMetrics"], directive);
}

/// Ingest has routed it on purpose: the route is wrong.
#[tokio::test]
async fn what_ingest_sends_and_the_flow_does_not_know_is_a_dead_letter() {
    let bench = Bench::new();
    assert!(bench.receive(&[record("m", body("1", "be unknown"))]).await.is_empty());
    assert_eq!(bench.letters(), [("SPW1004".to_owned(), "$.type".to_owned())]);
}

#[tokio::test]
async fn what_eventbridge_sends_of_a_known_type_and_broken_is_a_dead_letter() {
    let bench = Bench::new();
    assert!(bench.receive(&[record("m", by_eventbridge("com.acme", "1", "no mapping"))]).await.is_empty());
    assert_eq!(bench.letters(), [("SPW2001".to_owned(), "$.sku".to_owned())]);
}

/// Whichever flow it comes to.
#[tokio::test]
async fn an_event_whose_type_cannot_be_read_is_a_dead_letter_that_names_the_place() {
    let bench = Bench::new();
    let unreadable = Envelope::unreadable_type("hubspot", "$.subscriptionType");
    let records =
        [record("bad", body("1", "").replace("test.order", &unreadable)), record("good", body("2", ""))];
    assert!(bench.receive(&records).await.is_empty());
    assert_eq!(bench.letters(), [("SPW1005".to_owned(), "$.subscriptionType".to_owned())]);
    assert_eq!(bench.effects(), ["2"]);
}

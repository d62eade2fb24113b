//! What a function prints for CloudWatch, read back as CloudWatch reads it: a process plays a function's minute, and another
//! reads its standard output.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, and Null is indexed to Null"
)]

use std::sync::Arc;

use control::{ControlStore, Entry, Mappings, MemoryControlStore};
use jiff::SignedDuration;
use message::Envelope;
use serde_json::{Value, json};
use testkit::{FakeClock, printed_by};
use transform::canonical::Order;
use transform::{Change, Overrides};

const FLOW: &str = "orders-to-inventory";
const FUNCTION: &str = "spillway-prod-orders-to-inventory";
const PAYLOAD: &str = include_str!("../../transform/cases/shopify-order/full/input.json");

fn order(member: &str, value: &str) -> Envelope {
    let mut payload: Value = serde_json::from_str(PAYLOAD).unwrap();
    payload[member] = json!(value);
    let body = json!({
        "specversion": "1.0", "id": "event", "source": "/shopify/acme.myshopify.com", "type": "shopify.orders/create",
        "time": "2026-11-24T10:00:00Z", "correlationid": "c", "sourceversion": "2026-10", "data": payload
    });
    Envelope::decode(&body.to_string()).unwrap()
}

/// Overrides that no function takes, with a value that no log should hold.
async fn store_with_wrong_overrides() -> Arc<MemoryControlStore> {
    let store = Arc::new(MemoryControlStore::default());
    let rule = "lines[].weight_grams".to_owned();
    let change = Change::SetDefault { rule, becomes: json!("Ann Example") };
    let next = Overrides::default().with(&change).unwrap();
    let at = "2026-11-24T10:00:00Z".parse().unwrap();
    let entry = Entry { revision: 1, change, author: "ann".to_owned(), at, reason: "try".to_owned() };
    assert!(store.change("shopify-order", &next, &entry).await.unwrap());
    store
}

/// The others read what it prints, of a process of its own.
#[tokio::test]
async fn a_minute_of_a_function() {
    telemetry::init();
    let clock = FakeClock::at("2026-11-24T10:00:00Z");
    let mut mappings = Mappings::new(store_with_wrong_overrides().await, clock.as_fn());
    let shopify = mappings.translator("shopify-order", Value::Null).unwrap();
    for batch in [
        vec![order("loyalty_tier", "gold"), order("loyalty_tier", "silver")],
        vec![order("fulfillment_status", "scheduled")],
        vec![],
    ] {
        mappings.refresh(FLOW).await;
        for envelope in &batch {
            drop(shopify.decode::<Order>(envelope));
        }
        mappings.tell_drift(FLOW).await;
        clock.advance(SignedDuration::from_secs(60));
    }
}

fn printed() -> Vec<Value> {
    printed_by("a_minute_of_a_function", Some(FUNCTION))
}

/// Name, unit, dimension sets, their values, and the count.
fn metric(line: &Value) -> Option<(String, Value, Vec<String>, u64)> {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array()?;
    let [directive] = directives.as_slice() else { panic!("one directive: {line}") };
    assert_eq!(directive["Namespace"], "Spillway");
    assert!(line["_aws"]["Timestamp"].as_i64().unwrap() > 1_700_000_000_000, "milliseconds");
    let name = directive["Metrics"][0]["Name"].as_str().unwrap();
    assert_eq!(directive["Metrics"], json!([{ "Name": name, "Unit": "Count" }]));
    let dimensions = directive["Dimensions"].clone();
    let names = dimensions[0].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    let values = names.map(|name| line[name].as_str().unwrap().to_owned()).collect();
    Some((name.to_owned(), dimensions, values, line[name].as_u64().unwrap()))
}

#[test]
fn unknown_members_unknown_values_and_refused_overrides_are_metrics_of_the_function() {
    let lines = printed();
    let by_field = json!([["FunctionName", "Flow", "Mapping", "Field"], ["FunctionName"]]);
    let by_mapping = json!([["FunctionName", "Flow", "Mapping"], ["FunctionName"]]);
    let of = |name: &str, sets: &Value, field: Option<&str>, count: u64| {
        let values = [FUNCTION, FLOW, "shopify-order"].into_iter().chain(field).map(str::to_owned);
        (name.to_owned(), sets.clone(), values.collect::<Vec<_>>(), count)
    };
    let refused = of("OverridesRefused", &by_mapping, None, 1);
    let expected = [
        refused.clone(),
        of("Drift", &by_field, Some("$.loyalty_tier"), 2),
        refused.clone(),
        of("UnknownValue", &by_field, Some("$.fulfillment_status"), 1),
        refused,
    ];
    assert_eq!(lines.iter().filter_map(metric).collect::<Vec<_>>(), expected);
}

#[test]
fn a_refused_revision_is_told_once_with_what_is_in_force_and_without_its_values() {
    let lines = printed();
    let told: Vec<_> = lines.iter().filter(|line| line["message"] == "overrides refused").collect();
    let [line] = told.as_slice() else { panic!("once: {told:#?}") };
    for (name, value) in [
        ("level", json!("WARN")),
        ("flow", json!(FLOW)),
        ("mapping", json!("shopify-order")),
        ("revision", json!(1)),
        ("in_force", json!("shopify-order/2 canonical.order@1")),
        ("findings", json!("ValueNotAllowed: lines[].weight_grams: lines[].weight_grams")),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    assert!(lines.iter().all(|line| !line.to_string().contains("Ann Example")));
}

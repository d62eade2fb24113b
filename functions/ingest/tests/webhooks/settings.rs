use ingest::{Config, Routes};
use serde_json::json;

use crate::support::*;

fn problems(settings: &[(&str, &str)]) -> Vec<String> {
    let lookup =
        |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Config::read(&lookup).unwrap_err().problems
}

#[test]
fn defaults_hold_where_nothing_is_said() {
    let sources = json!({"shop": {"scheme": "shopify", "secret_arn": SHOP_ARN, "routes": {"orders/create": QUEUE_URL}}});
    let config = Config::read(&|name: &str| (name == "SOURCES").then(|| sources.to_string())).unwrap();
    assert_eq!(config.max_body_bytes, 921_600);
    assert_eq!(config.timestamp_tolerance_seconds, 300);
    let Routes::ByType(routes) = &config.sources["shop"].routes else { panic!("routes by type") };
    assert_eq!(routes["orders/create"], QUEUE_URL);
}

#[test]
fn a_route_to_a_flow_leads_to_the_queue_of_its_name() {
    let sources = json!({
        "shop": {"scheme": "shopify", "secret_arn": SHOP_ARN, "routes": {"orders/create": "orders-to-inventory"}},
        "canary": {"scheme": "canary", "secret_arn": CRM_ARN, "routes": "flows"},
    })
    .to_string();
    let prefix = "https://sqs.eu-central-1.amazonaws.com/123456789012/shop-";
    let config = Config::read(&|name: &str| match name {
        "SOURCES" => Some(sources.clone()),
        "QUEUE_URL_PREFIX" => Some(prefix.to_owned()),
        _ => None,
    });
    let config = config.unwrap();
    let Routes::ByType(routes) = &config.sources["shop"].routes else { panic!("routes by type") };
    assert_eq!(routes["orders/create"], format!("{prefix}orders-to-inventory"));
    let Routes::ByFlow(of_flows) = &config.sources["canary"].routes else { panic!("routes by flow") };
    assert_eq!(of_flows, prefix);
    // Without it nobody knows where a flow's queue is.
    assert_eq!(
        problems(&[("SOURCES", &sources)]),
        [
            "SOURCES.canary: routes must be an object from event type to flow",
            "SOURCES.shop: routes.orders/create must be the name of a flow, or the URL of a queue",
        ]
    );
    let found = problems(&[("SOURCES", &sources), ("QUEUE_URL_PREFIX", "sqs/shop-")]);
    assert!(found.contains(&"QUEUE_URL_PREFIX: must be the beginning of the URL of a queue".to_owned()));
}

#[test]
fn every_problem_is_told_at_once() {
    let sources = json!({
        "Shop 1": {"scheme": "none", "secret_arn": "hush", "routes": {}, "secret": "hush"},
        "crm": {"scheme": "standard-webhooks", "routes": {"a": "queue", "b": 7}, "url": "hooks"},
        "erp": [],
    })
    .to_string();
    let found = problems(&[
        ("SOURCES", &sources),
        ("MAX_BODY_BYTES", "2000000"),
        ("TIMESTAMP_TOLERANCE_SECONDS", "0"),
    ]);
    assert_eq!(
        found,
        [
            "SOURCES.Shop 1: the name must be 1 to 64 of a-z, 0-9 and -",
            "SOURCES.Shop 1: scheme must be one of bottlecrm, canary, dbt-cloud, hubspot, shopify, standard-webhooks, stripe",
            "SOURCES.Shop 1: secret_arn must be the ARN of a secret",
            "SOURCES.Shop 1: routes: at least one, or every event would be ignored",
            "SOURCES.Shop 1: unknown field secret",
            "SOURCES.crm: secret_arn must be the ARN of a secret",
            "SOURCES.crm: url must be the public address that webhooks are posted to",
            "SOURCES.crm: routes.a must be the name of a flow, or the URL of a queue",
            "SOURCES.crm: routes.b must be the name of a flow, or the URL of a queue",
            "SOURCES.erp: must be an object",
            "MAX_BODY_BYTES: a whole number from 1 to 1044480",
            "TIMESTAMP_TOLERANCE_SECONDS: a whole number from 1 to 3600",
        ]
    );
    assert!(!found.concat().contains("hush"));
}

#[test]
fn sources_must_be_there_and_be_an_object_with_a_source() {
    assert_eq!(problems(&[]), ["SOURCES: missing"]);
    assert_eq!(problems(&[("SOURCES", " ")]), ["SOURCES: missing"]);
    assert_eq!(problems(&[("SOURCES", "{}")]), ["SOURCES: at least one source"]);
    for text in ["[]", "{", "{\"hush\""] {
        let found = problems(&[("SOURCES", text)]);
        assert!(found[0].starts_with("SOURCES: not a JSON object (line "), "{found:?}");
        assert!(!found[0].contains("hush"));
    }
}

#[test]
fn numbers_must_be_whole_and_in_range() {
    for text in ["x", "-1", "1.5", "99999999999999999999"] {
        let found = problems(&[("MAX_BODY_BYTES", text), ("TIMESTAMP_TOLERANCE_SECONDS", text)]);
        assert_eq!(found.len(), 3, "{text}: {found:?}");
    }
}

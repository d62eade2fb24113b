//! `spillway trace`, beside a CloudWatch Logs that has what three functions have logged.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use ledger::{Claimed, Ledger, Operation, Outcome, Reopens, Settlement};
use message::{Fingerprint, OperationKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{BAD, GOOD, Said, UNANSWERED, spillway_with};

const ORDER: &str = "5912345678901";

/// Answers as the documented API does, two lines a page; a filter pattern is one quoted term.
async fn logs(lines: Vec<(&'static str, Value)>) -> String {
    let lines = Arc::new(lines);
    let app = Router::new().fallback(move |headers: HeaderMap, body: String| {
        let lines = Arc::clone(&lines);
        async move {
            let asked: Value = serde_json::from_str(&body).unwrap();
            let answer = match headers["x-amz-target"].to_str().unwrap() {
                "Logs_20140328.DescribeLogGroups" => {
                    let prefix = asked["logGroupNamePrefix"].as_str().unwrap();
                    let names = ["/aws/lambda/shop-ingest", "/aws/lambda/shop-orders-to-inventory"];
                    let named = names.iter().filter(|name| name.starts_with(prefix));
                    json!({ "logGroups": named.map(|name| json!({ "logGroupName": name })).collect::<Vec<_>>() })
                }
                "Logs_20140328.FilterLogEvents" => {
                    let term = asked["filterPattern"].as_str().unwrap().trim_matches('"').to_owned();
                    let from: usize = asked["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
                    let of_group = lines.iter().filter(|(group, _)| asked["logGroupName"] == *group);
                    let events: Vec<_> = of_group
                        .map(|(_, line)| line.to_string())
                        .filter(|line| line.contains(&term))
                        .map(|line| json!({ "message": line }))
                        .collect();
                    let page: Vec<_> = events.iter().skip(from).take(2).cloned().collect();
                    let next = (from + 2 < events.len()).then(|| (from + 2).to_string());
                    json!({ "events": page, "nextToken": next })
                }
                other => panic!("{other}"),
            };
            ([("content-type", "application/x-amz-json-1.1")], answer.to_string())
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { drop(axum::serve(listener, app).await) });
    url
}

pub(super) fn reserve() -> OperationKey {
    OperationKey::new("orders-to-inventory", &["acme", ORDER, "reserve"])
}

fn lines(last: &str) -> Vec<(&'static str, Value)> {
    let orders = "/aws/lambda/shop-orders-to-inventory";
    let record = |timestamp: &str, disposition: &str| {
        json!({
            "timestamp": timestamp, "message": "record ended", "correlation_id": "event-1", "attempts": 1,
            "operation": reserve().as_str(), "disposition": disposition, "elapsed_ms": 12, "dead_lettered": "false",
        })
    };
    let webhook = json!({
        "timestamp": "2026-11-29T05:00:00Z", "message": "webhook ended", "outcome": "queued", "source": "shopify",
        "event_type": "shopify.orders/create", "correlation_id": "event-1", "delivery_id": "delivery-1",
    });
    let called = json!({
        "timestamp": "2026-11-29T05:00:02Z", "message": "target called", "correlation_id": "event-1",
        "target_system": "tryton", "method": "POST", "status": 200, "elapsed_ms": 80,
    });
    let other = json!({
        "timestamp": "2026-11-29T05:00:03Z", "message": "record ended", "correlation_id": "event-2",
        "operation": "19:orders-to-inventory/4:acme/14:59123456789012/7:reserve", "disposition": "Reject",
    });
    vec![
        ("/aws/lambda/shop-ingest", webhook),
        (orders, record("2026-11-29T05:00:01Z", "Hold")),
        (orders, called),
        (orders, record("2026-11-29T05:00:03Z", last)),
        (orders, other),
    ]
}

pub(super) struct Deployment {
    dynamodb: String,
    logs: String,
    pub(super) table: String,
}

impl Deployment {
    pub(super) async fn new(last: &str) -> Self {
        let dynamodb = testkit::dynamodb::dynoxide_endpoint().await;
        let client = testkit::dynamodb::client(&dynamodb);
        let table = testkit::dynamodb::ledger_table(&client).await;
        let store = Arc::new(ledger::DynamoDbStore::new(client, &table));
        let ledger = Ledger::new(store, std::time::Duration::from_secs(2_592_000));
        let (key, fingerprint) = (reserve(), Fingerprint::of(&"order").unwrap());
        let operation = Operation {
            key: &key,
            fingerprint: &fingerprint,
            version: 0,
            message_id: "m-1",
            correlation_id: "event-1",
            mapping: "shopify-order/2 canonical.order@1",
            target_mapping: "",
            reopens: Reopens::AnyOther,
        };
        let claimed =
            ledger.claim_all(&[operation], std::time::Duration::from_secs(60)).await.remove(0).unwrap();
        let Claimed::Granted(grant) = claimed else { panic!("{claimed:?}") };
        let outcome = Outcome { ids: json!({ "reference": "SPW-5912" }).to_string(), target_id: None };
        let settled = ledger.settle_all(&[(&grant, &Settlement::Done(outcome))]).await.remove(0);
        settled.unwrap().unwrap();
        Self { dynamodb, logs: logs(lines(last)).await, table }
    }

    /// In which the command finds it.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.clone()),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", self.logs.clone()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ]
    }

    async fn trace(&self, id: &str, stack: &str, more: &[&str]) -> Said {
        let environment = self.environment();
        let arguments = ["trace", id, "--stack", stack, "--table", &self.table];
        let arguments: Vec<_> = arguments.iter().chain(more).map(|it| (*it).to_owned()).collect();
        tokio::task::spawn_blocking(move || spillway_with(&arguments, &environment)).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journey_is_told_from_the_webhook_to_what_the_ledger_holds_by_any_id_of_it() {
    let deployment = Deployment::new("Done").await;
    for id in ["event-1", "delivery-1", ORDER] {
        deployment.trace(id, "shop", &[]).await.ends(GOOD).says(&[
            "shop-ingest",
            "webhook queued",
            "Hold",
            "tryton POST",
            "status 200, 80 ms",
            "DONE",
            "SPW-5912",
            "every message of it has ended well",
        ]);
    }
    let told = deployment.trace(ORDER, "shop", &["--json"]).await.json();
    let steps: Vec<_> = told["steps"].as_array().unwrap().iter().map(|step| step["what"].clone()).collect();
    assert_eq!(steps, ["webhook queued", "Hold", "tryton POST", "Done"]);
    assert_eq!(told["ledger"][0]["operation"], reserve().as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_not_ended_well_is_exit_code_one_and_what_cannot_be_asked_is_two() {
    let deployment = Deployment::new("Retry").await;
    deployment.trace("event-1", "shop", &[]).await.ends(BAD).says(&["1 message of it not ended well yet"]);
    deployment.trace("event-9", "shop", &[]).await.ends(BAD).says(&["no line of the functions has it"]);
    deployment.trace("event-1", "shopp", &[]).await.ends(UNANSWERED).says(&["is the stack called shopp?"]);
    deployment.trace("e", "shop", &[]).await.ends(UNANSWERED).says(&["three characters"]);
    // Part of an id is none.
    deployment.trace("591234567890", "shop", &[]).await.ends(BAD).says(&["no line of the functions has it"]);
}

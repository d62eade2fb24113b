//! What the watchdog posts (its own test signs the same canary).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::*;

const PREFIX: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/shop-";
/// As CloudFormation makes it.
const SECRET: &str = "pJ2nW8xKq4sT7vB1mL9cR3yF6hD5gZ0aQwErTyUiOpAsDfGh";

fn fixture() -> Fixture {
    let sources = json!({"canary": {"scheme": "canary", "secret_arn": CRM_ARN, "routes": "flows"}});
    let prefix = |name: &str| (name == "QUEUE_URL_PREFIX").then(|| PREFIX.to_owned());
    let fixture = fixture_of(NOW, &sources, prefix);
    fixture.secrets.set(CRM_ARN, aws::Stage::Current, SECRET);
    fixture
}

fn canary(flow: &str, secret: &str) -> Request {
    let body = json!({"data": {}, "timestamp": NOW, "type": flow}).to_string();
    let timestamp = NOW.parse::<jiff::Timestamp>().unwrap().as_second().to_string();
    let signature = STANDARD.encode(hmac(secret.as_bytes(), format!("c-1.{timestamp}.{body}").as_bytes()));
    Request::to("canary", &body)
        .header("webhook-id", "c-1")
        .header("webhook-timestamp", &timestamp)
        .header("webhook-signature", &format!("v1,{signature}"))
}

#[tokio::test]
async fn a_canary_goes_to_the_flow_that_its_type_names() {
    let f = fixture();
    assert_eq!(f.post(canary("crm-to-erp", SECRET)).await.status, 202);
    assert_eq!(f.sink.sent()[0].0, format!("{PREFIX}crm-to-erp"));
    assert_eq!(f.sink.only_event().canary_of(), Some("crm-to-erp"));
    assert_eq!(f.sink.only_event().time.to_string(), NOW);
}

#[tokio::test]
async fn one_that_names_no_flow_goes_nowhere() {
    let f = fixture();
    for flow in ["../orders", "Orders", "", "a/b?c=d"] {
        f.post(canary(flow, SECRET)).await;
    }
    assert!(f.sink.sent().is_empty());
}

#[tokio::test]
async fn whoever_does_not_know_the_secret_cannot_post_one() {
    let f = fixture();
    assert_eq!(f.post(canary("crm-to-erp", "another")).await.status, 401);
    assert!(f.sink.sent().is_empty());
}

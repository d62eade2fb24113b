//! Invariant 6 for ingest: canaries in each text of each source's webhook, in what strangers send, and in secrets; all that is printed is
//! searched for them. What a source says of itself and is authentic is known by: its event's type and ids are in the log.

use serde_json::{Value, json};
use testkit::{CANARY, all_printed_by, canary, pointers, sightings};

use crate::more_sources::{HUBSPOT, SECRET, URL, hubspot_request, source};
use crate::support::*;

const PLAY: &str = "printed::webhooks_with_canaries";
/// What events are known by: the ends of their pointers.
const IDS: [&str; 3] = ["/type", "/subscriptionType", "/id"];

/// The body with each of its texts, but for what it is known by, as something else.
fn bodies(text: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(text).unwrap();
    let mut texts = pointers(&body, Value::is_string);
    texts.retain(|text| !IDS.iter().any(|id| text.ends_with(id)));
    assert!(!texts.is_empty());
    let wrong = |place: usize| {
        let canary = canary(place);
        [json!(canary), json!(canary.repeat(60)), json!({ &canary: [canary] }), json!([canary])]
    };
    let each = texts.iter().enumerate().flat_map(|(place, text)| wrong(place).map(|value| (text, value)));
    let bodies = each.map(|(text, value)| {
        let mut body = body.clone();
        *body.pointer_mut(text).unwrap() = value;
        body.to_string()
    });
    let no_json = [CANARY.to_owned(), format!("{{\"{CANARY}\": "), json!([CANARY]).to_string()];
    bodies.chain(no_json).collect()
}

/// Read by the test below, of a process of its own.
#[tokio::test]
async fn webhooks_with_canaries() {
    if std::env::var_os("AWS_LAMBDA_FUNCTION_NAME").is_some() {
        telemetry::init();
    }
    let f = fixture();
    for body in bodies(ORDER) {
        f.post(shopify(&body)).await;
    }
    for body in bodies(CRM_ORDER) {
        for down in [false, true] {
            f.sink.set_down(down);
            f.post(standard(&body)).await;
        }
        f.post(standard(&body).header("webhook-signature", CANARY)).await;
        f.post(shopify_signed(&body, CANARY, body.as_bytes())).await;
        f.post(Request::to(CANARY, &body)).await;
    }
    // A stranger's headers.
    for name in ["topic", "shop-domain", "api-version", "webhook-id", "event-id", "triggered-at"] {
        let request = shopify_signed(ORDER, "guess", b"").header(&format!("x-shopify-{name}"), CANARY);
        f.refused(request).await;
    }
    let hubspot = source("hubspot", SECRET, &["contact.creation", "contact.propertyChange"], NOW);
    for body in bodies(HUBSPOT) {
        hubspot.post(hubspot_request(&body, URL)).await;
    }
    // Secrets that nobody can verify with.
    for secret in ["", CANARY, "whsec_Qzx7canary!", "Qzx7canary\n"] {
        let f = fixture();
        f.secrets.set(CRM_ARN, aws::Stage::Current, secret);
        f.secrets.set(SHOP_ARN, aws::Stage::Previous, secret);
        f.post(standard(CRM_ORDER)).await;
        f.post(shopify_signed(ORDER, "guess", b"")).await;
    }
}

#[test]
fn nothing_of_a_payload_of_a_stranger_or_of_a_secret_is_printed() {
    let printed = all_printed_by(PLAY, Some("spillway-prod-ingest"));
    for said in ["\"queued\"", "\"refused\"", "\"unavailable\"", "SPW6001", "SPW6004", "SPW6007", "SPW5004"] {
        assert!(printed.contains(said), "nothing was {said}");
    }
    let found = sightings(&printed, &[CANARY, SHOP_SECRET, CRM_SECRET, SECRET]);
    assert!(found.is_empty(), "{} lines, such as {}", found.len(), found[0]);
}

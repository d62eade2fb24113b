//! Stripe, BottleCRM, HubSpot and dbt Cloud: what they sign, and what their events are called.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use message::{Code, Envelope};
use serde_json::{Value, json};

use crate::support::*;

const INVALID: &str = Code::SignatureInvalid.as_str();
const OUTSIDE: &str = Code::TimestampOutsideWindow.as_str();
const MALFORMED: &str = Code::RequestMalformed.as_str();
const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:other-AbCdEf";
pub(crate) const URL: &str = "https://hooks.example.com/webhooks/other";

/// As these systems sent them, with the secrets that they were given.
pub(crate) const STRIPE: &str = include_str!("../fixtures/stripe-payment-intent-succeeded.json");
pub(crate) const STRIPE_SECRET: &str = "whsec_test1";
pub(crate) const BOTTLECRM: &str = include_str!("../fixtures/bottlecrm-account-created.json");
pub(crate) const BOTTLECRM_SECRET: &str = "whsec_SLdHfk0mTK2A3qUBUUzyii8hEAeuJLIFTjuTPiiT1uo";
pub(crate) const HUBSPOT: &str = include_str!("../fixtures/hubspot-notifications.json");
pub(crate) const DBT: &str = include_str!("../fixtures/dbt-cloud-run-completed.json");
pub(crate) const SECRET: &str = "a client secret";

pub(crate) fn source(scheme: &str, secret: &str, routes: &[&str], now: &str) -> Fixture {
    let routes: Value = routes.iter().map(|route| ((*route).to_owned(), json!(QUEUE_URL))).collect();
    let sources = json!({"other": {"scheme": scheme, "secret_arn": ARN, "routes": routes, "url": URL}});
    let f = fixture_of(now, &sources, |_| None);
    f.secrets.set(ARN, aws::Stage::Current, secret);
    f
}

fn captured(text: &str) -> Request {
    let captured: Value = serde_json::from_str(text).unwrap();
    let headers = captured["headers"].as_object().unwrap();
    headers.iter().fold(Request::to("other", captured["body"].as_str().unwrap()), |request, (name, value)| {
        request.header(name, value.as_str().unwrap())
    })
}

fn attributes(event: &Envelope) -> Value {
    let mut envelope: Value = serde_json::from_str(&event.encode().unwrap()).unwrap();
    envelope.as_object_mut().unwrap().remove("data").unwrap();
    envelope
}

fn stripe() -> Fixture {
    source("stripe", STRIPE_SECRET, &["payment_intent.succeeded"], "2026-11-23T14:22:31Z")
}

fn bottlecrm() -> Fixture {
    source("bottlecrm", BOTTLECRM_SECRET, &["account.created"], "2026-11-23T14:52:12Z")
}

#[tokio::test]
async fn a_captured_stripe_event_is_authentic_and_fills_the_envelope() {
    let f = stripe();
    let response = f.post(captured(STRIPE)).await;
    assert_eq!(response.status, 202, "{}", response.body);
    let event = f.sink.only_event();
    let body: Value = serde_json::from_str(event.data.get()).unwrap();
    assert_eq!(
        attributes(&event),
        json!({
            "specversion": "1.0",
            "id": body["id"],
            "correlationid": body["id"],
            "source": "/stripe/other",
            "type": "stripe.payment_intent.succeeded",
            "time": "2026-11-23T14:22:28Z",
            "sourceversion": "2017-08-15",
            "datacontenttype": "application/json",
        })
    );
}

#[tokio::test]
async fn a_captured_bottlecrm_event_is_authentic_and_fills_the_envelope() {
    let f = bottlecrm();
    let response = f.post(captured(BOTTLECRM)).await;
    assert_eq!(response.status, 202, "{}", response.body);
    assert_eq!(
        attributes(&f.sink.only_event()),
        json!({
            "specversion": "1.0",
            "id": "50137727-9f09-4238-a3f6-a6c9476058ab",
            "correlationid": "50137727-9f09-4238-a3f6-a6c9476058ab",
            "deliveryid": "441312e4-ee38-4d58-95d4-3fe4f9c9823f",
            "source": "/bottlecrm/554664ef-7ab0-44d2-89b0-74bf5992b405",
            "type": "bottlecrm.account.created",
            "time": "2026-11-23T14:52:12.866143Z",
            "datacontenttype": "application/json",
        })
    );
}

#[tokio::test]
async fn a_signed_timestamp_counts_for_five_minutes_to_both_sides() {
    for (now, accepted) in [
        ("2026-11-23T14:27:28Z", true),
        ("2026-11-23T14:17:28Z", true),
        ("2026-11-23T14:27:29Z", false),
        ("2026-11-23T14:17:27Z", false),
    ] {
        let f = source("stripe", STRIPE_SECRET, &["payment_intent.succeeded"], now);
        if accepted {
            assert_eq!(f.post(captured(STRIPE)).await.status, 202, "{now}");
        } else {
            assert_eq!(f.refused(captured(STRIPE)).await, (401, OUTSIDE.to_owned()), "{now}");
        }
    }
}

pub(crate) fn stripe_header(secret: &str, body: &str) -> (String, String) {
    let time = "1795443750";
    let signature = hex(&hmac(secret.as_bytes(), format!("{time}.{body}").as_bytes()));
    (time.to_owned(), signature)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn of_several_stripe_signatures_one_has_to_verify_and_other_versions_do_not_count() {
    let body = r#"{"id": "evt_1", "type": "payment_intent.succeeded", "created": 1795443748}"#;
    let (time, good) = stripe_header(STRIPE_SECRET, body);
    let (_, other) = stripe_header("another", body);
    let signed = |header: String| Request::to("other", body).header("stripe-signature", &header);
    for header in [format!("t={time},v1={other},v1={good}"), format!("t={time}, v1={good} ,v0={other}")] {
        assert_eq!(stripe().post(signed(header.clone())).await.status, 202, "{header}");
    }
    let many = format!("t={time}{}", format!(",v1={good}").repeat(16));
    for header in [
        format!("t={time},v0={good}"),
        format!("t={time},v1={other}"),
        format!("t={time}"),
        format!("v1={good}"),
        format!("t={time},t={time},v1={good}"),
        format!("t=+{time},v1={good}"),
        format!("t={time},v1={}", &good[1..]),
        many,
        String::new(),
    ] {
        assert_eq!(stripe().refused(signed(header.clone())).await, (401, INVALID.to_owned()), "{header}");
    }
    let again = signed(format!("t={time},v1={good}")).repeated_header("stripe-signature", "t=1");
    assert_eq!(stripe().refused(again).await, (401, INVALID.to_owned()));
}

#[tokio::test]
async fn a_body_that_was_changed_verifies_nowhere() {
    for (f, text) in [(stripe(), STRIPE), (bottlecrm(), BOTTLECRM)] {
        let body: Value = serde_json::from_str(text).unwrap();
        let same = serde_json::from_str::<Value>(body["body"].as_str().unwrap()).unwrap().to_string() + " ";
        assert_eq!(f.refused(captured(text).body(&same)).await, (401, INVALID.to_owned()));
    }
}

#[tokio::test]
async fn an_authentic_body_that_is_no_json_object_is_malformed() {
    for body in ["[]", "1", "null", "{", ""] {
        let (time, good) = stripe_header(STRIPE_SECRET, body);
        let request = Request::to("other", body).header("stripe-signature", &format!("t={time},v1={good}"));
        assert_eq!(stripe().refused(request).await, (400, MALFORMED.to_owned()), "{body}");
        let (time, good) = stripe_header(BOTTLECRM_SECRET, body);
        let f = source("bottlecrm", BOTTLECRM_SECRET, &["account.created"], "2026-11-23T14:22:30Z");
        let request =
            Request::to("other", body).header("x-bottlecrm-signature", &format!("t={time},v1={good}"));
        assert_eq!(f.refused(request).await, (400, MALFORMED.to_owned()), "{body}");
    }
}

const HUBSPOT_TIME: &str = "1795514407000";

fn hubspot() -> Fixture {
    source("hubspot", SECRET, &["contact.creation", "contact.propertyChange"], NOW)
}

pub(crate) fn hubspot_request(body: &str, url: &str) -> Request {
    let signed = format!("POST{url}{body}{HUBSPOT_TIME}");
    Request::to("other", body)
        .header("x-hubspot-request-timestamp", HUBSPOT_TIME)
        .header("x-hubspot-signature-v3", &STANDARD.encode(hmac(SECRET.as_bytes(), signed.as_bytes())))
}

#[tokio::test]
async fn an_array_of_notifications_becomes_a_message_each_with_its_composite_id() {
    let f = hubspot();
    let response = f.post(hubspot_request(HUBSPOT, URL)).await;
    assert_eq!(
        (response.status, &response.body),
        (202, &json!({"status": "queued", "queued": 3, "ignored": 1}))
    );
    let events: Vec<_> = f.sink.sent().iter().map(|(_, body)| Envelope::decode(body).unwrap()).collect();
    let ids: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(
        ids,
        ["33-7-5001-1795514400123", "33-8-5001-1795514401456-email", "33-8-5001-1795514401456-phone"]
    );
    assert_eq!(events[0].source, "/hubspot/33");
    assert_eq!(events[0].event_type, "hubspot.contact.creation");
    assert_eq!(events[0].time.to_string(), "2026-11-24T10:00:00.123Z");
    let payloads: Vec<Value> = serde_json::from_str(HUBSPOT).unwrap();
    assert_eq!(serde_json::from_str::<Value>(events[1].data.get()).unwrap(), payloads[1]);
}

/// Read as CloudWatch reads it: off the standard output of a process that plays the test before this one.
#[test]
fn events_that_no_route_leads_on_from_are_a_metric_of_their_source() {
    let test = "more_sources::an_array_of_notifications_becomes_a_message_each_with_its_composite_id";
    let mut lines = testkit::printed_by(test, None).into_iter();
    let metric = lines.find(|line| !line["EventsIgnored"].is_null()).unwrap();
    assert_eq!((&metric["EventsIgnored"], &metric["Source"]), (&json!(1), &json!("other")));
    let directive = json!([{
        "Namespace": "Spillway", "Dimensions": [["Source"]], "Metrics": [{ "Name": "EventsIgnored", "Unit": "Count" }]
    }]);
    assert_eq!(metric["_aws"]["CloudWatchMetrics"], directive);
}

#[tokio::test]
async fn hubspot_signs_the_address_that_it_posts_to() {
    let elsewhere = hubspot_request(HUBSPOT, "https://hooks.example.org/webhooks/other");
    assert_eq!(hubspot().refused(elsewhere).await, (401, INVALID.to_owned()));
    // Where nothing is said, the address is the one that API Gateway was asked by.
    let sources =
        json!({"other": {"scheme": "hubspot", "secret_arn": ARN, "routes": {"contact.creation": QUEUE_URL}}});
    let f = fixture_of(NOW, &sources, |_| None);
    f.secrets.set(ARN, aws::Stage::Current, SECRET);
    let mut request = hubspot_request(HUBSPOT, "https://api.example.com/webhooks/other?a=b");
    request.0.raw_path = Some("/webhooks/other".to_owned());
    request.0.raw_query_string = Some("a=b".to_owned());
    assert_eq!(f.post(request).await.status, 202);
}

#[tokio::test]
async fn an_array_of_no_notifications_is_acknowledged() {
    let f = hubspot();
    assert_eq!(f.post(hubspot_request("[]", URL)).await.status, 202);
    assert_eq!(f.sink.calls(), 0);
}

#[tokio::test]
async fn a_hubspot_delivery_is_an_array_of_notifications_in_its_window() {
    for body in ["{}", "1", "null", "[", ""] {
        assert_eq!(
            hubspot().refused(hubspot_request(body, URL)).await,
            (400, MALFORMED.to_owned()),
            "{body}"
        );
    }
    let one = serde_json::from_str::<Vec<Value>>(HUBSPOT).unwrap()[0].to_string();
    let many = format!("[{}]", vec![one; 501].join(","));
    assert_eq!(hubspot().refused(hubspot_request(&many, URL)).await.0, 413);
    let late = source("hubspot", SECRET, &["contact.creation"], "2026-11-24T10:05:08Z");
    assert_eq!(late.refused(hubspot_request(HUBSPOT, URL)).await, (401, OUTSIDE.to_owned()));
    for time in ["", "-1", "+1795514407000", "yesterday"] {
        let request = hubspot_request(HUBSPOT, URL).without_header("x-hubspot-request-timestamp");
        let request = request.header("x-hubspot-request-timestamp", time);
        assert_eq!(hubspot().refused(request).await, (401, INVALID.to_owned()), "{time}");
    }
}

#[tokio::test]
async fn where_one_of_several_events_cannot_be_queued_the_delivery_is_sent_again() {
    let f = hubspot();
    f.sink.set_down(true);
    let response = f.post(hubspot_request(HUBSPOT, URL)).await;
    assert_eq!((response.status, response.header("retry-after").is_empty()), (503, false));
    f.sink.set_down(false);
    assert_eq!(f.post(hubspot_request(HUBSPOT, URL)).await.status, 202);
}

#[tokio::test]
async fn a_dbt_run_is_authentic_by_its_authorization_header() {
    let f = source("dbt-cloud", SECRET, &["job.run.completed"], NOW);
    let signature = hex(&hmac(SECRET.as_bytes(), DBT.as_bytes()));
    let request = Request::to("other", DBT).header("authorization", &signature);
    assert_eq!(f.post(request.clone()).await.status, 202);
    let event = f.sink.only_event();
    assert_eq!(event.source, "/dbt-cloud/1");
    assert_eq!(event.event_type, "dbt-cloud.job.run.completed");
    assert_eq!(event.id, "wev_2L6m5BggBw9uPNuSmtg4MUiW4Re");
    assert_eq!(event.time.to_string(), "2026-11-24T09:59:46Z");
    for wrong in [format!("Bearer {signature}"), signature[2..].to_owned(), "0".repeat(64)] {
        let request = request.clone().without_header("authorization").header("authorization", &wrong);
        assert_eq!(f.refused(request).await, (401, INVALID.to_owned()), "{wrong}");
    }
}

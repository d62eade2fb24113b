//! Authentic events that cannot be read whole: each goes on to its queue, where it is rejected with its path, and none harms
//! those beside it.

use message::{Code, Envelope, Rejection};
use serde_json::{Value, json};
use transform::Translator;

use crate::more_sources::*;
use crate::support::*;

/// What the mapping says to an event: code and path of its rejection, `None` where it reads all that it needs.
pub(crate) fn rejection(mapping: &str, event: &Envelope) -> Option<(Code, String)> {
    let mapping = Translator::built_in(mapping, &Value::Null).unwrap();
    let rejection = Rejection::from(mapping.decode::<Value>(event).err()?);
    Some((rejection.code, rejection.path))
}

fn rejected(code: Code, path: &str) -> Option<(Code, String)> {
    Some((code, path.to_owned()))
}

pub(crate) fn changed(payload: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut payload = serde_json::from_str(payload).unwrap();
    change(&mut payload);
    payload.to_string()
}

fn without(payload: &str, member: &str) -> String {
    changed(payload, |payload| drop(payload.as_object_mut().unwrap().remove(member)))
}

pub(crate) fn body_of(captured: &str) -> String {
    serde_json::from_str::<Value>(captured).unwrap()["body"].as_str().unwrap().to_owned()
}

/// What is queued of an authentic body, on the queue that the only route leads to.
async fn queued(f: &Fixture, request: Request) -> Envelope {
    let response = f.post(request).await;
    assert_eq!((response.status, &response.body["status"]), (202, &json!("queued")), "{}", response.body);
    f.sink.only_event()
}

const NOTIFICATION: &str = r#"{"subscriptionId": 8, "portalId": 33, "occurredAt": 1795514401456, "objectId": 5001,
    "subscriptionType": "contact.propertyChange", "propertyName": "email"}"#;

fn notified(routes: &[&str]) -> Fixture {
    source("hubspot", SECRET, routes, NOW)
}

async fn notification(text: &str) -> Envelope {
    let f = notified(&["contact.propertyChange", "deal.associationChange", "deal.creation"]);
    queued(&f, hubspot_request(&format!("[{text}]"), URL)).await
}

#[tokio::test]
async fn a_broken_notification_harms_none_beside_it_and_has_the_same_id_again() {
    let broken = without(NOTIFICATION, "objectId");
    let other = NOTIFICATION.replace("email", "phone");
    let body = format!("[{NOTIFICATION}, {broken}, 1, null, {{}}, {other}]");
    let f = notified(&["contact.propertyChange"]);
    for _ in 0..2 {
        let response = f.post(hubspot_request(&body, URL)).await;
        assert_eq!((response.status, &response.body["queued"]), (202, &json!(6)));
    }
    let events: Vec<_> = f.sink.sent().iter().map(|(_, body)| Envelope::decode(body).unwrap()).collect();
    let (first, again) = events.split_at(6);
    let ids = |events: &[Envelope]| events.iter().map(|event| event.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(first), ids(again));
    assert_eq!(first[0].id, "33-8-5001-1795514401456-email");
    assert_eq!(first[5].id, "33-8-5001-1795514401456-phone");
    assert!(ids(first)[1..5].iter().all(|id| id.starts_with("unreadable-")));
    assert_eq!(first[1].event_type, "hubspot.contact.propertyChange");
    assert_eq!(rejection("hubspot-notification", &first[1]), rejected(Code::FieldMissing, "$.objectId"));
    for event in &first[2..5] {
        assert_eq!(event.unreadable_at(), Some("$.subscriptionType"), "{event:?}");
        assert_eq!(event.time.to_string(), NOW);
    }
}

#[tokio::test]
async fn what_is_needed_of_a_notification_is_rejected_with_its_path() {
    for (member, wrong, expected) in [
        ("objectId", json!("5001x"), rejected(Code::TypeMismatch, "$.objectId")),
        ("objectId", json!(-1), rejected(Code::ValueInvalid, "$.objectId")),
        ("portalId", Value::Null, rejected(Code::FieldMissing, "$.portalId")),
        ("portalId", json!([33]), rejected(Code::TypeMismatch, "$.portalId")),
        ("occurredAt", json!("yesterday"), rejected(Code::TypeMismatch, "$.occurredAt")),
        ("occurredAt", json!(i64::MAX), rejected(Code::ValueInvalid, "$.occurredAt")),
        // Only the id is made of these.
        ("subscriptionId", json!("8"), None),
        ("propertyName", json!(["email"]), None),
    ] {
        let event = notification(&changed(NOTIFICATION, |it| it[member] = wrong.clone())).await;
        assert_eq!(rejection("hubspot-notification", &event), expected, "{member}: {wrong}");
        let composed = member == "occurredAt" && wrong.is_i64();
        assert_eq!(event.id.starts_with("unreadable-"), !composed, "{member}: {wrong}");
    }
}

#[tokio::test]
async fn a_generic_notification_takes_the_route_of_its_object() {
    let generic = |object_type: Value| {
        changed(NOTIFICATION, |it| {
            it["subscriptionType"] = json!("object.propertyChange");
            it["objectTypeId"] = object_type;
        })
    };
    let event = notification(&generic(json!("0-1"))).await;
    assert_eq!(event.event_type, "hubspot.contact.propertyChange");
    assert_eq!(rejection("hubspot-notification", &event), None);
    let unreadable = notification(&generic(json!(1))).await;
    assert_eq!(unreadable.unreadable_at(), Some("$.objectTypeId"));
    let ticket = generic(json!("0-5"));
    let f = notified(&["contact.propertyChange"]);
    let response = f.post(hubspot_request(&format!("[{ticket}]"), URL)).await;
    assert_eq!((response.status, &response.body["status"]), (202, &json!("ignored")));
}

/// HubSpot sends it for both of its ends, each time as that of the one that it begins at.
#[tokio::test]
async fn a_generic_changed_association_takes_the_route_of_the_object_that_it_begins_at() {
    let linked = |from: &str, to: &str| {
        format!(
            r#"{{"subscriptionId": 9, "portalId": 33, "occurredAt": 1795514401456, "fromObjectId": 7001,
            "subscriptionType": "object.associationChange", "associationTypeId": 341, "fromObjectTypeId": {from},
            "associationCategory": "HUBSPOT_DEFINED", "toObjectId": 901, "toObjectTypeId": {to}}}"#
        )
    };
    let event = notification(&linked("\"0-3\"", "\"0-2\"")).await;
    assert_eq!(event.event_type, "hubspot.deal.associationChange");
    assert_eq!(event.id, "33-9-7001-1795514401456-341-901");
    assert_eq!(rejection("hubspot-notification", &event), None);
    let f = notified(&["contact.associationChange"]);
    let event = queued(&f, hubspot_request(&format!("[{}]", linked("\"0-1\"", "\"0-3\"")), URL)).await;
    assert_eq!(event.event_type, "hubspot.contact.associationChange");
    // Of an object that nobody asks about, and one that does not say which.
    let f = notified(&["deal.associationChange"]);
    let others = format!("[{}, {}]", linked("\"0-2\"", "\"0-3\""), linked("\"0-5\"", "\"0-3\""));
    assert_eq!(f.post(hubspot_request(&others, URL)).await.body["ignored"], json!(2));
    assert_eq!(notification(&linked("3", "\"0-2\"")).await.unreadable_at(), Some("$.fromObjectTypeId"));
}

#[tokio::test]
async fn a_changed_association_is_an_event_of_its_own_of_the_object_that_it_begins_at() {
    let linked = r#"{"subscriptionId": 9, "portalId": 33, "occurredAt": 1795514401456,
        "subscriptionType": "deal.associationChange", "associationType": "DEAL_TO_COMPANY", "fromObjectId": 7001,
        "toObjectId": 901, "associationRemoved": false, "isPrimaryAssociation": true}"#;
    let event = notification(linked).await;
    assert_eq!(event.id, "33-9-7001-1795514401456-DEAL_TO_COMPANY-901");
    assert_eq!(event.event_type, "hubspot.deal.associationChange");
    assert_eq!(rejection("hubspot-notification", &event), None);
    let event = notification(&without(linked, "fromObjectId")).await;
    assert_eq!(rejection("hubspot-notification", &event), rejected(Code::FieldMissing, "$.objectId"));
}

pub(crate) async fn stripe(body: &str) -> Envelope {
    let (time, signature) = stripe_header(STRIPE_SECRET, body);
    let f = source("stripe", STRIPE_SECRET, &["payment_intent.succeeded"], "2026-11-23T14:22:31Z");
    let request = Request::to("other", body).header("stripe-signature", &format!("t={time},v1={signature}"));
    queued(&f, request).await
}

#[tokio::test]
async fn a_stripe_event_that_is_not_whole_is_rejected_with_its_path() {
    let whole = body_of(STRIPE);
    assert_eq!(rejection("stripe-payment-intent", &stripe(&whole).await), None);
    for (member, wrong, code, path) in [
        ("id", Value::Null, Code::FieldMissing, "$.id"),
        ("id", json!(7), Code::TypeMismatch, "$.id"),
        ("id", json!("a b"), Code::ValueInvalid, "$.id"),
        ("created", Value::Null, Code::FieldMissing, "$.created"),
        ("created", json!("now"), Code::TypeMismatch, "$.created"),
        ("created", json!(i64::MAX), Code::ValueInvalid, "$.created"),
        ("account", json!(7), Code::ValueInvalid, "@envelope.source"),
        ("account", json!("a/b"), Code::ValueInvalid, "@envelope.source"),
        ("api_version", json!(7), Code::VersionUnsupported, "@envelope.sourceversion"),
    ] {
        let event = stripe(&changed(&whole, |it| it[member] = wrong.clone())).await;
        assert_eq!(event.event_type, "stripe.payment_intent.succeeded");
        let told = rejection("stripe-payment-intent", &event);
        assert_eq!(told, rejected(code, path), "{member}: {wrong}");
        assert_eq!(event.id.starts_with("unreadable-"), member == "id", "{member}: {wrong}");
        let received = event.time.to_string() == "2026-11-23T14:22:31Z";
        assert_eq!(received, member == "created", "{member}: {wrong}");
    }
}

#[tokio::test]
async fn an_event_whose_type_cannot_be_read_says_where() {
    let whole = body_of(STRIPE);
    for body in [
        without(&whole, "type"),
        changed(&whole, |it| it["type"] = json!("")),
        whole.replacen('{', r#"{"type": "payment_intent.succeeded","#, 1),
        "{}".to_owned(),
    ] {
        assert_eq!(stripe(&body).await.unreadable_at(), Some("$.type"), "{body}");
    }
    let event = bottlecrm(&without(&body_of(BOTTLECRM), "event")).await;
    assert_eq!(event.unreadable_at(), Some("$.event"));
    assert_eq!(dbt(&without(DBT, "eventType")).await.unreadable_at(), Some("$.eventType"));
    for body in ["{}", r#"{"type":null}"#, r#"{"type":7}"#, r#"{"type":""}"#, r#"{"type":"a","type":"a"}"#] {
        let event = queued(&fixture(), standard(body)).await;
        assert_eq!((event.unreadable_at(), event.id.as_str()), (Some("$.type"), "msg_1"), "{body}");
    }
}

#[tokio::test]
async fn a_type_of_any_form_is_ignored_where_no_route_leads_on() {
    let long = "x".repeat(5_000);
    for kind in
        ["v2.core.account[requirements].updated", "payment intent", " ", "bezahlt: ja, \u{fffe}", &long]
    {
        let body = changed(&body_of(STRIPE), |it| it["type"] = json!(kind));
        let (time, signature) = stripe_header(STRIPE_SECRET, &body);
        let f = source("stripe", STRIPE_SECRET, &["payment_intent.succeeded"], "2026-11-23T14:22:31Z");
        let header = format!("t={time},v1={signature}");
        let response = f.post(Request::to("other", &body).header("stripe-signature", &header)).await;
        assert_eq!((response.status, &response.body["status"]), (202, &json!("ignored")), "{kind}");
    }
    let f = notified(&["contact.propertyChange"]);
    let notification = |kind: &str| changed(NOTIFICATION, |it| it["subscriptionType"] = json!(kind));
    let object = changed(&notification("object.creation"), |it| it["objectTypeId"] = json!("a kind"));
    let body = format!("[{}, {}, {object}]", notification("contact changed"), notification(&long));
    assert_eq!(f.post(hubspot_request(&body, URL)).await.body["ignored"], json!(3));
    for topic in ["orders create", "orders/create\"", &long] {
        let f = fixture();
        let response = f.post(shopify(ORDER).header("x-shopify-topic", topic)).await;
        assert_eq!((response.status, &response.body["status"]), (202, &json!("ignored")), "{topic}");
    }
}

#[tokio::test]
async fn a_route_leads_on_from_a_type_of_any_form() {
    let body = r#"{"type": "order placed"}"#;
    let routes = json!({"other": {
        "scheme": "standard-webhooks", "secret_arn": CRM_ARN, "routes": {"order placed": CRM_QUEUE_URL}
    }});
    let f = fixture_of(NOW, &routes, |_| None);
    let mut request = standard(body);
    request.0.path_parameters.insert("source".to_owned(), "other".to_owned());
    assert_eq!(queued(&f, request).await.event_type, "other.order placed");
}

async fn bottlecrm(body: &str) -> Envelope {
    let (time, signature) = stripe_header(BOTTLECRM_SECRET, body);
    let f = source("bottlecrm", BOTTLECRM_SECRET, &["account.created"], "2026-11-23T14:22:31Z");
    let header = format!("t={time},v1={signature}");
    queued(&f, Request::to("other", body).header("x-bottlecrm-signature", &header)).await
}

#[tokio::test]
async fn a_bottlecrm_event_that_is_not_whole_is_rejected_with_the_path_of_what_is_needed() {
    let whole = body_of(BOTTLECRM);
    for (member, wrong, expected) in [
        ("org_id", Value::Null, rejected(Code::FieldMissing, "$.org_id")),
        ("org_id", json!(7), rejected(Code::TypeMismatch, "$.org_id")),
        ("data", json!({}), rejected(Code::FieldMissing, "$.data.id")),
        // The envelope alone has these.
        ("id", Value::Null, None),
        ("created_at", json!("now"), None),
    ] {
        let event = bottlecrm(&changed(&whole, |it| it[member] = wrong.clone())).await;
        assert_eq!(rejection("bottlecrm-account", &event), expected, "{member}: {wrong}");
        assert_eq!(event.id.starts_with("unreadable-"), member == "id");
        assert_eq!(event.time.to_string() == "2026-11-23T14:22:31Z", member == "created_at");
    }
}

async fn dbt(body: &str) -> Envelope {
    let f = source("dbt-cloud", SECRET, &["job.run.completed"], NOW);
    let signature = hex(&hmac(SECRET.as_bytes(), body.as_bytes()));
    queued(&f, Request::to("other", body).header("authorization", &signature)).await
}

#[tokio::test]
async fn a_dbt_run_that_is_not_whole_is_rejected_with_the_path_of_what_is_needed() {
    for (member, wrong, expected) in [
        ("accountId", Value::Null, rejected(Code::ValueInvalid, "@envelope.source")),
        ("accountId", json!("1"), rejected(Code::ValueInvalid, "@envelope.source")),
        ("data", json!({}), rejected(Code::FieldMissing, "$.data.jobId")),
        // Of a run that says when it was finished.
        ("timestamp", json!(7), None),
        ("eventId", json!(7), None),
    ] {
        let event = dbt(&changed(DBT, |it| it[member] = wrong.clone())).await;
        assert_eq!(rejection("dbt-cloud-load", &event), expected, "{member}: {wrong}");
        assert_eq!(event.id.starts_with("unreadable-"), member == "eventId");
    }
    let no_time = changed(DBT, |it| {
        it["timestamp"] = json!(7);
        it["data"]["runFinishedAt"] = Value::Null;
    });
    let told = rejection("dbt-cloud-load", &dbt(&no_time).await);
    assert_eq!(told, rejected(Code::TypeMismatch, "$.timestamp"), "the time of the receipt is no load's end");
}

#[tokio::test]
async fn a_shopify_header_that_cannot_be_read_is_left_to_the_mapping() {
    let long = "a".repeat(300);
    let of_version = rejected(Code::VersionUnsupported, "@envelope.sourceversion");
    for (name, values, expected) in [
        (
            "x-shopify-shop-domain",
            vec!["", "acme..com", "acme.com/other", "acme.com?x", "\"", &long],
            rejected(Code::ValueInvalid, "@envelope.source"),
        ),
        ("x-shopify-api-version", vec!["", "2026 07", "2026-07,2026-07", &long], of_version),
        ("x-shopify-webhook-id", vec!["", "a b", "a,b", "\"", &long], None),
        ("x-shopify-event-id", vec!["", "a b", "a,b", "\"", &long], None),
        ("x-shopify-triggered-at", vec!["", "yesterday", "2026-11-24", "1795514407", &long], None),
    ] {
        let whole = shopify(ORDER);
        let value = whole.0.headers[name].to_str().unwrap().to_owned();
        let requests = values.iter().map(|value| shopify(ORDER).header(name, value));
        let requests =
            requests.chain([whole.clone().without_header(name), whole.repeated_header(name, &value)]);
        for request in requests {
            let event = queued(&fixture(), request).await;
            assert_eq!(rejection("shopify-order", &event), expected, "{name}");
            let time = if name == "x-shopify-triggered-at" { NOW } else { "2026-11-24T10:00:06.123456789Z" };
            assert_eq!(event.time.to_string(), time, "{name}");
        }
    }
}

#[tokio::test]
async fn a_shopify_topic_that_cannot_be_read_is_a_type_that_says_where() {
    let topics = ["", "ordërs", "orders/create, orders/create"];
    let requests = topics.map(|topic| shopify(ORDER).header("x-shopify-topic", topic));
    for request in requests.into_iter().chain([shopify(ORDER).without_header("x-shopify-topic")]) {
        assert_eq!(queued(&fixture(), request).await.unreadable_at(), Some("@headers.X-Shopify-Topic"));
    }
    let forged = shopify_signed(ORDER, "another secret", ORDER.as_bytes()).without_header("x-shopify-topic");
    assert_eq!(fixture().refused(forged).await.0, 401, "only what is authentic is queued");
}

#[tokio::test]
async fn without_any_id_a_shopify_event_is_known_by_its_bytes() {
    let bare = || shopify(ORDER).without_header("x-shopify-event-id").without_header("x-shopify-webhook-id");
    let (first, again) = (queued(&fixture(), bare()).await, queued(&fixture(), bare()).await);
    assert!(first.id.starts_with("unreadable-"));
    assert_eq!((&first.id, &first.deliveryid), (&again.id, &None));
}

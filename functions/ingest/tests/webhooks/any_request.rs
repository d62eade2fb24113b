use futures::executor::block_on;
use http::{HeaderName, HeaderValue};
use message::Envelope;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::more_sources::{SECRET, URL, hubspot_request, source};
use crate::support::*;

const NAMES: &[&str] = &[
    "content-type",
    "x-shopify-hmac-sha256",
    "x-shopify-topic",
    "x-shopify-shop-domain",
    "x-shopify-api-version",
    "x-shopify-webhook-id",
    "x-shopify-event-id",
    "x-shopify-triggered-at",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

/// Values near to those that schemes read, and any bytes that a header may hold.
fn header_value() -> impl Strategy<Value = HeaderValue> {
    let likely = prop_oneof![
        Just("application/json".to_owned()),
        "v1,[A-Za-z0-9+/]{43}=( v1a?,[A-Za-z0-9+/=]{0,50}){0,20}",
        "[A-Za-z0-9+/]{43}=",
        any::<i64>().prop_map(|number| number.to_string()),
        "17955144[0-9]{2}",
        "\\PC{0,40}",
    ]
    .prop_filter_map("a header value", |text| HeaderValue::from_str(&text).ok());
    let bytes = prop::collection::vec(any::<u8>(), 0..40)
        .prop_filter_map("a header value", |bytes| HeaderValue::from_bytes(&bytes).ok());
    prop_oneof![3 => likely, 1 => bytes]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, HeaderValue)>> {
    prop::collection::vec((prop::sample::select(NAMES), header_value()), 0..14)
}

fn with_headers(mut request: Request, headers: Vec<(&'static str, HeaderValue)>) -> Request {
    for (name, value) in headers {
        request.0.headers.append(HeaderName::from_static(name), value);
    }
    request
}

proptest! {
    /// Nobody who lacks the secret reaches the queue, whatever is sent.
    #[test]
    fn a_request_nobody_signed_is_refused_and_never_panics(
        source in prop_oneof![Just("shop".to_owned()), Just("crm".to_owned()), "\\PC{0,8}"],
        headers in headers(),
        body in prop_oneof!["\\PC{0,60}", "[A-Za-z0-9+/]{0,60}={0,2}", Just(CRM_ORDER.to_owned())],
        encoded: bool,
    ) {
        let f = fixture();
        let mut request = with_headers(Request::to(&source, &body), headers);
        request.0.is_base64_encoded = encoded;
        let (status, _) = block_on(f.refused(request));
        prop_assert!([400, 401, 404, 413, 415].contains(&status), "{status}");
    }

    /// Authentic, with any payload and any other headers: an answer, and a queued message only with a 202.
    #[test]
    fn a_signed_request_is_answered_and_never_panics(
        shop: bool,
        drop_headers in prop::collection::vec(prop::sample::select(NAMES), 0..3),
        more in prop::collection::vec((prop::sample::select(NAMES), header_value()), 0..3),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "\\PC{0,60}".prop_map(String::into_bytes),
            "\\{\"type\":\"[a-z./ ]{0,20}\",\"timestamp\":\"[0-9TZ:.-]{0,30}\"\\}".prop_map(String::into_bytes),
            Just(ORDER.as_bytes().to_vec()),
        ],
    ) {
        let f = fixture();
        let mut request = if shop {
            shopify_signed("", SHOP_SECRET, &body)
        } else {
            standard("").header("webhook-signature", &v1(CRM_SECRET, "msg_1", "1795514407", &body))
        };
        for name in drop_headers {
            request.0.headers.remove(name);
        }
        let response = block_on(f.post(with_headers(request.base64_body(&body), more)));
        prop_assert!([202, 400, 401, 415].contains(&response.status), "{}", response.status);
        let queued = response.status == 202 && response.body["status"] == "queued";
        prop_assert_eq!(f.sink.sent().len(), usize::from(queued));
        if queued {
            let event = f.sink.only_event();
            prop_assert_eq!(event.data.get().as_bytes(), body.trim_ascii());
        }
    }

    /// Of an authentic array of anything each is queued or ignored, whatever the others are.
    #[test]
    fn any_array_of_json_is_taken_notification_by_notification(
        members in prop::collection::vec(notification(), 0..6),
    ) {
        let f = source("hubspot", SECRET, &["contact.creation"], NOW);
        let body = json!(members).to_string();
        let response = block_on(f.post(hubspot_request(&body, URL)));
        prop_assert_eq!(response.status, 202);
        let known = |member: &&Value| {
            let told = member["subscriptionType"].as_str();
            told.is_some_and(|told| !told.is_empty() && told != "contact.creation")
        };
        prop_assert_eq!(f.sink.sent().len(), members.len() - members.iter().filter(known).count());
        for (_, message) in f.sink.sent() {
            let event = Envelope::decode(&message).unwrap();
            prop_assert!(members.contains(&serde_json::from_str(event.data.get()).unwrap()));
        }
    }
}

/// Members near to those that are read, of any type.
fn notification() -> impl Strategy<Value = Value> {
    let any_value = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(|number| json!(number)),
        "[a-z.]{0,9}".prop_map(|text| json!(text)),
        Just(json!([1])),
    ];
    let names =
        prop::sample::select(vec!["portalId", "subscriptionId", "objectId", "occurredAt", "propertyName"]);
    let kind = prop_oneof![Just(json!("contact.creation")), any_value.clone()];
    let whole =
        (kind, prop::collection::btree_map(names, any_value.clone(), 0..6)).prop_map(|(kind, members)| {
            let mut notification = json!(members);
            notification["subscriptionType"] = kind;
            notification
        });
    prop_oneof![3 => whole, 1 => any_value]
}

use message::Code;
use serde_json::Value;

use crate::support::*;

const INVALID: &str = Code::SignatureInvalid.as_str();

/// openssl dgst -sha256 -hmac shopify-client-secret -binary tests/fixtures/shopify-order.json | base64
const ORDER_SIGNATURE: &str = "Ndf2IJGrVY+JeCyY3ijOBHL01va2IN7zgzGzqLBrw5A=";
/// printf '{"id":1}' | openssl dgst -sha256 -hmac shopify-client-secret -binary | base64
const SMALL_SIGNATURE: &str = "Wtm/TY/Edv2mbGymn/8TBmOl4abV4jcx+mxZf+qo1yE=";

#[tokio::test]
async fn accepts_the_known_signatures_and_queues_the_payload_as_it_came() {
    for (body, signature) in [(ORDER, ORDER_SIGNATURE), (r#"{"id":1}"#, SMALL_SIGNATURE)] {
        let f = fixture();
        let response = f.post(shopify(body).header("x-shopify-hmac-sha256", signature)).await;
        assert_eq!(response.status, 202);
        assert_eq!(f.sink.only_event().data.get(), body.trim());
    }
}

#[tokio::test]
async fn fills_the_envelope_from_the_headers() {
    let f = fixture();
    let response = f.post(shopify(ORDER)).await;
    assert_eq!(response.header("content-type"), "application/json");
    assert_eq!(
        response.body,
        serde_json::json!({
            "status": "queued",
            "correlationId": "98880550-7158-44d4-b7cd-2c97c8a091b5",
            "messageId": "message-1",
        })
    );
    let (queue_url, body) = f.sink.sent().pop().unwrap();
    assert_eq!(queue_url, QUEUE_URL);
    let mut envelope: Value = serde_json::from_str(&body).unwrap();
    envelope.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(
        envelope,
        serde_json::json!({
            "specversion": "1.0",
            "id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
            "source": "/shopify/acme.myshopify.com",
            "type": "shopify.orders/create",
            "time": "2026-11-24T10:00:06.123456789Z",
            "datacontenttype": "application/json",
            "correlationid": "98880550-7158-44d4-b7cd-2c97c8a091b5",
            "deliveryid": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
            "sourceversion": "2026-07",
        })
    );
}

#[tokio::test]
async fn a_change_at_any_position_of_the_body_is_refused() {
    let f = fixture();
    let body = r#"{"id":1}"#;
    for position in 0..body.len() {
        for bit in 0..7 {
            let mut bytes = body.as_bytes().to_vec();
            bytes[position] ^= 1 << bit;
            let request = shopify(body).base64_body(&bytes);
            assert_eq!(f.refused(request).await, (401, INVALID.to_owned()), "byte {position}, bit {bit}");
        }
    }
    assert_eq!(f.post(shopify(body).base64_body(body.as_bytes())).await.status, 202);
}

#[tokio::test]
async fn a_change_at_any_position_of_the_signature_is_refused() {
    let f = fixture();
    for position in 0..SMALL_SIGNATURE.len() {
        let mut signature = SMALL_SIGNATURE.as_bytes().to_vec();
        signature[position] = if signature[position] == b'A' { b'B' } else { b'A' };
        let signature = String::from_utf8(signature).unwrap();
        let request = shopify(r#"{"id":1}"#).header("x-shopify-hmac-sha256", &signature);
        assert_eq!(f.refused(request).await, (401, INVALID.to_owned()), "{position}");
    }
}

#[tokio::test]
async fn truncation_of_body_or_signature_is_refused() {
    let f = fixture();
    let body = r#"{"id":1}"#;
    for length in 0..body.len() {
        assert_eq!(f.refused(shopify(body).body(&body[..length])).await.0, 401, "{length}");
    }
    for length in 0..SMALL_SIGNATURE.len() {
        let request = shopify(body).header("x-shopify-hmac-sha256", &SMALL_SIGNATURE[..length]);
        assert_eq!(f.refused(request).await.0, 401, "{length}");
    }
    assert_eq!(f.refused(shopify(body).body(&format!("{body}\n"))).await.0, 401);
}

#[tokio::test]
async fn a_missing_repeated_or_combined_signature_is_refused() {
    let f = fixture();
    let missing = shopify(ORDER).without_header("x-shopify-hmac-sha256");
    let repeated = shopify(ORDER).repeated_header("x-shopify-hmac-sha256", ORDER_SIGNATURE);
    let combined =
        shopify(ORDER).header("x-shopify-hmac-sha256", &format!("{ORDER_SIGNATURE},{ORDER_SIGNATURE}"));
    for request in [missing, repeated, combined] {
        assert_eq!(f.refused(request).await, (401, INVALID.to_owned()));
    }
}

#[tokio::test]
async fn json_that_was_parsed_and_written_again_is_refused() {
    let f = fixture();
    let again = serde_json::from_str::<Value>(ORDER).unwrap().to_string();
    assert_eq!(f.refused(shopify(ORDER).body(&again)).await, (401, INVALID.to_owned()));
}

#[tokio::test]
async fn header_names_have_no_case() {
    let f = fixture();
    let text = include_str!("../fixtures/http-api-v2-request.json");
    let mut event: Value = serde_json::from_str(text).unwrap();
    for (name, value) in &shopify(ORDER).0.headers {
        event["headers"].as_object_mut().unwrap().remove(name.as_str());
        event["headers"][name.as_str().to_uppercase()] = value.to_str().unwrap().into();
    }
    event["body"] = ORDER.into();
    let request = serde_json::from_value(event).unwrap();
    assert_eq!(f.post(Request(request)).await.status, 202);
}

#[tokio::test]
async fn without_an_event_id_the_delivery_is_the_event() {
    let f = fixture();
    assert_eq!(f.post(shopify(ORDER).without_header("x-shopify-event-id")).await.status, 202);
    let event = f.sink.only_event();
    assert_eq!(event.id, "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043");
    assert_eq!(event.correlationid, event.id);
}

#[tokio::test]
async fn a_delivery_without_a_version_is_left_to_the_mapping() {
    let f = fixture();
    assert_eq!(f.post(shopify(ORDER).without_header("x-shopify-api-version")).await.status, 202);
    assert_eq!(f.sink.only_event().sourceversion, None);
}

#[tokio::test]
async fn a_shop_is_the_same_shop_in_capitals() {
    let f = fixture();
    f.post(shopify(ORDER).header("x-shopify-shop-domain", "ACME.MyShopify.com")).await;
    assert_eq!(f.sink.only_event().source, "/shopify/acme.myshopify.com");
}

#[tokio::test]
async fn an_event_without_a_route_is_acknowledged_and_not_queued() {
    let f = fixture();
    let response = f.post(shopify(ORDER).header("x-shopify-topic", "app/uninstalled")).await;
    assert_eq!(response.status, 202);
    assert_eq!(response.body["status"], "ignored");
    assert_eq!(f.sink.calls(), 0);
}

#[tokio::test]
async fn what_is_queued_is_an_order_that_the_mapping_reads() {
    let f = fixture();
    f.post(shopify(ORDER)).await;
    let mapping = transform::Translator::built_in("shopify-order", &serde_json::Value::Null).unwrap();
    let order = mapping.decode::<transform::canonical::Order>(&f.sink.only_event()).unwrap().value;
    assert_eq!((order.shop.as_str(), order.id.as_str()), ("acme.myshopify.com", "5678901234567"));
    assert_eq!(order.lines.len(), 2);
}

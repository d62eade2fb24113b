use message::Code;
use serde_json::{Value, json};

use crate::support::*;

fn max_body_bytes(bytes: usize) -> impl Fn(&str) -> Option<String> {
    move |name| (name == "MAX_BODY_BYTES").then(|| bytes.to_string())
}

#[tokio::test]
async fn an_unknown_source_is_not_found() {
    let f = fixture();
    let mut request = shopify(ORDER);
    for source in ["other", "", "Shop", "shop/", "../shop"] {
        request.0.path_parameters.insert("source".to_owned(), source.to_owned());
        assert_eq!(f.refused(request.clone()).await, (404, Code::SourceUnknown.to_string()), "{source}");
    }
    request.0.path_parameters.clear();
    assert_eq!(f.refused(request).await.0, 404);
    assert_eq!(f.secrets.asked(SHOP_ARN, aws::Stage::Current), 0);
}

#[tokio::test]
async fn only_json_in_utf_8_is_a_supported_media_type() {
    let f = fixture();
    for media_type in [
        "",
        "text/plain",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
        "application/json; charset=",
        "application/json, application/json",
    ] {
        let request = shopify(ORDER).header("content-type", media_type);
        assert_eq!(f.refused(request).await, (415, Code::MediaTypeUnsupported.to_string()), "{media_type}");
    }
    assert_eq!(f.refused(shopify(ORDER).without_header("content-type")).await.0, 415);
    for media_type in [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        "application/json ; Charset=\"UTF-8\"",
        "application/json; profile=x",
    ] {
        let request = shopify(ORDER).header("content-type", media_type);
        assert_eq!(f.post(request).await.status, 202, "{media_type}");
    }
}

#[tokio::test]
async fn a_base64_body_is_what_it_stands_for() {
    let f = fixture();
    assert_eq!(f.post(shopify(ORDER).base64_body(ORDER.as_bytes())).await.status, 202);
    assert_eq!(f.sink.only_event().data.get(), ORDER.trim());
}

#[tokio::test]
async fn broken_base64_is_malformed() {
    let f = fixture();
    let mut request = shopify(ORDER);
    request.0.is_base64_encoded = true;
    assert_eq!(f.refused(request).await, (400, Code::RequestMalformed.to_string()));
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_malformed_even_where_it_is_signed() {
    let f = fixture();
    for body in [&b"{\"a\":\"\xff\"}"[..], b"\xef\xbb\xbf{}", b"\xff\xfe{\0}\0"] {
        let request = shopify_signed("", SHOP_SECRET, body).base64_body(body);
        assert_eq!(f.refused(request).await, (400, Code::RequestMalformed.to_string()));
        let forged = shopify_signed("", "another secret", body).base64_body(body);
        assert_eq!(f.refused(forged).await.0, 401);
    }
}

#[tokio::test]
async fn a_signed_body_that_is_no_json_object_is_malformed() {
    let f = fixture();
    for body in ["", " ", "null", "[1]", "\"text\"", "7", "{", "{}{}", "{\"a\":}", "{'a':1}", "{\"a\":NaN}"] {
        assert_eq!(f.refused(shopify(body)).await, (400, Code::RequestMalformed.to_string()), "{body}");
    }
    let mut no_body = shopify("");
    no_body.0.body = None;
    assert_eq!(f.refused(no_body).await.0, 400);
}

#[tokio::test]
async fn the_size_cap_counts_raw_bytes_and_comes_before_the_signature() {
    let body = r#"{"a":"0123456789"}"#;
    let too_large = (413, Code::PayloadTooLarge.to_string());
    let f = fixture_with(NOW, max_body_bytes(body.len()));
    assert_eq!(f.post(shopify(body)).await.status, 202);
    assert_eq!(f.post(shopify(body).base64_body(body.as_bytes())).await.status, 202);
    for one_less in 1..=3 {
        let f = fixture_with(NOW, max_body_bytes(body.len() - one_less));
        assert_eq!(f.refused(shopify(body)).await, too_large);
        assert_eq!(f.refused(shopify(body).base64_body(body.as_bytes())).await, too_large);
        assert_eq!(f.refused(shopify_signed(body, "another secret", b"")).await, too_large);
        assert_eq!(f.secrets.asked(SHOP_ARN, aws::Stage::Current), 0);
    }
}

#[tokio::test]
async fn a_body_too_large_is_refused_before_it_is_decoded() {
    let f = fixture_with(NOW, max_body_bytes(100));
    let mut request = shopify(&"!".repeat(1_000));
    request.0.is_base64_encoded = true;
    assert_eq!(f.refused(request).await.0, 413, "decoded first, it would be malformed");
}

#[tokio::test]
async fn the_largest_body_of_the_default_fits_into_a_message() {
    let f = fixture();
    let frame = r#"{"a":""}"#.len();
    let body = json!({"a": "x".repeat(921_600 - frame)}).to_string();
    assert_eq!(f.post(shopify(&body)).await.status, 202);
    assert!(f.sink.sent()[0].1.len() <= 1_048_576);
    assert_eq!(f.refused(shopify(&format!("{body} "))).await.0, 413);
}

/// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
fn sqs_takes(text: &str) -> bool {
    text.chars().all(|c| {
        matches!(c, '\u{9}' | '\u{A}' | '\u{D}' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
    })
}

#[tokio::test]
async fn characters_that_sqs_refuses_are_escaped_and_mean_the_same() {
    let f = fixture();
    let payload = json!({"a": "x\u{FFFE}y\u{FFFF}z\u{1F600}", "\u{FFFF}": 1});
    let body = payload.to_string();
    assert!(!sqs_takes(&body));
    assert_eq!(f.post(shopify(&body)).await.status, 202);
    assert!(sqs_takes(&f.sink.sent()[0].1));
    assert_eq!(serde_json::from_str::<Value>(f.sink.only_event().data.get()).unwrap(), payload);
}

#[tokio::test]
async fn a_body_that_outgrows_a_message_when_escaped_is_too_large() {
    let f = fixture();
    let body = json!({"a": "\u{FFFE}".repeat(300_000)}).to_string();
    assert_eq!(f.refused(shopify(&body)).await, (413, Code::PayloadTooLarge.to_string()));
}

#[tokio::test]
async fn while_the_queue_does_not_accept_nothing_is_acknowledged() {
    let f = fixture();
    f.sink.set_down(true);
    for request in [shopify(ORDER), standard(CRM_ORDER)] {
        let response = f.post(request).await;
        assert_eq!(response.status, 503);
        assert_eq!(response.assert_problem(), Code::QueueUnavailable.as_str());
        assert_eq!(response.header("retry-after"), "10");
    }
    assert!(f.sink.sent().is_empty());
    f.sink.set_down(false);
    assert_eq!(f.post(shopify(ORDER)).await.status, 202);
    assert_eq!(f.sink.sent().len(), 1);
}

#[tokio::test]
async fn the_same_delivery_is_queued_each_time_it_comes() {
    let f = fixture();
    for _ in 0..2 {
        assert_eq!(f.post(shopify(ORDER)).await.status, 202);
    }
    let sent = f.sink.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1], "the ledger knows them by their content");
}

#[tokio::test]
async fn a_problem_says_back_nothing_of_what_was_sent() {
    let f = fixture();
    let mark = "ann@example.com";
    let body = format!(r#"{{"type":"{mark}"}}"#);
    for request in [
        Request::to(mark, &body),
        Request::to("shop", &body).header("content-type", mark),
        Request::to("shop", &body).header("x-shopify-hmac-sha256", mark),
        shopify(&format!("{mark}{{")),
    ] {
        let response = f.post(request).await;
        let code = response.assert_problem();
        assert!(!response.body.to_string().contains(mark), "{}", response.body);
        assert_eq!(response.body["type"], format!("urn:spillway:error:{code}"));
        assert_eq!(response.header("retry-after"), "");
    }
}

#[tokio::test]
async fn an_answer_says_back_nothing_of_what_cannot_be_read() {
    let f = fixture();
    let mark = "ann@example.com";
    let body = format!(r#"{{"type":"{mark}"}}"#);
    for request in [shopify(&body).header("x-shopify-topic", mark), standard(&body)] {
        let response = f.post(request).await;
        assert_eq!(response.status, 202);
        assert!(!response.body.to_string().contains(mark), "{}", response.body);
    }
}

/// What API Gateway's payload format 2.0 reads.
#[tokio::test]
async fn the_response_is_of_payload_format_2() {
    let f = fixture();
    let response = serde_json::to_value(f.post(shopify(ORDER)).await.raw).unwrap();
    assert_eq!(response["statusCode"], 202);
    assert_eq!(response["isBase64Encoded"], false);
    assert_eq!(response["headers"]["content-type"], "application/json");
    assert!(response["body"].is_string());
}

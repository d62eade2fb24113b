use message::Code;
use serde_json::Value;

use crate::support::*;

const INVALID: &str = Code::SignatureInvalid.as_str();
const OUTSIDE: &str = Code::TimestampOutsideWindow.as_str();

/// The vector that Standard Webhooks publishes, with its secret in [`CRM_SECRET`].
const VECTOR_ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const VECTOR_TIMESTAMP: &str = "1614265330";
const VECTOR_TIME: &str = "2021-02-25T15:02:10Z";
const VECTOR_PAYLOAD: &str = r#"{"test": 2432232314}"#;
const VECTOR_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn vector() -> Request {
    Request::to("crm", VECTOR_PAYLOAD)
        .header("webhook-id", VECTOR_ID)
        .header("webhook-timestamp", VECTOR_TIMESTAMP)
        .header("webhook-signature", VECTOR_SIGNATURE)
}

#[tokio::test]
async fn the_published_vector_is_authentic() {
    let f = fixture_at(VECTOR_TIME);
    assert_eq!(f.post(vector()).await.status, 202);
    assert_eq!(f.sink.only_event().unreadable_at(), Some("$.type"), "its payload names none");
    let (status, code) = f.refused(vector().body(r#"{"test": 2432232315}"#)).await;
    assert_eq!((status, code.as_str()), (401, INVALID));
    assert_eq!(v1(CRM_SECRET, VECTOR_ID, VECTOR_TIMESTAMP, VECTOR_PAYLOAD.as_bytes()), VECTOR_SIGNATURE);
}

#[tokio::test]
async fn fills_the_envelope_from_headers_and_payload() {
    let f = fixture();
    assert_eq!(f.post(standard(CRM_ORDER)).await.status, 202);
    let (queue_url, body) = f.sink.sent().pop().unwrap();
    assert_eq!(queue_url, CRM_QUEUE_URL);
    assert_eq!(f.sink.only_event().data.get(), CRM_ORDER);
    let mut envelope: Value = serde_json::from_str(&body).unwrap();
    envelope.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(
        envelope,
        serde_json::json!({
            "specversion": "1.0",
            "id": "msg_1",
            "source": "/standard-webhooks/crm",
            "type": "crm.order.placed",
            "time": "2026-11-24T09:59:58.25Z",
            "datacontenttype": "application/json",
            "correlationid": "msg_1",
        })
    );
}

#[tokio::test]
async fn the_time_is_the_attempts_where_the_payload_has_none_in_rfc_3339() {
    for body in [
        r#"{"type":"order.placed"}"#,
        r#"{"type":"order.placed","timestamp":1795514398000}"#,
        r#"{"type":"order.placed","timestamp":"yesterday"}"#,
    ] {
        let f = fixture();
        assert_eq!(f.post(standard(body)).await.status, 202);
        assert_eq!(f.sink.only_event().time.to_string(), NOW, "{body}");
    }
}

#[tokio::test]
async fn the_window_is_five_minutes_to_both_sides_with_its_ends() {
    let now = 1_795_514_407_i64;
    for (offset, accepted) in [(300, true), (-300, true), (301, false), (-301, false)] {
        let f = fixture();
        let request = standard_at(CRM_ORDER, "msg_1", &(now + offset).to_string());
        if accepted {
            assert_eq!(f.post(request).await.status, 202, "{offset}");
        } else {
            assert_eq!(f.refused(request).await, (401, OUTSIDE.to_owned()), "{offset}");
        }
    }
}

#[tokio::test]
async fn the_window_is_a_setting() {
    let setting = |name: &str| (name == "TIMESTAMP_TOLERANCE_SECONDS").then(|| "10".to_owned());
    let f = fixture_with(NOW, setting);
    assert_eq!(f.post(standard_at(CRM_ORDER, "msg_1", "1795514397")).await.status, 202);
    assert_eq!(f.refused(standard_at(CRM_ORDER, "msg_1", "1795514396")).await.1, OUTSIDE);
}

#[tokio::test]
async fn a_signed_timestamp_at_an_end_of_i64_is_outside_the_window() {
    let f = fixture();
    for timestamp in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX] {
        let request = standard_at(CRM_ORDER, "msg_1", &timestamp.to_string());
        assert_eq!(f.refused(request).await, (401, OUTSIDE.to_owned()), "{timestamp}");
    }
}

#[tokio::test]
async fn a_signed_timestamp_that_is_no_number_is_refused() {
    let f = fixture();
    for timestamp in [
        "",
        "now",
        "+1795514407",
        "1795514407.0",
        "1.795514407e9",
        " 1795514407",
        "0x6b056427",
        "9223372036854775808",
        "-9223372036854775809",
        "1795514407,1795514407",
        NOW,
    ] {
        let request = standard_at(CRM_ORDER, "msg_1", timestamp);
        assert_eq!(f.refused(request).await, (401, INVALID.to_owned()), "{timestamp}");
    }
}

#[tokio::test]
async fn a_timestamp_or_id_other_than_the_signed_one_is_refused() {
    let f = fixture();
    for (name, value) in [("webhook-timestamp", "1795514408"), ("webhook-id", "msg_2")] {
        let request = standard(CRM_ORDER).header(name, value);
        assert_eq!(f.refused(request).await, (401, INVALID.to_owned()), "{name}");
    }
}

#[tokio::test]
async fn an_id_with_a_full_stop_cannot_shift_what_was_signed() {
    let f = fixture();
    // Signed as id "msg_1" with a body that begins with a timestamp of its own.
    let body = format!("1795514407.{CRM_ORDER}");
    let signature = v1(CRM_SECRET, "msg_1", "1795514407", body.as_bytes());
    let request = Request::to("crm", CRM_ORDER)
        .header("webhook-id", "msg_1.1795514407")
        .header("webhook-timestamp", "1795514407")
        .header("webhook-signature", &signature);
    assert_eq!(f.refused(request).await, (401, INVALID.to_owned()));
}

#[tokio::test]
async fn one_valid_signature_among_others_is_enough() {
    let good = v1(CRM_SECRET, "msg_1", "1795514407", CRM_ORDER.as_bytes());
    let other = v1("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "msg_1", "1795514407", CRM_ORDER.as_bytes());
    let fifteen = format!("{other} ").repeat(15);
    for signatures in [
        format!("{other} {good}"),
        format!("{good} {other}"),
        format!("v1a,c2lnbmF0dXJl v2,x {good}"),
        format!("v1,not-base64 v1, v1 , {good}"),
        format!("  {good}  "),
        format!("{fifteen}{good}"),
    ] {
        let f = fixture();
        let request = standard(CRM_ORDER).header("webhook-signature", &signatures);
        assert_eq!(f.post(request).await.status, 202, "{signatures}");
    }
}

#[tokio::test]
async fn more_than_sixteen_signatures_are_refused_unread() {
    let f = fixture();
    let good = v1(CRM_SECRET, "msg_1", "1795514407", CRM_ORDER.as_bytes());
    for signatures in [vec![good.as_str(); 17].join(" "), format!("{good}{}", " x".repeat(16))] {
        let request = standard(CRM_ORDER).header("webhook-signature", &signatures);
        assert_eq!(f.refused(request).await, (401, INVALID.to_owned()));
    }
}

#[tokio::test]
async fn signatures_of_another_form_are_refused() {
    let f = fixture();
    let good = v1(CRM_SECRET, "msg_1", "1795514407", CRM_ORDER.as_bytes());
    let bare = good.strip_prefix("v1,").unwrap();
    for signature in [
        String::new(),
        bare.to_owned(),
        format!("v1a,{bare}"),
        format!("V1,{bare}"),
        format!("v1={bare}"),
        format!("v1,{}", bare.trim_end_matches('=')),
        // As API Gateway joins a header that came twice.
        format!("{good},{good}"),
    ] {
        let request = standard(CRM_ORDER).header("webhook-signature", &signature);
        assert_eq!(f.refused(request).await, (401, INVALID.to_owned()), "{signature}");
    }
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let value = standard(CRM_ORDER).0.headers[name].to_str().unwrap().to_owned();
        assert_eq!(f.refused(standard(CRM_ORDER).without_header(name)).await.0, 401, "{name}");
        assert_eq!(f.refused(standard(CRM_ORDER).repeated_header(name, &value)).await.0, 401, "{name}");
    }
}

#[tokio::test]
async fn a_change_at_any_position_is_refused() {
    let f = fixture();
    let body = r#"{"type":"order.placed"}"#;
    for position in 0..body.len() {
        let mut bytes = body.as_bytes().to_vec();
        bytes[position] ^= 1;
        assert_eq!(f.refused(standard(body).base64_body(&bytes)).await.0, 401, "body {position}");
    }
    let signature = v1(CRM_SECRET, "msg_1", "1795514407", body.as_bytes());
    for position in 0..signature.len() {
        let mut bytes = signature.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        let request = standard(body).header("webhook-signature", &changed);
        assert_eq!(f.refused(request).await.0, 401, "signature {position}");
    }
    for length in 0..signature.len() {
        let request = standard(body).header("webhook-signature", &signature[..length]);
        assert_eq!(f.refused(request).await.0, 401, "signature cut to {length}");
    }
}

#[tokio::test]
async fn json_that_was_parsed_and_written_again_is_refused() {
    let f = fixture();
    let again = serde_json::from_str::<Value>(CRM_ORDER).unwrap().to_string();
    assert_eq!(f.refused(standard(CRM_ORDER).body(&again)).await, (401, INVALID.to_owned()));
}

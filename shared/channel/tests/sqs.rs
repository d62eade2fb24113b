//! The channels against a scripted SQS on loopback: what is sent, in how many calls, and what a partial failure means.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use channel::{
    Attribute, Attributes, DeadLetter, DeadLetterChannel, Delay, EventChannel, HeldMessage, Origin,
    OutgoingEvent, SourceQueue, SqsDeadLetterChannel, SqsEventChannel, SqsSourceQueue,
};
use http::{HeaderMap, StatusCode};
use message::{Code, Envelope, Rejection};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Operation and body of each call.
type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// Refuses every entry whose body or receipt handle says so; a call for the queue "down" fails whole.
async fn serve(State(calls): State<Calls>, headers: HeaderMap, body: Bytes) -> Response {
    let operation = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    let body: Value = serde_json::from_slice(&body).unwrap();
    calls.lock().unwrap().push((operation, body.clone()));
    if body["QueueUrl"].as_str().unwrap().ends_with("/down") {
        let error = json!({ "__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone" });
        return (StatusCode::BAD_REQUEST, error.to_string()).into_response();
    }
    let entries = body["Entries"].as_array().unwrap();
    let refused = |entry: &&Value| entry.to_string().contains("refuse me");
    let failed: Vec<_> = entries
        .iter()
        .filter(refused)
        .map(|entry| json!({ "Id": entry["Id"], "SenderFault": true, "Code": "InvalidMessageContents" }))
        .collect();
    let successful: Vec<_> = entries
        .iter()
        .filter(|entry| !refused(entry))
        .map(|entry| json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" }))
        .collect();
    json!({ "Successful": successful, "Failed": failed }).to_string().into_response()
}

async fn sqs() -> (Client, String, Calls) {
    let calls = Calls::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(serve).with_state(Arc::clone(&calls));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(&endpoint)
        .build();
    (Client::from_conf(config), endpoint, calls)
}

fn event(text: &str) -> Envelope {
    let body = json!({
        "specversion": "1.0", "id": "1", "source": "/s", "type": "t", "time": "2026-11-24T10:00:00Z",
        "correlationid": "c", "data": { "text": text }
    });
    Envelope::decode(&body.to_string()).unwrap()
}

fn entries(call: &(String, Value)) -> &Vec<Value> {
    call.1["Entries"].as_array().unwrap()
}

#[tokio::test]
async fn events_go_ten_to_a_call_with_their_trace() {
    let (client, endpoint, calls) = sqs().await;
    let events: Vec<_> = (0..23).map(|number| event(&number.to_string())).collect();
    let outgoing: Vec<_> = events
        .iter()
        .map(|envelope| OutgoingEvent { envelope, trace_header: Some("Root=1-5bef4de7") })
        .collect();
    let sent = SqsEventChannel::new(client, format!("{endpoint}/queue")).send(&outgoing).await;
    assert!(sent.len() == 23 && sent.iter().all(Result::is_ok));
    let calls = calls.lock().unwrap();
    assert_eq!(calls.iter().map(|call| entries(call).len()).collect::<Vec<_>>(), [10, 10, 3]);
    let first = &entries(&calls[0])[0];
    assert_eq!(first["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"], "Root=1-5bef4de7");
    assert_eq!(Envelope::decode(first["MessageBody"].as_str().unwrap()).unwrap().id, "1");
}

#[tokio::test]
async fn large_events_go_in_calls_of_a_mebibyte() {
    let (client, endpoint, calls) = sqs().await;
    let large = event(&"x".repeat(600_000));
    let outgoing = [OutgoingEvent { envelope: &large, trace_header: None }; 3];
    let sent = SqsEventChannel::new(client, format!("{endpoint}/queue")).send(&outgoing).await;
    assert!(sent.iter().all(Result::is_ok));
    assert_eq!(calls.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn an_entry_that_failed_within_a_good_answer_is_told_by_its_place() {
    let (client, endpoint, _) = sqs().await;
    let events = [event("fine"), event("refuse me"), event("fine too")];
    let outgoing: Vec<_> =
        events.iter().map(|envelope| OutgoingEvent { envelope, trace_header: None }).collect();
    let sent = SqsEventChannel::new(client, format!("{endpoint}/queue")).send(&outgoing).await;
    let told: Vec<_> = sent.iter().map(|sent| sent.as_ref().map_err(ToString::to_string)).collect();
    let refused = "SQS SendMessageBatch refused the message: InvalidMessageContents".to_owned();
    assert_eq!(told, [Ok(&()), Err(refused), Ok(&())]);
}

#[tokio::test]
async fn a_call_that_fails_whole_is_told_for_each_of_its_messages() {
    let (client, endpoint, _) = sqs().await;
    let events = [event("one"), event("other")];
    let outgoing: Vec<_> =
        events.iter().map(|envelope| OutgoingEvent { envelope, trace_header: None }).collect();
    let sent = SqsEventChannel::new(client, format!("{endpoint}/down")).send(&outgoing).await;
    assert_eq!(sent.iter().filter(|sent| sent.is_err()).count(), 2);
}

#[tokio::test]
async fn delays_are_whole_seconds_up_to_what_sqs_takes_and_failures_are_told() {
    let (client, endpoint, calls) = sqs().await;
    let delays = [
        Delay { receipt_handle: "a", delay: Duration::from_millis(1_200) },
        Delay { receipt_handle: "refuse me", delay: Duration::from_secs(5) },
        Delay { receipt_handle: "c", delay: Duration::from_secs(99_999) },
        Delay { receipt_handle: "d", delay: Duration::ZERO },
    ];
    let sent = SqsSourceQueue::new(client, format!("{endpoint}/queue")).retry_after(&delays).await;
    assert_eq!(sent.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, true]);
    let calls = calls.lock().unwrap();
    assert_eq!(calls[0].0, "ChangeMessageVisibilityBatch");
    let seconds: Vec<_> =
        entries(&calls[0]).iter().map(|entry| entry["VisibilityTimeout"].as_u64().unwrap()).collect();
    assert_eq!(seconds, [2, 5, 12 * 3_600 - 900, 0]);
}

#[tokio::test]
async fn a_held_message_comes_again_as_it_was_after_its_delay() {
    let (client, endpoint, calls) = sqs().await;
    let attributes = Attributes::from([
        ("Tenant".to_owned(), Attribute::string("acme")),
        ("Raw".to_owned(), Attribute::Binary { data_type: "Binary".to_owned(), value: vec![1, 2] }),
    ]);
    let origin = Origin::of(&Attributes::new(), "first", "2026-11-24T10:00:00Z".parse().unwrap());
    let held = [600, 100_000].map(|seconds| HeldMessage {
        body: "{\"a\": 1}",
        attributes: &attributes,
        origin: &origin,
        attempts: 2,
        first_received_at: "2026-11-24T10:00:01Z".parse().unwrap(),
        trace_header: None,
        delay: Duration::from_secs(seconds),
    });
    let sent = SqsSourceQueue::new(client, format!("{endpoint}/queue")).hold(&held).await;
    assert!(sent.iter().all(Result::is_ok));
    let calls = calls.lock().unwrap();
    let first = &entries(&calls[0])[0];
    assert_eq!(
        (first["DelaySeconds"].as_u64(), first["MessageBody"].as_str()),
        (Some(600), Some("{\"a\": 1}"))
    );
    let attribute = |name: &str| first["MessageAttributes"][name]["StringValue"].as_str();
    assert_eq!(attribute("Tenant"), Some("acme"));
    let told = "id=first sent=2026-11-24T10:00:00Z attempts=2 first=2026-11-24T10:00:01Z";
    assert_eq!(attribute("Held"), Some(told));
    assert_eq!(first["MessageAttributes"]["Raw"]["BinaryValue"], "AQI=");
    assert_eq!(entries(&calls[0])[1]["DelaySeconds"], 900, "the longest delay; it is held again after it");
}

#[tokio::test]
async fn the_dead_letter_of_a_fifo_message_is_deduplicated_by_the_delivered_message_not_by_its_origin() {
    let (client, endpoint, calls) = sqs().await;
    let (rejection, none) =
        (Rejection::new(Code::FieldMissing, "$.sku", "expected a string"), Attributes::new());
    let at = "2026-11-24T10:00:00Z".parse().unwrap();
    let letter = DeadLetter {
        body: "{}",
        attributes: &none,
        rejection: &rejection,
        flow: "orders",
        source_queue: "orders.fifo",
        message_id: "m-1",
        original_message_id: "before-its-redrive",
        correlation_id: "c",
        attempts: 1,
        first_failed_at: at,
        last_failed_at: at,
        trace_header: None,
        group_id: Some("customer-7"),
    };
    let sent = SqsDeadLetterChannel::new(client, format!("{endpoint}/queue.fifo")).send(&[letter]).await;
    assert!(sent.iter().all(Result::is_ok));
    let calls = calls.lock().unwrap();
    let entry = &entries(&calls[0])[0];
    assert_eq!(
        (entry["MessageGroupId"].as_str(), entry["MessageDeduplicationId"].as_str()),
        (Some("customer-7"), Some("m-1"))
    );
    assert_eq!(entry["MessageAttributes"]["Code"]["StringValue"], "SPW2001");
}

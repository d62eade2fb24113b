//! The queues against a scripted SQS on loopback: what is asked, and what each answer means for each letter.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws::test_doubles::loopback_config;
use aws_sdk_sqs::Client;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use channel::Attribute;
use http::{HeaderMap, StatusCode};
use review::aws::{SqsLetterQueue, SqsSourceQueue, get_queue_url};
use review::{Count, Letter, LetterQueue, ReviewError, SourceQueue};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Operation and body of each call.
type Calls = Arc<Mutex<Vec<(String, Value)>>>;

fn error(status: StatusCode, code: &str) -> Response {
    let error = json!({ "__type": format!("com.amazonaws.sqs#{code}"), "message": "no" });
    (status, error.to_string()).into_response()
}

/// An entry fails with the code that its receipt or body names after `fail:`; every call for the queue "denied" is denied, and for "down"
/// fails; for "expired" the credentials have run out.
async fn serve(State(calls): State<Calls>, headers: HeaderMap, body: Bytes) -> Response {
    let operation = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    let body: Value = serde_json::from_slice(&body).unwrap();
    calls.lock().unwrap().push((operation.clone(), body.clone()));
    let queue = body["QueueUrl"].as_str().unwrap_or_default();
    if queue.contains("denied") || body["QueueName"] == "denied" {
        return error(StatusCode::FORBIDDEN, "AccessDeniedException");
    }
    if queue.contains("expired") {
        return error(StatusCode::FORBIDDEN, "InvalidClientTokenId");
    }
    if queue.contains("down") {
        return error(StatusCode::BAD_REQUEST, "QueueDoesNotExist");
    }
    let answer = match operation.as_str() {
        "GetQueueUrl" => {
            json!({ "QueueUrl": format!("https://sqs/{}", body["QueueName"].as_str().unwrap()) })
        }
        "GetQueueAttributes" => json!({ "Attributes": {
            "ApproximateNumberOfMessages": "12",
            "ApproximateNumberOfMessagesNotVisible": "3",
            "MessageRetentionPeriod": "1209600",
        }}),
        "ReceiveMessage" if queue.contains("empty") => json!({}),
        "ReceiveMessage" => json!({ "Messages": [message()] }),
        _ => answers(body["Entries"].as_array().unwrap()),
    };
    answer.to_string().into_response()
}

fn answers(entries: &[Value]) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let text = entry["ReceiptHandle"].as_str().or(entry["MessageBody"].as_str()).unwrap();
        match text.split_once("fail:") {
            Some((_, code)) => {
                failed.push(json!({ "Id": entry["Id"], "SenderFault": true, "Code": code, "Message": text }));
            }
            None => {
                successful.push(json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" }));
            }
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}

fn message() -> Value {
    json!({
        "MessageId": "7d9c1a5e-0000-4000-8000-000000000001",
        "ReceiptHandle": "receipt-1",
        "Body": "{\"a\":  \"ö\"}",
        "Attributes": {
            "SentTimestamp": "1795514400123",
            "ApproximateReceiveCount": "4",
            "AWSTraceHeader": "Root=1-5759e988-bd86",
            "MessageGroupId": "acme",
        },
        "MessageAttributes": {
            "Code": { "DataType": "String", "StringValue": "SPW2003" },
            "Count": { "DataType": "Number.int", "StringValue": "7" },
            "Blob": { "DataType": "Binary", "BinaryValue": "AAH/" },
        },
    })
}

async fn sqs() -> (Client, String, Calls) {
    let calls = Calls::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(serve).with_state(Arc::clone(&calls));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (Client::new(&loopback_config(&endpoint).await), endpoint, calls)
}

async fn letters_of(queue: &str) -> (SqsLetterQueue, Calls) {
    let (client, endpoint, calls) = sqs().await;
    (SqsLetterQueue::of_url(client, format!("{endpoint}/{queue}")), calls)
}

fn letter(number: usize, text: &str) -> Letter {
    let code = Attribute::string("SPW2003");
    let blob = Attribute::Binary { data_type: "Binary".to_owned(), value: vec![0, 1, 255] };
    Letter {
        id: format!("m-{number}"),
        receipt: text.to_owned(),
        body: text.to_owned(),
        attributes: BTreeMap::from([("Code".to_owned(), code), ("Blob".to_owned(), blob)]),
        sent_at: "2026-11-24T10:00:00Z".parse().unwrap(),
        receive_count: 1,
        trace_header: Some("Root=1-5759e988-bd86".to_owned()),
        group_id: None,
    }
}

/// What each answer says; empty where it is good.
fn told(sent: &[Result<(), ReviewError>]) -> Vec<String> {
    sent.iter().map(|answer| answer.as_ref().err().map(ToString::to_string).unwrap_or_default()).collect()
}

fn entries(call: &(String, Value)) -> &Vec<Value> {
    call.1["Entries"].as_array().unwrap()
}

#[tokio::test]
async fn a_letter_is_received_with_all_that_it_carries_and_hidden_for_no_less_than_asked() {
    let (queue, calls) = letters_of("letters").await;
    let received = queue.receive(Duration::from_millis(60_001)).await.unwrap();
    let expected = Letter {
        id: "7d9c1a5e-0000-4000-8000-000000000001".to_owned(),
        receipt: "receipt-1".to_owned(),
        body: "{\"a\":  \"ö\"}".to_owned(),
        attributes: BTreeMap::from([
            ("Code".to_owned(), Attribute::string("SPW2003")),
            (
                "Count".to_owned(),
                Attribute::Text { data_type: "Number.int".to_owned(), value: "7".to_owned() },
            ),
            ("Blob".to_owned(), Attribute::Binary { data_type: "Binary".to_owned(), value: vec![0, 1, 255] }),
        ]),
        sent_at: "2026-11-24T10:00:00.123Z".parse().unwrap(),
        receive_count: 4,
        trace_header: Some("Root=1-5759e988-bd86".to_owned()),
        group_id: Some("acme".to_owned()),
    };
    assert_eq!(received, [expected]);
    let mut asked = calls.lock().unwrap()[0].1.clone();
    asked.as_object_mut().unwrap().remove("QueueUrl");
    let expected = json!({
        "MaxNumberOfMessages": 10,
        "WaitTimeSeconds": 1,
        "VisibilityTimeout": 61,
        "MessageAttributeNames": ["All"],
        "MessageSystemAttributeNames":
            ["SentTimestamp", "ApproximateReceiveCount", "AWSTraceHeader", "MessageGroupId"],
    });
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn an_empty_queue_has_no_letters_and_one_that_may_not_be_read_is_told_so() {
    let (queue, _) = letters_of("empty").await;
    assert_eq!(queue.receive(Duration::from_secs(60)).await.unwrap(), []);
    let (queue, _) = letters_of("denied").await;
    let error = queue.receive(Duration::from_secs(60)).await.unwrap_err();
    assert!(matches!(error, ReviewError::Denied("ReceiveMessage")), "{error}");
    let (queue, _) = letters_of("expired").await;
    let error = queue.receive(Duration::from_secs(60)).await.unwrap_err();
    assert!(matches!(error, ReviewError::Credentials("ReceiveMessage")), "{error}");
}

#[tokio::test]
async fn letters_are_put_back_ten_to_a_call_and_what_is_not_ours_any_more_is_no_error() {
    let (queue, calls) = letters_of("letters").await;
    let mut receipts: Vec<_> = (0..92).map(|number| format!("receipt-{number}")).collect();
    receipts[3] = "fail:InvalidParameterValue".to_owned();
    receipts[4] = "fail:AWS.SimpleQueueService.MessageNotInflight".to_owned();
    receipts[5] = "fail:ReceiptHandleIsInvalid".to_owned();
    queue.release(&receipts).await.unwrap();
    let calls = calls.lock().unwrap();
    assert_eq!(calls.len(), 10);
    assert_eq!(calls.iter().map(|call| entries(call).len()).sum::<usize>(), 92);
    assert!(calls.iter().flat_map(entries).all(|entry| entry["VisibilityTimeout"] == 0));
}

#[tokio::test]
async fn a_letter_that_could_not_be_put_back_is_told_once_the_others_are() {
    let (queue, calls) = letters_of("letters").await;
    let mut receipts: Vec<_> = (0..92).map(|number| format!("receipt-{number}")).collect();
    receipts[0] = "fail:InternalError".to_owned();
    let error = queue.release(&receipts).await.unwrap_err();
    assert_eq!(error.to_string(), "ChangeMessageVisibilityBatch: refused: InternalError");
    assert_eq!(calls.lock().unwrap().len(), 10);
}

#[tokio::test]
async fn nothing_more_is_put_back_once_nothing_can_be() {
    let (queue, calls) = letters_of("down").await;
    let receipts: Vec<_> = (0..500).map(|number| format!("receipt-{number}")).collect();
    assert!(queue.release(&receipts).await.is_err());
    assert_eq!(calls.lock().unwrap().len(), 8);
    queue.release(&[]).await.unwrap();
    assert_eq!(calls.lock().unwrap().len(), 8);
}

#[tokio::test]
async fn each_letter_is_told_whether_it_was_deleted() {
    let (queue, calls) = letters_of("letters").await;
    let mut letters: Vec<_> = (0..12).map(|number| letter(number, "receipt")).collect();
    letters[1].receipt = "fail:InvalidParameterValue".to_owned();
    letters[11].receipt = "fail:KmsAccessDenied".to_owned();
    let mut expected = vec![String::new(); 12];
    expected[1] = "DeleteMessageBatch: refused: InvalidParameterValue".to_owned();
    expected[11] = "DeleteMessageBatch: access denied: which role is this?".to_owned();
    assert_eq!(told(&queue.delete(&letters).await), expected);
    assert_eq!(calls.lock().unwrap().iter().map(|call| entries(call).len()).collect::<Vec<_>>(), [10, 2]);
    let (queue, _) = letters_of("denied").await;
    let denied = "DeleteMessageBatch: access denied: which role is this?";
    assert_eq!(told(&queue.delete(&letters).await), [denied; 12]);
}

#[tokio::test]
async fn a_letter_is_sent_as_it_is_and_each_is_told_whether_it_was() {
    let (client, endpoint, calls) = sqs().await;
    let queue = SqsSourceQueue::of_url(client, format!("{endpoint}/orders"));
    let grouped = Letter { group_id: Some("acme".to_owned()), ..letter(2, "{}") };
    let sent = queue.send(&[letter(0, "{}"), letter(1, "fail:InvalidMessageContents"), grouped]).await;
    assert_eq!(told(&sent), ["", "SendMessageBatch: refused: InvalidMessageContents", ""]);
    let calls = calls.lock().unwrap();
    let expected = json!({
        "Id": "0",
        "MessageBody": "{}",
        "MessageAttributes": {
            "Code": { "DataType": "String", "StringValue": "SPW2003" },
            "Blob": { "DataType": "Binary", "BinaryValue": "AAH/" },
        },
        "MessageSystemAttributes": {
            "AWSTraceHeader": { "DataType": "String", "StringValue": "Root=1-5759e988-bd86" },
        },
    });
    assert_eq!(entries(&calls[0])[0], expected);
    assert_eq!(entries(&calls[0])[2]["MessageGroupId"], "acme");
    assert_eq!(entries(&calls[0])[2].get("MessageDeduplicationId"), None);
}

#[tokio::test]
async fn on_a_fifo_queue_a_letter_has_a_group_and_is_known_again_by_its_id() {
    let (client, endpoint, calls) = sqs().await;
    let queue = SqsLetterQueue::of_url(client, format!("{endpoint}/letters.fifo"));
    let grouped = Letter { group_id: Some("acme".to_owned()), ..letter(1, "{}") };
    assert_eq!(told(&queue.put(&[letter(0, "{}"), grouped]).await), ["", ""]);
    let calls = calls.lock().unwrap();
    let ids = |entry: &Value| (entry["MessageGroupId"].clone(), entry["MessageDeduplicationId"].clone());
    let sent: Vec<_> = entries(&calls[0]).iter().map(ids).collect();
    assert_eq!(sent, [(json!("m-0"), json!("m-0")), (json!("acme"), json!("m-1"))]);
}

#[tokio::test]
async fn a_send_that_is_denied_says_so_of_each_letter() {
    let (client, endpoint, _) = sqs().await;
    let queue = SqsSourceQueue::of_url(client, format!("{endpoint}/denied"));
    let denied = "SendMessageBatch: access denied: which role is this?";
    assert_eq!(told(&queue.send(&[letter(0, "{}"), letter(1, "{}")]).await), [denied; 2]);
}

#[tokio::test]
async fn a_queue_says_how_many_it_has_and_how_long_it_keeps_them() {
    let (queue, _) = letters_of("letters").await;
    assert_eq!(queue.count().await.unwrap(), Count { visible: 12, hidden: 3 });
    assert_eq!(queue.retention().await.unwrap(), Duration::from_secs(14 * 24 * 3_600));
}

#[tokio::test]
async fn a_queue_is_found_by_its_name() {
    let (client, _, _) = sqs().await;
    assert_eq!(get_queue_url(&client, "orders-dlq").await.unwrap(), "https://sqs/orders-dlq");
    let error = get_queue_url(&client, "denied").await.unwrap_err();
    assert!(matches!(error, ReviewError::Denied("GetQueueUrl")), "{error}");
}

//! SQS's protocol, spoken to a server on the loopback interface.

use std::sync::{Arc, Mutex};

use aws::test_doubles::loopback_config;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use ingest::{EventSink, SqsSink};
use serde_json::{Value, json};

use crate::support::QUEUE_URL;

type Requests = Arc<Mutex<Vec<Value>>>;

async fn server(status: u16, answer: Value) -> (SqsSink, Requests) {
    let requests = Requests::default();
    let answer = move |State(requests): State<Requests>, body: String| async move {
        requests.lock().unwrap().push(serde_json::from_str(&body).unwrap());
        (StatusCode::from_u16(status).unwrap(), answer.to_string())
    };
    let app = Router::new().fallback(answer).with_state(Arc::clone(&requests));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (SqsSink::new(&loopback_config(&url).await), requests)
}

#[tokio::test]
async fn sends_the_body_as_it_is_and_without_attributes() {
    let (sink, requests) = server(200, json!({"MessageId": "m-1", "MD5OfMessageBody": "x"})).await;
    let body = "{\"a\":  \"ö\"}";
    assert_eq!(sink.send(QUEUE_URL, body.to_owned(), None).await.unwrap(), "m-1");
    assert_eq!(*requests.lock().unwrap(), [json!({"QueueUrl": QUEUE_URL, "MessageBody": body})]);
}

#[tokio::test]
async fn a_traced_request_goes_on_with_its_trace() {
    let (sink, requests) = server(200, json!({"MessageId": "m-1", "MD5OfMessageBody": "x"})).await;
    sink.send(QUEUE_URL, "{}".to_owned(), Some("Root=1-5759e988-bd86;Sampled=1")).await.unwrap();
    let attributes = requests.lock().unwrap()[0]["MessageSystemAttributes"].clone();
    let header = json!({"DataType": "String", "StringValue": "Root=1-5759e988-bd86;Sampled=1"});
    assert_eq!(attributes, json!({ "AWSTraceHeader": header }));
}

#[tokio::test]
async fn an_answer_that_names_no_message_is_no_acceptance() {
    let (sink, _) = server(200, json!({})).await;
    assert!(sink.send(QUEUE_URL, "{}".to_owned(), None).await.is_err());
}

#[tokio::test]
async fn a_server_error_is_retried_before_it_is_told() {
    let (sink, requests) = server(500, json!({"__type": "InternalError", "message": "broken"})).await;
    assert!(sink.send(QUEUE_URL, "{}".to_owned(), None).await.is_err());
    assert_eq!(requests.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_refusal_is_told_by_its_name_and_shows_no_body() {
    let answer = json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"});
    let (sink, requests) = server(400, answer).await;
    let error = sink.send(QUEUE_URL, r#"{"email":"ann@example.com"}"#.to_owned(), None).await.unwrap_err();
    assert!(error.reason.contains("QueueDoesNotExist"), "{error}");
    assert!(!format!("{error:?}").contains("ann@"));
    assert_eq!(requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_queue_that_cannot_be_reached_is_an_error() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sink = SqsSink::new(&loopback_config(&format!("http://{closed}")).await);
    assert!(sink.send(QUEUE_URL, "{}".to_owned(), None).await.is_err());
}

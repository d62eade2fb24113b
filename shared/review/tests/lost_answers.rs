//! The table where answers are lost, left out or denied.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use aws::test_doubles::loopback_config;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use axum::Router;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use review::audit::{Action, Class, Record, broken};
use review::aws::DynamoDbRecords;
use review::{Edit, Letter, Records, ReviewError};
use serde_json::{Value, json};
use tokio::net::TcpListener;

fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

fn day() -> Date {
    Date::constant(2026, 11, 24)
}

fn record(why: &str) -> Record {
    Record {
        at: now(),
        by: "arn:aws:iam::123456789012:user/ann".to_owned(),
        action: Action::Redrive,
        flow: "orders-to-inventory".to_owned(),
        why: why.to_owned(),
        plan: None,
        group: None,
        note: None,
        letters: Vec::new(),
    }
}

/// Breaks off the first transactions: on their way there, or on the way back.
#[derive(Clone, Debug)]
struct Line {
    there: Arc<AtomicU32>,
    back: Arc<AtomicU32>,
    sent: Arc<AtomicU32>,
    /// Whether what was sent last is a transaction.
    is_transaction: Arc<AtomicBool>,
}

impl Line {
    fn breaking(there: u32, back: u32) -> Self {
        let count = |count| Arc::new(AtomicU32::new(count));
        Self { there: count(there), back: count(back), sent: count(0), is_transaction: Arc::default() }
    }

    fn cut(left: &AtomicU32) -> Result<(), BoxError> {
        match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Err("the line is cut".into()),
            Err(_) => Ok(()),
        }
    }
}

impl Intercept for Line {
    fn name(&self) -> &'static str {
        "line"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target");
        let is_transaction = target.is_some_and(|target| target.ends_with(".TransactWriteItems"));
        self.is_transaction.store(is_transaction, Ordering::SeqCst);
        if !is_transaction {
            return Ok(());
        }
        self.sent.fetch_add(1, Ordering::SeqCst);
        Self::cut(&self.there)
    }

    fn read_after_transmit(
        &self,
        _: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.is_transaction.load(Ordering::SeqCst) { Self::cut(&self.back) } else { Ok(()) }
    }
}

/// A store behind such a line, and one that sees the same table.
async fn behind(line: &Line) -> (DynamoDbRecords, DynamoDbRecords) {
    let client = testkit::dynamodb::dynoxide().await;
    let table = testkit::dynamodb::ledger_table(&client).await;
    let config = client.config().to_builder().interceptor(line.clone()).build();
    (DynamoDbRecords::new(Client::from_conf(config), &table), DynamoDbRecords::new(client, table))
}

/// Why each record of the day says that it was written.
async fn written(store: &DynamoDbRecords) -> Vec<String> {
    let entries = store.entries(Class::Move, day()).await.unwrap();
    let last = store.last(Class::Move, day()).await.unwrap();
    let last = last.as_ref().map(|(number, digest)| (*number, digest.as_str()));
    assert_eq!(broken(&entries, last), Vec::<String>::new());
    entries.iter().map(|entry| entry.record().unwrap().why).collect()
}

#[tokio::test]
async fn a_record_whose_answer_was_lost_is_found_and_not_written_twice() {
    let line = Line::breaking(0, 1);
    let (store, other) = behind(&line).await;
    other.append(&record("before")).await.unwrap();
    store.append(&record("lost")).await.unwrap();
    store.append(&record("after")).await.unwrap();
    assert_eq!(written(&other).await, ["before", "lost", "after"]);
    assert_eq!(line.sent.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_record_that_never_arrived_is_written_again() {
    let (store, other) = behind(&Line::breaking(2, 0)).await;
    store.append(&record("late")).await.unwrap();
    assert_eq!(written(&other).await, ["late"]);
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_not_asked_for_ever() {
    let line = Line::breaking(u32::MAX, 0);
    let (store, other) = behind(&line).await;
    let error = store.append(&record("never")).await.unwrap_err();
    assert!(matches!(error, ReviewError::Unavailable { operation: "TransactWriteItems", .. }), "{error}");
    assert_eq!(written(&other).await, Vec::<String>::new());
    assert_eq!(line.sent.load(Ordering::SeqCst), 3);
}

async fn scripted(answer: fn(&str, &Value) -> Response) -> DynamoDbRecords {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(move |headers: HeaderMap, body: String| async move {
        let operation = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
        answer(&operation, &serde_json::from_str(&body).unwrap())
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    DynamoDbRecords::new(Client::new(&loopback_config(&endpoint).await), "ledger")
}

fn error(code: &str) -> Response {
    let error = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "no" });
    (StatusCode::BAD_REQUEST, error.to_string()).into_response()
}

fn edit(id: &str) -> Edit {
    let letter = Letter {
        id: id.to_owned(),
        receipt: String::new(),
        body: "{}".to_owned(),
        attributes: Default::default(),
        sent_at: now(),
        receive_count: 1,
        trace_header: None,
        group_id: None,
    };
    Edit::of(&letter, "orders", "[1]", "ann", "the sku was wrong", now())
}

#[tokio::test]
async fn what_the_role_does_not_permit_is_told_by_its_operation() {
    let store = scripted(|operation, _| match operation {
        "BatchGetItem" => json!({ "Responses": {}, "UnprocessedKeys": {} }).to_string().into_response(),
        _ => error("AccessDeniedException"),
    })
    .await;
    let told = [
        store.append(&record("mended")).await.unwrap_err(),
        store.last(Class::Move, day()).await.unwrap_err(),
        store.put_edit(&edit("m-1"), None).await.unwrap_err(),
    ];
    let operations = told.map(|error| match error {
        ReviewError::Denied(operation) => operation.to_owned(),
        other => other.to_string(),
    });
    assert_eq!(operations, ["TransactWriteItems", "GetItem", "PutItem"]);
}

#[tokio::test]
async fn credentials_that_have_run_out_are_told_with_what_to_do() {
    for (code, answer) in [
        ("ExpiredTokenException", (|_, _| error("ExpiredTokenException")) as fn(&str, &Value) -> Response),
        ("UnrecognizedClientException", |_, _| error("UnrecognizedClientException")),
        ("InvalidSignatureException", |_, _| error("InvalidSignatureException")),
    ] {
        let store = scripted(answer).await;
        let told = store.append(&record("mended")).await.unwrap_err();
        assert!(matches!(told, ReviewError::Credentials("BatchGetItem")), "{code}: {told}");
        assert!(told.to_string().ends_with("renew them and start the command again"), "{told}");
        let told = store.put_edit(&edit("m-1"), None).await.unwrap_err();
        assert!(matches!(told, ReviewError::Credentials("PutItem")), "{code}: {told}");
    }
}

#[tokio::test]
async fn others_who_are_always_faster_leave_nothing_written() {
    let store = scripted(|operation, _| match operation {
        "BatchGetItem" => json!({ "Responses": {}, "UnprocessedKeys": {} }).to_string().into_response(),
        _ => error("TransactionCanceledException"),
    })
    .await;
    let error = store.append(&record("mended")).await.unwrap_err();
    assert!(matches!(error, ReviewError::Busy), "{error}");
}

#[tokio::test]
async fn an_edit_that_is_there_already_is_ours_if_it_is_the_same() {
    let store = scripted(|operation, _| match operation {
        "GetItem" => {
            let there = serde_json::to_string(&edit("m-1")).unwrap();
            json!({ "Item": { "pk": { "S": "edit:m-1" }, "edit": { "S": there } } })
                .to_string()
                .into_response()
        }
        _ => error("ConditionalCheckFailedException"),
    })
    .await;
    let ours = edit("m-1");
    let later = Edit { by: "bob".to_owned(), ..edit("m-1") };
    assert!(store.put_edit(&ours, None).await.unwrap());
    assert!(!store.put_edit(&later, None).await.unwrap());
}

/// Reads one key of those that it is asked for.
fn one_at_a_time(_: &str, body: &Value) -> Response {
    let keys = body["RequestItems"]["ledger"]["Keys"].as_array().unwrap();
    let id = keys[0]["pk"]["S"].as_str().unwrap();
    let edit = serde_json::to_string(&edit(id.trim_start_matches("edit:"))).unwrap();
    let item = json!({ "pk": { "S": id }, "edit": { "S": edit } });
    let left = &keys[1..];
    let left = if left.is_empty() { json!({}) } else { json!({ "ledger": { "Keys": left } }) };
    json!({ "Responses": { "ledger": [item] }, "UnprocessedKeys": left }).to_string().into_response()
}

#[tokio::test]
async fn keys_that_an_answer_leaves_out_are_asked_for_again() {
    let store = scripted(one_at_a_time).await;
    let ids: Vec<_> = (0..9).map(|number| format!("m-{number}")).collect();
    let found = store.edits(&ids).await.unwrap();
    assert_eq!(found.len(), 9);
    assert!(found.iter().all(|(id, found)| *found == edit(id)));
}

#[tokio::test]
async fn keys_that_are_never_read_are_not_asked_for_for_ever() {
    let store = scripted(|_, body| {
        json!({ "Responses": {}, "UnprocessedKeys": body["RequestItems"] }).to_string().into_response()
    })
    .await;
    let error = store.edits(&["m-1".to_owned()]).await.unwrap_err();
    assert_eq!(error.to_string(), "BatchGetItem: some keys were not read");
}

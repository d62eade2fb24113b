use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dynoxide::Database;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the functions call: DynamoDB on dynoxide, SQS and Secrets Manager that accept everything, and a target that
/// answers each order. Counts what comes in.
pub(crate) struct Aws {
    endpoint: String,
    counts: Arc<Counts>,
    client: reqwest::Client,
}

#[derive(Default)]
struct Counts {
    dynamodb: AtomicUsize,
    sqs: AtomicUsize,
    target: AtomicUsize,
}

/// Requests so far.
#[derive(Clone, Copy)]
pub(crate) struct Requests {
    pub(crate) dynamodb: usize,
    pub(crate) sqs: usize,
    pub(crate) target: usize,
}

#[derive(Clone)]
struct Shared {
    counts: Arc<Counts>,
    engine: String,
    client: reqwest::Client,
}

impl Aws {
    pub(crate) async fn start() -> Result<Self> {
        let engine = TcpListener::bind("127.0.0.1:0").await?;
        let engine_url = format!("http://{}", engine.local_addr()?);
        tokio::spawn(dynoxide::server::serve_on(engine, Database::memory()?));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let (counts, client) = (Arc::<Counts>::default(), local::http_client());
        let shared = Shared { counts: Arc::clone(&counts), engine: engine_url, client: client.clone() };
        let app = Router::new().fallback(serve).with_state(shared);
        tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Ok(Self { endpoint, counts, client })
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn requests(&self) -> Requests {
        let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        Requests {
            dynamodb: count(&self.counts.dynamodb),
            sqs: count(&self.counts.sqs),
            target: count(&self.counts.target),
        }
    }

    /// A table with this partition key, and nothing in it.
    pub(crate) async fn create_table(&self, name: &str, key: &str) -> Result<()> {
        let body = json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": key, "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }],
        });
        let request = self
            .client
            .post(&self.endpoint)
            .header("x-amz-target", "DynamoDB_20120810.CreateTable")
            .header("content-type", "application/x-amz-json-1.0")
            .body(body.to_string());
        request.send().await?.error_for_status()?;
        Ok(())
    }
}

async fn serve(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let called = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let count = |count: &AtomicUsize| count.fetch_add(1, Ordering::Relaxed);
    match called.split('.').next() {
        Some("DynamoDB_20120810") => {
            count(&shared.counts.dynamodb);
            forward(&shared, called, body).await.unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
        }
        Some("AmazonSQS") => {
            count(&shared.counts.sqs);
            let entries: Value = serde_json::from_slice(&body).unwrap_or_default();
            json_answer(&json!({ "Successful": entries["Entries"], "Failed": [] }))
        }
        Some("secretsmanager") => {
            json_answer(&json!({ "SecretString": "bench", "ARN": "arn", "Name": "bench" }))
        }
        _ => {
            count(&shared.counts.target);
            json_answer(&json!({ "id": 7, "state": "draft" }))
        }
    }
}

async fn forward(shared: &Shared, called: &str, body: Bytes) -> reqwest::Result<Response> {
    let request = shared
        .client
        .post(&shared.engine)
        .header("x-amz-target", called)
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
        .header("x-amz-date", "20260101T000000Z")
        .body(body);
    let answer = request.send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    Ok((status, [("content-type", "application/x-amz-json-1.0")], body).into_response())
}

fn json_answer(value: &Value) -> Response {
    ([("content-type", "application/x-amz-json-1.0")], value.to_string()).into_response()
}

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};

/// Lambda's Runtime API, for one function at a time.
pub(crate) struct RuntimeApi {
    address: String,
    events: mpsc::UnboundedSender<(String, String)>,
    shared: Arc<Shared>,
}

struct Shared {
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<(String, String)>>,
    answers: Mutex<HashMap<String, oneshot::Sender<Result<Value, String>>>>,
    first_poll: Mutex<Option<Instant>>,
    polled: Notify,
    invocations: AtomicU64,
}

/// As the functions are configured in template.yaml.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The 2018 version of the Runtime API is the only one.
const INVOCATION: &str = "/2018-06-01/runtime/invocation";

impl RuntimeApi {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (events, waiting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            waiting: tokio::sync::Mutex::new(waiting),
            answers: Mutex::default(),
            first_poll: Mutex::default(),
            polled: Notify::new(),
            invocations: AtomicU64::new(0),
        });
        let app = Router::new()
            .route(&format!("{INVOCATION}/next"), get(next))
            .route(&format!("{INVOCATION}/{{id}}/response"), post(response))
            .route(&format!("{INVOCATION}/{{id}}/error"), post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Ok(Self { address, events, shared })
    }

    /// `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// When the function has asked for its first event.
    pub(crate) async fn first_poll(&self) -> Result<Instant> {
        let waited = tokio::time::timeout(TIMEOUT, async {
            loop {
                let polled = self.shared.polled.notified();
                if let Some(at) = *lock(&self.shared.first_poll) {
                    return at;
                }
                polled.await;
            }
        });
        waited.await.context("the function did not ask for an event")
    }

    pub(crate) async fn invoke(&self, event: String) -> Result<Value> {
        let id = format!("bench-{}", self.shared.invocations.fetch_add(1, Ordering::Relaxed));
        let (answer, answered) = oneshot::channel();
        lock(&self.shared.answers).insert(id.clone(), answer);
        self.events.send((id, event)).context("the Runtime API has ended")?;
        match tokio::time::timeout(TIMEOUT, answered).await.context("the function did not answer")?? {
            Ok(value) => Ok(value),
            Err(error) => bail!("the function failed: {error}"),
        }
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    lock(&shared.first_poll).get_or_insert_with(Instant::now);
    shared.polled.notify_waiters();
    let Some((id, event)) = shared.waiting.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let deadline_ms = (now + TIMEOUT).as_millis().to_string();
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline_ms),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:bench".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, event).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    answer(&shared, &id, Ok(serde_json::from_slice(&body).unwrap_or_default()))
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    answer(&shared, &id, Err(String::from_utf8_lossy(&body).into_owned()))
}

async fn init_error(body: Bytes) -> Json<Value> {
    local::say(format!("a function did not start: {}", String::from_utf8_lossy(&body)));
    Json(json!({ "status": "OK" }))
}

fn answer(shared: &Shared, id: &str, answer: Result<Value, String>) -> StatusCode {
    if let Some(waiting) = lock(&shared.answers).remove(id) {
        // Whoever has waited may have given up.
        drop(waiting.send(answer));
    }
    StatusCode::ACCEPTED
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

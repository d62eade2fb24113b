//! Stands between a real source and ingest: keeps each webhook as it came, so that it can come again, later, or in another order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::signature;
use super::until;

/// A webhook as it came.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub headers: HeaderMap,
    pub body: String,
    /// What it was answered where it was handed on to; `None` where it was only kept.
    pub status: Option<u16>,
}

impl Delivery {
    /// Of an event that nobody has sent yet: signed before it is posted.
    pub fn of(event: &Value) -> Result<Self> {
        let headers = [(CONTENT_TYPE, "application/json".parse()?)].into_iter().collect();
        Ok(Self { headers, body: event.to_string(), status: None })
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The same bytes under the same headers; answers with the HTTP status.
    pub async fn post(&self, url: &str) -> Result<u16> {
        let mut headers = self.headers.clone();
        for of_the_connection in [HOST, CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING] {
            headers.remove(of_the_connection);
        }
        let request = crate::http::client().post(url).headers(headers).body(self.body.clone());
        Ok(request.send().await.context("posting a webhook")?.status().as_u16())
    }

    /// As whoever has the secret would send it now under this id, by Standard Webhooks.
    pub fn signed_anew(&self, secret: &str, id: &str) -> Result<Self> {
        let now = jiff::Timestamp::now().as_second();
        let signature = signature::standard_webhook(secret, id, now, &self.body)?;
        let id = self.with("webhook-id", id)?;
        id.with("webhook-timestamp", &now.to_string())?.with("webhook-signature", &signature)
    }

    /// As whoever has the secret would send it now, with a signature of Stripe's form in this header.
    pub fn timed_anew(&self, header: &'static str, secret: &str) -> Result<Self> {
        let now = jiff::Timestamp::now().as_second();
        self.with(header, &signature::timed(secret, now, &self.body)?)
    }

    fn with(&self, name: &'static str, value: &str) -> Result<Self> {
        let mut changed = self.clone();
        changed.headers.insert(HeaderName::from_static(name), value.parse()?);
        Ok(changed)
    }
}

/// Takes whatever is posted to its address, and hands it on if it knows where to. Ends with this value.
pub struct Relay {
    pub url: String,
    way: Arc<Way>,
    server: JoinHandle<()>,
}

struct Way {
    to: Option<String>,
    kept: Mutex<Vec<Delivery>>,
    holds: AtomicBool,
    loses_first_answers: AtomicBool,
}

impl Way {
    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Delivery>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Relay {
    pub async fn start(to: Option<String>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let way = Way { to, kept: Mutex::default(), holds: false.into(), loses_first_answers: false.into() };
        let way = Arc::new(way);
        let router = Router::new().fallback(take).with_state(Arc::clone(&way));
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { url, way, server })
    }

    /// Whether what comes is only kept. The source is told that it was taken.
    pub fn hold(&self, holds: bool) {
        self.way.holds.store(holds, Ordering::Relaxed);
    }

    /// The answer to the first delivery of each Standard Webhook is lost from now on, so that its source has to send it again.
    pub fn lose_first_answers(&self) {
        self.way.loses_first_answers.store(true, Ordering::Relaxed);
    }

    /// Oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.way.kept().clone()
    }

    /// Waits for the first webhook whose body fits.
    pub async fn delivery(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Delivery> {
        until(what, async || Ok(self.way.kept().iter().find(|it| fits(&it.json())).cloned())).await
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(State(way): State<Arc<Way>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let body = String::from_utf8_lossy(&body).into_owned();
    let mut delivery = Delivery { headers, body, status: None };
    if let Some(url) = way.to.as_ref().filter(|_| !way.holds.load(Ordering::Relaxed)) {
        // Who cannot be reached is as good as a server that fails.
        delivery.status = Some(delivery.post(url).await.unwrap_or(502));
    }
    let status = delivery.status.and_then(|status| StatusCode::from_u16(status).ok());
    let id = delivery.header("webhook-id").to_owned();
    let mut kept = way.kept();
    let is_first = kept.iter().all(|earlier| earlier.header("webhook-id") != id);
    kept.push(delivery);
    let is_lost = is_first && way.loses_first_answers.load(Ordering::Relaxed);
    if is_lost { StatusCode::SERVICE_UNAVAILABLE } else { status.unwrap_or(StatusCode::ACCEPTED) }
}

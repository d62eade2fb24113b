//! Stands between a shop and whoever its webhooks are for.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;

/// A Standard Webhook as it came.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: String,
    /// What it was answered where it was handed on to.
    pub status: StatusCode,
}

impl Delivery {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The same, as whoever has the secret would send it now.
    pub fn signed(self, secret: &str, id: &str, timestamp: &str) -> Self {
        let signature = signature(secret, id, timestamp, &self.body);
        Self { id: id.to_owned(), timestamp: timestamp.to_owned(), signature, ..self }
    }

    pub async fn post(&self, url: &str) -> StatusCode {
        let request = local::http_client()
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", &self.id)
            .header("webhook-timestamp", &self.timestamp)
            .header("webhook-signature", &self.signature)
            .body(self.body.clone());
        request.send().await.unwrap().status()
    }
}

/// The header's value, by Standard Webhooks 1.0.
pub fn signature(secret: &str, id: &str, timestamp: &str, body: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let signed = format!("{id}.{timestamp}.{body}");
    let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(signed);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Hands each delivery on, if it knows where to, and loses the answer to each webhook's first: the shop has to post it again.
pub struct Relay {
    pub url: String,
    kept: Arc<Mutex<Vec<Delivery>>>,
}

#[derive(Clone)]
struct Way {
    to: Option<String>,
    kept: Arc<Mutex<Vec<Delivery>>>,
}

impl Relay {
    pub async fn start(to: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let kept = Arc::default();
        let way = Way { to, kept: Arc::clone(&kept) };
        let router = Router::new().route("/hook", post(hand_on)).with_state(way);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, kept }
    }

    /// Oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.kept.lock().unwrap().clone()
    }
}

async fn hand_on(State(way): State<Way>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name| headers[name].to_str().unwrap().to_owned();
    let mut delivery = Delivery {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body: String::from_utf8(body.to_vec()).unwrap(),
        status: StatusCode::ACCEPTED,
    };
    if let Some(url) = &way.to {
        delivery.status = delivery.post(url).await;
    }
    let status = delivery.status;
    let mut kept = way.kept.lock().unwrap();
    let is_first = kept.iter().all(|earlier| earlier.id != delivery.id);
    kept.push(delivery);
    if is_first { StatusCode::SERVICE_UNAVAILABLE } else { status }
}

//! Where a real system's webhooks arrive in a test, and whether their signatures are good.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// One webhook as it came.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub headers: HeaderMap,
    pub body: String,
}

/// Takes everything that is posted to it.
pub struct Listener {
    pub url: String,
    received: Arc<Mutex<Vec<Delivery>>>,
}

type Received = Arc<Mutex<Vec<Delivery>>>;

impl Listener {
    pub async fn start() -> Self {
        let received = Received::default();
        let take = async |State(received): State<Received>, headers: HeaderMap, body: Bytes| {
            let body = String::from_utf8_lossy(&body).into_owned();
            received.lock().unwrap_or_else(PoisonError::into_inner).push(Delivery { headers, body });
        };
        let router = Router::new().fallback(take).with_state(Arc::clone(&received));
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/webhooks", socket.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(socket, router).await });
        Self { url, received }
    }

    /// Waits for the webhook whose body `fits`.
    pub async fn delivery(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Delivery {
        testkit::poll_until(what, Duration::from_secs(30), async || {
            let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
            received.iter().find(|delivery| fits(&delivery.json())).cloned()
        })
        .await
    }
}

impl Delivery {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Stripe's way: `t=…,v1=…`, hexadecimal, the whole secret as key.
    pub fn is_signed_as_stripes(&self, header: &str, secret: &str) -> bool {
        let Some((time, signature)) = self.header(header).split_once(",v1=") else { return false };
        let signed = format!("{}.{}", time.trim_start_matches("t="), self.body);
        let hex: String = hmac(secret.as_bytes(), &signed).iter().map(|byte| format!("{byte:02x}")).collect();
        hex == signature
    }

    /// As standardwebhooks.com says.
    pub fn is_signed_as_standard_webhook(&self, secret: &str) -> bool {
        let Ok(key) = STANDARD.decode(secret.trim_start_matches("whsec_")) else { return false };
        let signed =
            format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        self.header("webhook-signature") == format!("v1,{}", STANDARD.encode(hmac(&key, &signed)))
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    hmac.update(text.as_bytes());
    hmac.finalize().into_bytes().to_vec()
}

use aws::{ExposeSecret, SecretString};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::HeaderName;
use http::{HeaderValue, Method};
use jiff::Timestamp;
use message::{CANARY, Code};
use outbound::{CallError, Request};
use serde_json::{Value, json};
use sha2::Sha256;

/// A canary as it is posted: by Standard Webhooks, with the secret as it stands for a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CanaryPost {
    pub path: String,
    pub id: String,
    /// Whole seconds since 1970, as it is signed.
    pub timestamp: String,
    pub signature: String,
    pub body: Value,
}

/// `id` is of this canary alone.
pub fn signed(entry: &str, id: &str, now: Timestamp, secret: &SecretString) -> CanaryPost {
    let body = json!({ "type": entry, "timestamp": now.to_string(), "data": {} });
    let timestamp = now.as_second().to_string();
    // HMAC takes a key of any length.
    let signature =
        Hmac::<Sha256>::new_from_slice(secret.expose_secret().trim().as_bytes()).map(|mut mac| {
            mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        });
    let signature = format!("v1,{}", signature.unwrap_or_default());
    CanaryPost { path: format!("/webhooks/{CANARY}"), id: id.to_owned(), timestamp, signature, body }
}

impl CanaryPost {
    pub(crate) fn request(&self) -> Result<Request, CallError> {
        let header = |text: &str| {
            HeaderValue::from_str(text)
                .map_err(|_| CallError::NotNow { code: Code::ValueInvalid, after: None })
        };
        Request::new(Method::POST, &self.path)
            .header(HeaderName::from_static("webhook-id"), header(&self.id)?)
            .header(HeaderName::from_static("webhook-timestamp"), header(&self.timestamp)?)
            .header(HeaderName::from_static("webhook-signature"), header(&self.signature)?)
            .json(&self.body)
    }
}

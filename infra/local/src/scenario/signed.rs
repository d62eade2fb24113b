//! Webhooks as their sources sign and send them.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::stack::Stack;

/// A delivery, ready to be posted as often as it pleases.
#[derive(Clone, Debug)]
pub struct Webhook {
    source: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// What the API answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// The sources of a deployed stack, with the secrets that it knows them by.
pub struct Sources<'a> {
    stack: &'a Stack,
    api_url: String,
    client: reqwest::Client,
}

impl Webhook {
    pub(super) fn new(source: &'static str, headers: Vec<(&'static str, String)>, body: String) -> Self {
        Self { source, headers, body }
    }

    /// Says the same under a signature that was made of another body.
    #[must_use]
    pub fn forged(&self) -> Self {
        Self { body: format!("{} ", self.body), ..self.clone() }
    }

    pub(super) async fn send(&self, client: &reqwest::Client, url: &str) -> Result<Answer> {
        let mut request = client.post(url).header("content-type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.body(self.body.clone()).send().await.context("posting the webhook")?;
        let status = response.status().as_u16();
        let body = serde_json::from_str(&response.text().await?).unwrap_or_default();
        Ok(Answer { status, body })
    }
}

impl<'a> Sources<'a> {
    pub fn of(stack: &'a Stack) -> Result<Self> {
        Ok(Self { stack, api_url: stack.api_url()?, client: crate::http::client() })
    }

    pub async fn post(&self, webhook: &Webhook) -> Result<Answer> {
        webhook.send(&self.client, &format!("{}/webhooks/{}", self.api_url, webhook.source)).await
    }

    /// `Stripe-Signature`, as of now.
    pub fn stripe(&self, event: &Value) -> Result<Webhook> {
        timed("stripe", "stripe-signature", self.stack.stripe_webhook_secret(), event)
    }

    /// `X-BottleCRM-Signature`, as of now.
    pub fn bottlecrm(&self, event: &Value) -> Result<Webhook> {
        timed("bottlecrm", "x-bottlecrm-signature", &self.stack.crm_secrets().bottlecrm, event)
    }

    /// `X-HubSpot-Signature-v3`, over the address as API Gateway knows it.
    pub fn hubspot(&self, notifications: &Value) -> Result<Webhook> {
        let (body, time) = (notifications.to_string(), jiff::Timestamp::now().as_millisecond().to_string());
        let signed = format!("POST{}{body}{time}", self.stack.posted_to("hubspot")?);
        let signature = STANDARD.encode(mac(self.stack.crm_secrets().hubspot.as_bytes(), &signed)?);
        let headers = vec![("x-hubspot-request-timestamp", time), ("x-hubspot-signature-v3", signature)];
        Ok(Webhook::new("hubspot", headers, body))
    }

    /// `Authorization`: the signature alone.
    pub fn dbt_cloud(&self, event: &Value) -> Result<Webhook> {
        let body = event.to_string();
        let signature = hex(&mac(self.stack.webhook_secret().as_bytes(), &body)?);
        Ok(Webhook::new("dbt-cloud", vec![("authorization", signature)], body))
    }

    pub fn vendure(&self, id: &str, event: &Value) -> Result<Webhook> {
        standard("vendure", self.stack.vendure_secret(), id, event)
    }

    pub fn warehouse(&self, id: &str, event: &Value) -> Result<Webhook> {
        standard("warehouse", self.stack.warehouse_secret(), id, event)
    }
}

/// `t=<seconds>,v1=<hex>`.
fn timed(source: &'static str, header: &'static str, secret: &str, event: &Value) -> Result<Webhook> {
    let (body, time) = (event.to_string(), jiff::Timestamp::now().as_second());
    let signature = hex(&mac(secret.as_bytes(), &format!("{time}.{body}"))?);
    Ok(Webhook::new(source, vec![(header, format!("t={time},v1={signature}"))], body))
}

/// Standard Webhooks, as of now.
fn standard(source: &'static str, secret: &str, id: &str, event: &Value) -> Result<Webhook> {
    let (body, time) = (event.to_string(), jiff::Timestamp::now().as_second());
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).context("the webhook secret")?;
    let signature = STANDARD.encode(mac(&key, &format!("{id}.{time}.{body}"))?);
    let headers = vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", time.to_string()),
        ("webhook-signature", format!("v1,{signature}")),
    ];
    Ok(Webhook::new(source, headers, body))
}

pub(super) fn mac(key: &[u8], signed: &str) -> Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).context("the webhook secret")?;
    mac.update(signed.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_signature_is_what_others_make_of_the_same() {
        // printf '1.{}' | openssl dgst -sha256 -hmac secret
        let expected = "1122767b193110cfec322b6f199b599edbf608ed087f2d27afb0b97d99523908";
        assert_eq!(hex(&mac(b"secret", "1.{}").unwrap()), expected);
    }

    #[test]
    fn a_forged_webhook_is_the_same_but_for_its_body() {
        let signed = standard("vendure", "whsec_c2VjcmV0", "msg_1", &json!({"a": 1})).unwrap();
        let forged = signed.forged();
        assert_eq!((signed.headers, signed.source), (forged.headers, forged.source));
        assert_ne!(signed.body, forged.body);
        assert_eq!(serde_json::from_str::<Value>(&forged.body).unwrap(), json!({"a": 1}));
    }
}

use aws::{SecretSlice, SecretString};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{Claim, Delivery, Event, Scheme, Window, is_event_type, json_object, text_key};
use crate::Refusal;
use crate::headers::{HeaderProblem, is_identifier, single};

/// `X-Shopify-Hmac-Sha256`: base64 of the HMAC-SHA256 of the raw body under the app's client secret.
///
/// It covers the body alone and no time, so there is no window, and the headers are only as good as the connection
/// they came by: the shop's domain, which the order's key begins with, is one of them. Whoever has a signed body and can
/// post it under another shop's domain makes it another shop's order.
#[derive(Debug)]
pub(super) struct Shopify;

const SIGNATURE: &str = "x-shopify-hmac-sha256";
const TOPIC: &str = "x-shopify-topic";
const SHOP_DOMAIN: &str = "x-shopify-shop-domain";
const API_VERSION: &str = "x-shopify-api-version";
const WEBHOOK_ID: &str = "x-shopify-webhook-id";
const EVENT_ID: &str = "x-shopify-event-id";
const TRIGGERED_AT: &str = "x-shopify-triggered-at";

impl Scheme for Shopify {
    fn claim(&self, delivery: &Delivery<'_>, _: Window) -> Result<Claim, Refusal> {
        let signature = single(delivery.headers, SIGNATURE)
            .ok()
            .and_then(|text| STANDARD.decode(text).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(Refusal::SignatureInvalid(
                "X-Shopify-Hmac-Sha256 must be there once, as base64 of 32 bytes",
            ))?;
        Ok(Claim { signatures: vec![signature], ..Claim::default() })
    }

    fn key(&self, secret: &SecretString) -> Result<SecretSlice<u8>, &'static str> {
        text_key(secret)
    }

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(Event, &'a RawValue)>, Refusal> {
        let (payload, headers) = (json_object(delivery.body)?, delivery.headers);
        let topic = single(headers, TOPIC)
            .ok()
            .filter(|topic| is_event_type(topic))
            .ok_or(Refusal::RequestMalformed("X-Shopify-Topic must be there once, as a topic"))?;
        let shop = single(headers, SHOP_DOMAIN)
            .ok()
            .map(str::to_ascii_lowercase)
            .filter(|shop| is_domain(shop))
            .ok_or(Refusal::RequestMalformed("X-Shopify-Shop-Domain must be there once, as a domain"))?;
        let delivery_id = single(headers, WEBHOOK_ID)
            .ok()
            .filter(|id| is_identifier(id))
            .ok_or(Refusal::RequestMalformed("X-Shopify-Webhook-Id must be there once, as an identifier"))?;
        let time = single(headers, TRIGGERED_AT).ok().and_then(|time| time.parse::<Timestamp>().ok()).ok_or(
            Refusal::RequestMalformed("X-Shopify-Triggered-At must be there once, as an RFC 3339 time"),
        )?;
        // Without an event id each delivery is an event of its own.
        let id = optional(single(headers, EVENT_ID), is_identifier)
            .map_err(|()| Refusal::RequestMalformed("X-Shopify-Event-Id must be an identifier, once"))?
            .unwrap_or(delivery_id);
        // A delivery without a version is for the mapping to judge, which keeps it in the dead letter queue.
        let version = optional(single(headers, API_VERSION), is_version)
            .map_err(|()| Refusal::RequestMalformed("X-Shopify-API-Version must be a version, once"))?;
        let event = Event {
            route_key: topic.to_owned(),
            id: id.to_owned(),
            delivery_id: Some(delivery_id.to_owned()),
            source: format!("/shopify/{shop}"),
            event_type: format!("shopify.{topic}"),
            time,
            source_version: version.map(str::to_owned),
        };
        Ok(vec![(event, payload)])
    }
}

fn optional(header: Result<&str, HeaderProblem>, valid: impl Fn(&str) -> bool) -> Result<Option<&str>, ()> {
    match header {
        Err(HeaderProblem::Missing) => Ok(None),
        Ok(value) if valid(value) => Ok(Some(value)),
        Ok(_) | Err(_) => Err(()),
    }
}

/// RFC 1035, 2.3.4; in lower case.
fn is_domain(text: &str) -> bool {
    const MAX_BYTES: usize = 253;
    (1..=MAX_BYTES).contains(&text.len())
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
}

/// `2026-07`, `unstable`.
fn is_version(text: &str) -> bool {
    const MAX_BYTES: usize = 32;
    (1..=MAX_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

use aws::{SecretSlice, SecretString};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use super::payload::{Payload, routed};
use super::{Claim, Delivery, Event, Scheme, Window, is_event_type, text_key};
use crate::Refusal;
use crate::headers::{is_identifier, single};

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
        let (payload, headers) = (Payload::object(delivery.body)?, delivery.headers);
        let read = |name, valid: fn(&str) -> bool| single(headers, name).ok().filter(|text| valid(text));
        let topic = read(TOPIC, is_event_type).map(str::to_owned);
        let (route_key, event_type) = routed("shopify", topic, "@headers.X-Shopify-Topic");
        let shop = single(headers, SHOP_DOMAIN).ok().map(str::to_ascii_lowercase);
        let shop = shop.filter(|shop| is_domain(shop)).unwrap_or_default();
        let delivery_id = read(WEBHOOK_ID, is_identifier);
        // Without an event id each delivery is an event of its own.
        let id = read(EVENT_ID, is_identifier).or(delivery_id);
        let time = single(headers, TRIGGERED_AT).ok().and_then(|time| time.parse().ok());
        let event = Event {
            route_key,
            id: id.map_or_else(|| payload.digest_id(), str::to_owned),
            delivery_id: delivery_id.map(str::to_owned),
            source: format!("/shopify/{shop}"),
            event_type,
            time: time.unwrap_or(delivery.received_at),
            // A delivery without a version is for the mapping to judge, which keeps it in the dead letter queue.
            source_version: read(API_VERSION, is_version).map(str::to_owned),
        };
        Ok(vec![(event, payload.raw)])
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

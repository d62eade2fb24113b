use aws::{SecretSlice, SecretString};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use message::SourceEvent;
use serde_json::value::RawValue;

use super::{Claim, Delivery, Scheme, Window, object, text_key};
use crate::Refusal;
use crate::headers::single;

/// `X-Shopify-Hmac-Sha256`: base64 of the HMAC-SHA256 of the raw body under the app's client secret.
///
/// It covers the body alone and no time, so there is no window, and the headers are only as good as the connection
/// they came by: the shop's domain, which the order's key begins with, is one of them. Whoever has a signed body and can
/// post it under another shop's domain makes it another shop's order.
#[derive(Debug)]
pub(super) struct Shopify;

const SIGNATURE: &str = "x-shopify-hmac-sha256";

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

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(SourceEvent, &'a RawValue)>, Refusal> {
        let payload = object(delivery.body)?;
        let header = |name: &str| single(delivery.headers, name).ok().map(str::to_owned);
        let event = SourceEvent::of_shopify(&payload, header, delivery.received_at);
        Ok(vec![(event, payload.raw())])
    }
}

use aws::{ExposeSecret, SecretSlice, SecretString};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use message::{SourceEvent, is_identifier};
use serde_json::value::RawValue;

use super::{Claim, Delivery, Scheme, Window, object};
use crate::Refusal;
use crate::headers::single;

/// Standard Webhooks 1.0, symmetric: `v1,<base64>` of the HMAC-SHA256 of `id.timestamp.body`. Asymmetric signatures
/// (`v1a`) may stand beside and are passed over.
#[derive(Debug)]
pub(super) struct StandardWebhooks;

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
const SECRET_PREFIX: &str = "whsec_";
/// A sender that rotates its keys needs two; each costs a comparison.
const MAX_SIGNATURES: usize = 16;

const BAD_ID: Refusal =
    Refusal::SignatureInvalid("webhook-id must be there once, as an identifier without a full stop");
const BAD_TIMESTAMP: Refusal =
    Refusal::SignatureInvalid("webhook-timestamp must be there once, as whole seconds since 1970");
const BAD_SIGNATURE: Refusal = Refusal::SignatureInvalid(
    "webhook-signature must be there once, with 1 to 16 signatures, one of them v1",
);

impl Scheme for StandardWebhooks {
    fn claim(&self, delivery: &Delivery<'_>, window: Window) -> Result<Claim, Refusal> {
        let (timestamp, seconds) = timestamp(delivery)?;
        if !window.contains(seconds) {
            return Err(Refusal::TimestampOutsideWindow);
        }
        let id = id(delivery)?;
        let signatures = single(delivery.headers, SIGNATURE).map_err(|_| BAD_SIGNATURE)?;
        let signatures: Vec<_> = signatures.split(' ').filter(|part| !part.is_empty()).collect();
        if signatures.len() > MAX_SIGNATURES {
            return Err(BAD_SIGNATURE);
        }
        let signatures: Vec<_> = signatures
            .iter()
            .filter_map(|signature| signature.strip_prefix("v1,"))
            .filter_map(|signature| STANDARD.decode(signature).ok()?.try_into().ok())
            .collect();
        if signatures.is_empty() {
            return Err(BAD_SIGNATURE);
        }
        Ok(Claim { prefix: format!("{id}.{timestamp}.").into_bytes(), signatures, ..Claim::default() })
    }

    fn key(&self, secret: &SecretString) -> Result<SecretSlice<u8>, &'static str> {
        let encoded = secret
            .expose_secret()
            .trim()
            .strip_prefix(SECRET_PREFIX)
            .ok_or("it does not begin with whsec_")?;
        let key = STANDARD.decode(encoded).map_err(|_| "what follows whsec_ is not base64")?;
        if key.is_empty() { Err("nothing follows whsec_") } else { Ok(key.into()) }
    }

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(SourceEvent, &'a RawValue)>, Refusal> {
        let payload = object(delivery.body)?;
        let id = id(delivery)?;
        let (_, seconds) = timestamp(delivery)?;
        let attempted_at = Timestamp::from_second(seconds).map_err(|_| BAD_TIMESTAMP)?;
        let event = SourceEvent::of_standard_webhook(&payload, delivery.source_name, id, attempted_at);
        Ok(vec![(event, payload.raw())])
    }
}

/// A full stop would let the boundary between id, timestamp and body be moved under the same signature.
fn id<'a>(delivery: &Delivery<'a>) -> Result<&'a str, Refusal> {
    single(delivery.headers, ID).ok().filter(|id| is_identifier(id) && !id.contains('.')).ok_or(BAD_ID)
}

/// As it was signed, and as a number.
fn timestamp<'a>(delivery: &Delivery<'a>) -> Result<(&'a str, i64), Refusal> {
    let text = single(delivery.headers, TIMESTAMP).map_err(|_| BAD_TIMESTAMP)?;
    // Rust reads "+1" as well, which no sender writes.
    if text.starts_with('+') {
        return Err(BAD_TIMESTAMP);
    }
    Ok((text, text.parse().map_err(|_| BAD_TIMESTAMP)?))
}

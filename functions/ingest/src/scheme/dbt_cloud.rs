use aws::{SecretSlice, SecretString};
use message::SourceEvent;
use serde_json::value::RawValue;

use super::{Claim, Delivery, Scheme, Window, object, text_key, timed};
use crate::Refusal;
use crate::headers::single;

/// `Authorization`: hex of the HMAC-SHA256 of the raw body. No time is signed beside it, so there is no window; a replay
/// is an event that is known.
#[derive(Debug)]
pub(super) struct DbtCloud;

impl Scheme for DbtCloud {
    fn claim(&self, delivery: &Delivery<'_>, _: Window) -> Result<Claim, Refusal> {
        let signature = single(delivery.headers, "authorization").ok().and_then(timed::hex);
        let signature = signature
            .ok_or(Refusal::SignatureInvalid("Authorization must be there once, as hex of 32 bytes"))?;
        Ok(Claim { signatures: vec![signature], ..Claim::default() })
    }

    fn key(&self, secret: &SecretString) -> Result<SecretSlice<u8>, &'static str> {
        text_key(secret)
    }

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(SourceEvent, &'a RawValue)>, Refusal> {
        let payload = object(delivery.body)?;
        let (route_key, event_type) =
            SourceEvent::routed("dbt-cloud", payload.event_type("eventType"), "$.eventType");
        let account = payload.get("accountId").map(|id: u64| id.to_string());
        let event = SourceEvent {
            route_key,
            id: payload.identifier("eventId").unwrap_or_else(|| payload.digest_id()),
            delivery_id: None,
            source: format!("/dbt-cloud/{}", account.unwrap_or_default()),
            event_type,
            time: payload.get("timestamp").unwrap_or(delivery.received_at),
            source_version: None,
        };
        Ok(vec![(event, payload.raw())])
    }
}

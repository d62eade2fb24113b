use aws::{SecretSlice, SecretString};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Claim, Delivery, Event, Scheme, Window, is_event_type, json_object, text_key, timed};
use crate::Refusal;
use crate::headers::{is_identifier, single};

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

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(Event, &'a RawValue)>, Refusal> {
        let data = json_object(delivery.body)?;
        let wrong = Refusal::RequestMalformed(
            "$.eventId, $.eventType, $.accountId and $.timestamp must be an event's, each once",
        );
        let payload: Payload = serde_json::from_slice(delivery.body).map_err(|_| wrong)?;
        if !is_identifier(&payload.event_id) || !is_event_type(&payload.event_type) {
            return Err(wrong);
        }
        let event = Event {
            route_key: payload.event_type.clone(),
            id: payload.event_id,
            delivery_id: None,
            source: format!("/dbt-cloud/{}", payload.account_id),
            event_type: format!("dbt-cloud.{}", payload.event_type),
            time: payload.timestamp,
            source_version: None,
        };
        Ok(vec![(event, data)])
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    event_id: String,
    event_type: String,
    account_id: u64,
    timestamp: Timestamp,
}

use aws::{SecretSlice, SecretString};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Claim, Delivery, Event, Scheme, Window, is_event_type, text_key};
use crate::Refusal;
use crate::headers::{is_identifier, single};

/// `X-HubSpot-Signature-v3`: base64 of the HMAC-SHA256 of method, public address, body and time in milliseconds, one after
/// the other, under the app's client secret. The body is an array: of at most 100 notifications, as HubSpot sends them.
#[derive(Debug)]
pub(super) struct HubSpot;

const SIGNATURE: &str = "x-hubspot-signature-v3";
const TIMESTAMP: &str = "x-hubspot-request-timestamp";
/// Of one delivery: a few times what HubSpot sends.
const MAX_EVENTS: usize = 500;

impl Scheme for HubSpot {
    fn claim(&self, delivery: &Delivery<'_>, window: Window) -> Result<Claim, Refusal> {
        let timestamp = single(delivery.headers, TIMESTAMP).ok();
        let timestamp = timestamp.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let milliseconds: Option<i64> = timestamp.and_then(|text| text.parse().ok());
        let (Some(timestamp), Some(milliseconds)) = (timestamp, milliseconds) else {
            return Err(Refusal::SignatureInvalid(
                "X-HubSpot-Request-Timestamp must be there once, as milliseconds since 1970",
            ));
        };
        if !window.contains(milliseconds.div_euclid(1_000)) {
            return Err(Refusal::TimestampOutsideWindow);
        }
        let signature = single(delivery.headers, SIGNATURE).ok();
        let signature = signature.and_then(|text| STANDARD.decode(text).ok()?.try_into().ok()).ok_or(
            Refusal::SignatureInvalid("X-HubSpot-Signature-v3 must be there once, as base64 of 32 bytes"),
        )?;
        Ok(Claim {
            prefix: format!("{}{}", delivery.method, delivery.url).into_bytes(),
            suffix: timestamp.as_bytes().to_vec(),
            signatures: vec![signature],
        })
    }

    fn key(&self, secret: &SecretString) -> Result<SecretSlice<u8>, &'static str> {
        text_key(secret)
    }

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(Event, &'a RawValue)>, Refusal> {
        let wrong = Refusal::RequestMalformed("the body must be a JSON array of notifications");
        let payloads: Vec<&'a RawValue> = serde_json::from_slice(delivery.body).map_err(|_| wrong)?;
        if payloads.is_empty() {
            return Err(wrong);
        }
        if payloads.len() > MAX_EVENTS {
            return Err(Refusal::PayloadTooLarge);
        }
        payloads.into_iter().map(|payload| Ok((event(payload)?, payload))).collect()
    }
}

fn event(payload: &RawValue) -> Result<Event, Refusal> {
    let wrong = Refusal::RequestMalformed(
        "of each notification portalId, subscriptionId, subscriptionType, objectId and occurredAt must be readable",
    );
    let notification: Notification = serde_json::from_str(payload.get()).map_err(|_| wrong)?;
    let Notification { portal_id, subscription_id, subscription_type, object_id, occurred_at, property_name } =
        notification;
    let time = Timestamp::from_millisecond(occurred_at).map_err(|_| wrong)?;
    // HubSpot's eventId is not unique; these together are.
    let property = property_name.map(|name| format!("-{name}")).unwrap_or_default();
    let id = format!("{portal_id}-{subscription_id}-{object_id}-{occurred_at}{property}");
    if !is_event_type(&subscription_type) || !is_identifier(&id) {
        return Err(wrong);
    }
    Ok(Event {
        route_key: subscription_type.clone(),
        id,
        delivery_id: None,
        source: format!("/hubspot/{portal_id}"),
        event_type: format!("hubspot.{subscription_type}"),
        time,
        source_version: None,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    portal_id: u64,
    subscription_id: u64,
    subscription_type: String,
    object_id: u64,
    occurred_at: i64,
    #[serde(default)]
    property_name: Option<String>,
}

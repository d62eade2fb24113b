use aws::{SecretSlice, SecretString};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Claim, Delivery, Event, Scheme, Window, is_event_type, json_object, text_key, timed};
use crate::Refusal;
use crate::headers::is_identifier;

/// `Stripe-Signature`: `t=<seconds>,v1=<hex>`, the key being the endpoint's whole secret, `whsec_` and all.
#[derive(Debug)]
pub(super) struct Stripe;

const INVALID: &str =
    "Stripe-Signature must be there once, as t=<seconds> and 1 to 15 signatures, one of them v1";

impl Scheme for Stripe {
    fn claim(&self, delivery: &Delivery<'_>, window: Window) -> Result<Claim, Refusal> {
        timed::claim(delivery, window, "stripe-signature", INVALID)
    }

    fn key(&self, secret: &SecretString) -> Result<SecretSlice<u8>, &'static str> {
        text_key(secret)
    }

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(Event, &'a RawValue)>, Refusal> {
        let data = json_object(delivery.body)?;
        let wrong = Refusal::RequestMalformed("$.id, $.type and $.created must be an event's, each once");
        let payload: Payload = serde_json::from_slice(delivery.body).map_err(|_| wrong)?;
        let time = Timestamp::from_second(payload.created).map_err(|_| wrong)?;
        if !is_identifier(&payload.id) || !is_event_type(&payload.kind) {
            return Err(wrong);
        }
        // Events of a connected account name it; the platform's own do not.
        let account = payload.account.filter(|account| is_identifier(account) && !account.contains('/'));
        let event = Event {
            route_key: payload.kind.clone(),
            id: payload.id,
            delivery_id: None,
            source: format!("/stripe/{}", account.as_deref().unwrap_or(delivery.source_name)),
            event_type: format!("stripe.{}", payload.kind),
            time,
            source_version: payload.api_version.filter(|version| is_identifier(version)),
        };
        Ok(vec![(event, data)])
    }
}

#[derive(Deserialize)]
struct Payload {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    #[serde(default)]
    api_version: Option<String>,
    #[serde(default)]
    account: Option<String>,
}

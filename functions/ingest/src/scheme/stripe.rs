use aws::{SecretSlice, SecretString};
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::payload::{Payload, Unreadable, routed};
use super::{Claim, Delivery, Event, Scheme, Window, text_key, timed};
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
        let payload = Payload::object(delivery.body)?;
        let (route_key, event_type) = routed("stripe", payload.event_type("type"), "$.type");
        // Events of a connected account name it; the platform's own do not.
        let account = match payload.optional::<String>("account") {
            Ok(None) => delivery.source_name.to_owned(),
            Ok(Some(account)) if is_identifier(&account) && !account.contains('/') => account,
            Ok(Some(_)) | Err(Unreadable) => String::new(),
        };
        let created = payload.get("created").and_then(|seconds| Timestamp::from_second(seconds).ok());
        let event = Event {
            route_key,
            id: payload.identifier("id").unwrap_or_else(|| payload.digest_id()),
            delivery_id: None,
            source: format!("/stripe/{account}"),
            event_type,
            time: created.unwrap_or(delivery.received_at),
            source_version: payload.identifier("api_version"),
        };
        Ok(vec![(event, payload.raw)])
    }
}

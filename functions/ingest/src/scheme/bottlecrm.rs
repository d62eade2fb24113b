use aws::{SecretSlice, SecretString};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Claim, Delivery, Event, Scheme, Window, is_event_type, json_object, text_key, timed};
use crate::Refusal;
use crate::headers::{is_identifier, single};

/// `X-BottleCRM-Signature`: made as Stripe's is. Id and type are the body's, which is signed, not the headers'.
#[derive(Debug)]
pub(super) struct BottleCrm;

const INVALID: &str =
    "X-BottleCRM-Signature must be there once, as t=<seconds> and 1 to 15 signatures, one of them v1";

impl Scheme for BottleCrm {
    fn claim(&self, delivery: &Delivery<'_>, window: Window) -> Result<Claim, Refusal> {
        timed::claim(delivery, window, "x-bottlecrm-signature", INVALID)
    }

    fn key(&self, secret: &SecretString) -> Result<SecretSlice<u8>, &'static str> {
        text_key(secret)
    }

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(Event, &'a RawValue)>, Refusal> {
        let data = json_object(delivery.body)?;
        let wrong = Refusal::RequestMalformed(
            "$.id, $.event, $.org_id and $.created_at must be an event's, each once",
        );
        let payload: Payload = serde_json::from_slice(delivery.body).map_err(|_| wrong)?;
        if !is_identifier(&payload.id) || !is_identifier(&payload.org_id) || !is_event_type(&payload.event) {
            return Err(wrong);
        }
        let delivery_id =
            single(delivery.headers, "x-bottlecrm-delivery").ok().filter(|id| is_identifier(id));
        let event = Event {
            route_key: payload.event.clone(),
            id: payload.id,
            delivery_id: delivery_id.map(str::to_owned),
            source: format!("/bottlecrm/{}", payload.org_id),
            event_type: format!("bottlecrm.{}", payload.event),
            time: payload.created_at,
            source_version: None,
        };
        Ok(vec![(event, data)])
    }
}

#[derive(Deserialize)]
struct Payload {
    id: String,
    event: String,
    org_id: String,
    created_at: Timestamp,
}

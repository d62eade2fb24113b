use aws::{SecretSlice, SecretString};
use message::{SourceEvent, is_identifier};
use serde_json::value::RawValue;

use super::{Claim, Delivery, Scheme, Window, object, text_key, timed};
use crate::Refusal;
use crate::headers::single;

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

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(SourceEvent, &'a RawValue)>, Refusal> {
        let payload = object(delivery.body)?;
        let (route_key, event_type) =
            SourceEvent::routed("bottlecrm", payload.event_type("event"), "$.event");
        let delivery_id =
            single(delivery.headers, "x-bottlecrm-delivery").ok().filter(|id| is_identifier(id));
        let event = SourceEvent {
            route_key,
            id: payload.identifier("id").unwrap_or_else(|| payload.digest_id()),
            delivery_id: delivery_id.map(str::to_owned),
            source: format!("/bottlecrm/{}", payload.identifier("org_id").unwrap_or_default()),
            event_type,
            time: payload.get("created_at").unwrap_or(delivery.received_at),
            source_version: None,
        };
        Ok(vec![(event, payload.raw())])
    }
}

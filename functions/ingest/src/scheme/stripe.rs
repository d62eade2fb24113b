use aws::{SecretSlice, SecretString};
use message::SourceEvent;
use serde_json::value::RawValue;

use super::{Claim, Delivery, Scheme, Window, object, text_key, timed};
use crate::Refusal;

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

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(SourceEvent, &'a RawValue)>, Refusal> {
        let payload = object(delivery.body)?;
        let event = SourceEvent::of_stripe(&payload, delivery.source_name, delivery.received_at);
        Ok(vec![(event, payload.raw())])
    }
}

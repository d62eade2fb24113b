//! Sources that can be asked what happened, on any partner.

use std::time::Duration;

use connector_stripe::StripeEventSource;
use connector_vendure::VendureEventSource;
use jiff::Timestamp;
use local::Partner;
use local::sandbox::{API_KEY, Sandbox};
use message::Envelope;
use outbound::{CallError, EventSource, HttpTarget};
use serde_json::Value;

use crate::{budget, credential, target};

/// What the sources are called in `SOURCES`.
pub const STRIPE: &str = "stripe";
pub const VENDURE: &str = "vendure";

/// The processor of a sandbox.
pub fn processor(sandbox: &Sandbox) -> Partner {
    Partner { url: sandbox.stripe_url(), api_key: API_KEY.to_owned() }
}

/// The shop of a sandbox.
pub fn shop(sandbox: &Sandbox) -> Partner {
    Partner { url: sandbox.vendure_url(), api_key: Sandbox::vendure_secret() }
}

/// Of these types; of all where there are none.
pub fn stripe(partner: &Partner, timeout: Duration, types: &[&str]) -> StripeEventSource {
    stripe_over(target("stripe", &partner.url, timeout), partner, types)
}

pub fn stripe_over(target: HttpTarget, partner: &Partner, types: &[&str]) -> StripeEventSource {
    StripeEventSource::new(target, credential(&partner.api_key), STRIPE, types.iter().copied())
}

pub fn vendure(partner: &Partner, timeout: Duration) -> VendureEventSource {
    vendure_over(target("vendure", &partner.url, timeout), partner)
}

pub fn vendure_over(target: HttpTarget, partner: &Partner) -> VendureEventSource {
    VendureEventSource::new(target, credential(&partner.api_key), VENDURE)
}

/// Both ends in RFC 3339.
pub async fn asked(source: &dyn EventSource, from: &str, until: &str) -> Result<Vec<Envelope>, CallError> {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    source.events(time(from), time(until), &budget()).await
}

/// All that an envelope says, with its payload as it stands there.
pub fn told(envelope: &Envelope) -> (Value, String) {
    let mut told: Value = serde_json::from_str(&envelope.encode().unwrap()).unwrap();
    told["data"].take();
    (told, envelope.data.get().to_owned())
}

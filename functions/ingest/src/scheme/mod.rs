//! How sources sign what they post, and what their headers say about it. One file a scheme, one entry in [`SCHEMES`].

mod bottlecrm;
mod canary;
mod dbt_cloud;
mod hubspot;
mod shopify;
mod standard_webhooks;
mod stripe;
mod timed;

use std::fmt;

use aws::{ExposeSecret, SecretSlice, SecretString};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use message::{Payload, SourceEvent};
use serde_json::value::RawValue;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::Refusal;

/// Every scheme by the name that `SOURCES` uses.
pub const SCHEMES: &[(&str, &dyn Scheme)] = &[
    ("bottlecrm", &bottlecrm::BottleCrm),
    ("canary", &canary::Canary),
    ("dbt-cloud", &dbt_cloud::DbtCloud),
    ("hubspot", &hubspot::HubSpot),
    ("shopify", &shopify::Shopify),
    ("standard-webhooks", &standard_webhooks::StandardWebhooks),
    ("stripe", &stripe::Stripe),
];

pub fn by_name(name: &str) -> Option<&'static dyn Scheme> {
    SCHEMES.iter().find(|(known, _)| *known == name).map(|(_, scheme)| *scheme)
}

/// What was posted.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// The source's name in `SOURCES`.
    pub source_name: &'a str,
    pub method: &'a str,
    /// The public address that it was posted to, with its query.
    pub url: &'a str,
    pub headers: &'a HeaderMap,
    /// The raw bytes.
    pub body: &'a [u8],
    /// The time of an event that says none which can be read.
    pub received_at: Timestamp,
}

/// A source's way to sign its webhooks with HMAC-SHA256.
pub trait Scheme: Send + Sync + fmt::Debug {
    /// Reads what the delivery claims: no secret is needed, and nothing is believed yet. Until it is verified, every
    /// problem is one of authentication.
    fn claim(&self, delivery: &Delivery<'_>, window: Window) -> Result<Claim, Refusal>;

    /// The key in a secret. The error says what is wrong with the secret, without its value.
    fn key(&self, secret: &SecretString) -> Result<SecretSlice<u8>, &'static str>;

    /// What an authentic delivery says about its events, each with its payload. It refuses only what is no JSON of the
    /// source's outermost form.
    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(SourceEvent, &'a RawValue)>, Refusal>;
}

/// The time around now in which a signed timestamp counts.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub now: Timestamp,
    pub tolerance_seconds: u32,
}

impl Window {
    /// Both ends belong to it.
    pub fn contains(&self, unix_seconds: i64) -> bool {
        self.now.as_second().abs_diff(unix_seconds) <= u64::from(self.tolerance_seconds)
    }
}

/// What was signed beside the body, and the signatures that came along.
#[derive(Default)]
pub struct Claim {
    /// Signed before the body.
    pub prefix: Vec<u8>,
    /// Signed behind the body.
    pub suffix: Vec<u8>,
    pub signatures: Vec<[u8; SIGNATURE_BYTES]>,
}

pub const SIGNATURE_BYTES: usize = 32;

impl Claim {
    /// Whether one of the signatures was made with one of the keys, in a time that depends on their numbers alone.
    pub fn verifies(&self, body: &[u8], keys: &[SecretSlice<u8>]) -> bool {
        let mut found = Choice::from(0);
        for key in keys {
            let key = key.expose_secret();
            // HMAC itself would take an empty key, which anybody has.
            let Some(mut mac) = (!key.is_empty()).then(|| Hmac::<Sha256>::new_from_slice(key).ok()).flatten()
            else {
                continue;
            };
            mac.update(&self.prefix);
            mac.update(body);
            mac.update(&self.suffix);
            let expected: [u8; SIGNATURE_BYTES] = mac.finalize().into_bytes().into();
            for signature in &self.signatures {
                found |= expected.ct_eq(signature);
            }
        }
        found.into()
    }
}

/// A secret that is used as it stands; white space at its ends was pasted with it.
fn text_key(secret: &SecretString) -> Result<SecretSlice<u8>, &'static str> {
    let key = secret.expose_secret().trim();
    if key.is_empty() { Err("it is empty") } else { Ok(key.as_bytes().to_vec().into()) }
}

/// The payload of a delivery of one event.
fn object<'a>(body: &'a [u8]) -> Result<Payload<'a>, Refusal> {
    let malformed = Refusal::RequestMalformed("the body must be a JSON object in UTF-8");
    let raw: &RawValue = serde_json::from_slice(body).map_err(|_| malformed)?;
    if raw.get().starts_with('{') { Ok(Payload::of(raw)) } else { Err(malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(now: i64) -> Window {
        Window { now: Timestamp::from_second(now).unwrap(), tolerance_seconds: 300 }
    }

    #[test]
    fn both_ends_of_the_window_count_and_nothing_beyond() {
        let now = 1_614_265_330;
        for (offset, inside) in [(0, true), (300, true), (-300, true), (301, false), (-301, false)] {
            assert_eq!(window(now).contains(now + offset), inside, "{offset}");
        }
    }

    #[test]
    fn the_ends_of_i64_do_not_overflow() {
        for now in [0, Timestamp::MIN.as_second(), Timestamp::MAX.as_second()] {
            for end in [i64::MIN, i64::MAX] {
                assert!(!window(now).contains(end));
            }
        }
    }

    #[test]
    fn an_empty_key_verifies_nothing() {
        let body = b"{}";
        let mac = Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(body).finalize();
        let claim = Claim { signatures: vec![mac.into_bytes().into()], ..Claim::default() };
        assert!(!claim.verifies(body, &[SecretSlice::from(Vec::new())]));
    }

    #[test]
    fn no_key_and_no_signature_verify_nothing() {
        let claim = Claim::default();
        assert!(!claim.verifies(b"{}", &[SecretSlice::from(b"key".to_vec())]));
        let claim = Claim { signatures: vec![[0; SIGNATURE_BYTES]], ..Claim::default() };
        assert!(!claim.verifies(b"{}", &[]));
    }

    #[test]
    fn every_scheme_is_found_by_its_name() {
        for (name, _) in SCHEMES {
            assert!(by_name(name).is_some());
        }
        assert!(by_name("none").is_none());
    }
}

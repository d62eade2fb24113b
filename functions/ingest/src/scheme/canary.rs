use aws::{SecretSlice, SecretString};
use message::SourceEvent;
use serde_json::value::RawValue;

use super::standard_webhooks::StandardWebhooks;
use super::{Claim, Delivery, Scheme, Window, text_key};
use crate::Refusal;

/// The watchdog's: Standard Webhooks, but for the key, which is the secret as CloudFormation makes it: nobody has to set one.
#[derive(Debug)]
pub(super) struct Canary;

impl Scheme for Canary {
    fn claim(&self, delivery: &Delivery<'_>, window: Window) -> Result<Claim, Refusal> {
        StandardWebhooks.claim(delivery, window)
    }

    fn key(&self, secret: &SecretString) -> Result<SecretSlice<u8>, &'static str> {
        text_key(secret)
    }

    fn events<'a>(&self, delivery: &Delivery<'a>) -> Result<Vec<(SourceEvent, &'a RawValue)>, Refusal> {
        StandardWebhooks.events(delivery)
    }
}

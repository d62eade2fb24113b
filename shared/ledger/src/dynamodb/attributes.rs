use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::item::{Item, Status, parse_effect};
use crate::store::LedgerError;

pub(super) type Attributes = HashMap<String, AttributeValue>;

pub(super) fn read(attributes: &Attributes) -> Result<Item, LedgerError> {
    let status = Status::parse(&string(attributes, "status")?)?;
    let applied_version = integer(attributes, "applied_version")?;
    Ok(Item {
        status,
        owner: string(attributes, "owner")?,
        epoch: integer(attributes, "epoch")?,
        lease_until_ms: integer(attributes, "lease_until")?,
        fingerprint: string(attributes, "fingerprint")?,
        version: integer(attributes, "version")?,
        applied_version,
        effect: parse_effect(&string(attributes, "effect")?, "effect")?,
        prior_effect: parse_effect(&string(attributes, "prior_effect")?, "prior_effect")?,
        attempts: integer(attributes, "attempts")?,
        first_claimed_ms: integer(attributes, "first_claimed")?,
        unknown_since_ms: match attributes.get("unknown_since") {
            None => None,
            Some(_) => Some(integer(attributes, "unknown_since")?),
        },
        message_id: string(attributes, "message_id")?,
        correlation_id: string(attributes, "correlation_id")?,
        mapping: string(attributes, "mapping")?,
        // Items of before there was one have none.
        target_mapping: text_or_empty(attributes, "target_mapping")?,
        progress: text_or_empty(attributes, "progress")?,
        outcome: if status == Status::Done || attributes.contains_key("outcome") {
            string(attributes, "outcome")?
        } else {
            String::new()
        },
        code: if status == Status::Rejected { string(attributes, "code")? } else { String::new() },
        expires_at_s: integer(attributes, "expires_at")?,
    })
}

pub(super) fn string(attributes: &Attributes, attribute: &'static str) -> Result<String, LedgerError> {
    match attributes.get(attribute) {
        Some(AttributeValue::S(value)) => Ok(value.clone()),
        _ => Err(LedgerError::Corrupt { attribute }),
    }
}

/// Of an attribute that not each item has.
pub(super) fn text_or_empty(attributes: &Attributes, attribute: &'static str) -> Result<String, LedgerError> {
    if attributes.contains_key(attribute) { string(attributes, attribute) } else { Ok(String::new()) }
}

pub(super) fn integer<T: std::str::FromStr>(
    attributes: &Attributes,
    attribute: &'static str,
) -> Result<T, LedgerError> {
    match attributes.get(attribute) {
        Some(AttributeValue::N(value)) => value.parse().map_err(|_| LedgerError::Corrupt { attribute }),
        _ => Err(LedgerError::Corrupt { attribute }),
    }
}

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

//! What a message carries of its own, told apart from what we have put on it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::dead_letter::attribute_names;
use crate::held::HELD;
use crate::{Attribute, Attributes};

/// Foreign attributes beyond this are left out, each whole.
const MOST_FOLDED_BYTES: usize = 16_384;

/// How often a message failed and when, as a dead letter says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Failures {
    pub(crate) attempts: u32,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

impl Failures {
    pub(crate) fn told(self) -> String {
        format!("attempts={} first={} last={}", self.attempts, self.first.min(self.last), self.last)
    }

    /// `None`: these are not the attributes of a dead letter of ours.
    pub(crate) fn of(attributes: &Attributes) -> Option<Self> {
        let told = Told(attributes.get(attribute_names::FAILURES)?.text()?);
        Some(Self { attempts: told.get("attempts")?, first: told.get("first")?, last: told.get("last")? })
    }
}

/// `name=value` with blanks in between.
pub(crate) struct Told<'t>(pub(crate) &'t str);

impl Told<'_> {
    pub(crate) fn get<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        let values = self.0.split(' ').filter_map(|part| part.split_once('='));
        values.into_iter().find(|(named, _)| *named == name)?.1.parse().ok()
    }
}

/// The attributes that the message came with: a letter's own, and where a held message came from, are told anew each time.
pub(crate) fn own(attributes: &Attributes) -> impl Iterator<Item = (&String, &Attribute)> {
    let letter = Failures::of(attributes).is_some();
    attributes.iter().filter(move |(name, _)| {
        let of_letter = letter && attribute_names::ALL.contains(&name.as_str());
        !of_letter && *name != HELD && *name != attribute_names::ORIGINAL_ATTRIBUTES
    })
}

/// All of them in one attribute, with those that were folded before: a JSON object, a binary value in base64. Empty where
/// there are none.
pub(crate) fn folded(attributes: &Attributes) -> String {
    let before = attributes.get(attribute_names::ORIGINAL_ATTRIBUTES).and_then(Attribute::text);
    let mut kept: Map<String, Value> =
        before.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let mut left = MOST_FOLDED_BYTES;
    for (name, attribute) in own(attributes) {
        let (bytes, value) = match attribute {
            Attribute::Text { value, .. } => (value.len(), json!(value)),
            Attribute::Binary { data_type, value } => {
                let value = STANDARD.encode(value);
                (value.len() + data_type.len(), json!({ "DataType": data_type, "BinaryValue": value }))
            }
        };
        if name.len() + bytes <= left {
            left -= name.len() + bytes;
            kept.insert(name.clone(), value);
        }
    }
    if kept.is_empty() { String::new() } else { allowed(Value::Object(kept).to_string().chars()) }
}

/// SQS takes the characters of XML 1.0 only; one that it does not take would keep the message from being sent.
pub(crate) fn allowed(characters: impl Iterator<Item = char>) -> String {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    characters.map(|c| if allowed(c) { c } else { '?' }).collect()
}

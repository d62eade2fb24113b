//! An edit is kept beside its letter and goes with it when it is redriven: the letter stays the same message, with the same keys.

use std::collections::HashMap;

use jiff::Timestamp;
use message::Envelope;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::error::ReviewError;
use crate::letter::{Letter, digest};
use crate::ports::{Archive, Records};

/// SQS takes a message of 1 MiB with its attributes, for which this leaves room.
const MOST_BYTES: usize = 1_000_000;

/// What stands in the table of an edit: who, when and why, and where the bodies are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Edit {
    /// The letter's [`Letter::lasting_id`].
    pub id: String,
    pub flow: String,
    pub before: String,
    pub after: String,
    /// Of the object that holds both bodies.
    pub key: String,
    pub by: String,
    pub why: String,
    pub at: Timestamp,
}

impl Edit {
    pub fn of(letter: &Letter, flow: &str, after: &str, by: &str, why: &str, at: Timestamp) -> Self {
        let after = digest(after.as_bytes());
        let short: String = after.chars().take(12).collect();
        Self {
            key: format!("edits/{flow}/{}/{short}.json", letter.id),
            id: letter.lasting_id(),
            flow: flow.to_owned(),
            before: letter.digest(),
            after,
            by: by.to_owned(),
            why: why.to_owned(),
            at,
        }
    }

    /// The letter goes on with its own body again.
    pub fn is_taken_back(&self) -> bool {
        self.after == self.before
    }
}

/// What its object holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditedBody {
    pub before: String,
    pub after: String,
    pub by: String,
    pub why: String,
    pub at: Timestamp,
}

/// Edits of letters, as they were read together.
pub(crate) struct Edits(HashMap<String, Edit>);

impl Edits {
    pub(crate) async fn of<'l>(
        letters: impl IntoIterator<Item = &'l Letter>,
        records: &dyn Records,
    ) -> Result<Self, ReviewError> {
        let ids: Vec<_> = letters.into_iter().map(Letter::lasting_id).collect();
        Ok(Self(if ids.is_empty() { HashMap::new() } else { records.edits(&ids).await? }))
    }

    /// The one that is in force of a letter: another body under the same id is not the one that was edited.
    pub(crate) fn get(&self, letter: &Letter) -> Option<&Edit> {
        self.stored(letter).filter(|edit| edit.before == letter.digest() && !edit.is_taken_back())
    }

    /// The one that stands where the letter's next does.
    pub(crate) fn stored(&self, letter: &Letter) -> Option<&Edit> {
        self.0.get(&letter.lasting_id())
    }
}

/// The letter's body as it would be redriven: its own, or that of an edit of it.
pub(crate) async fn effective(
    letter: &Letter,
    edit: Option<&Edit>,
    archive: &dyn Archive,
) -> Result<String, ReviewError> {
    let Some(edit) = edit else { return Ok(letter.body.clone()) };
    let corrupt = |attribute| ReviewError::Corrupt { key: edit.key.clone(), attribute };
    let object = archive.get(&edit.key).await?.ok_or_else(|| corrupt("object"))?;
    let body: EditedBody = serde_json::from_str(&object).map_err(|_| corrupt("object"))?;
    if digest(body.after.as_bytes()) == edit.after { Ok(body.after) } else { Err(corrupt("after")) }
}

#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum EditError {
    #[error("nothing was changed")]
    Nothing,
    #[error("the edited body is not JSON (line {line}, column {column})")]
    NotJson { line: usize, column: usize },
    #[error("the edited body is no envelope: {0}")]
    NoEnvelope(String),
    /// It would be another event, with other keys.
    #[error("only `data` may be changed: {0} would be another")]
    Envelope(&'static str),
    #[error(
        "the edited body has {bytes} bytes; {MOST_BYTES} are the most, as SQS takes a message of 1 MiB with its attributes"
    )]
    TooLarge { bytes: usize },
}

/// The body as it is to be redriven, if it is still the same event: of an envelope only `data` may differ. A body that is no envelope
/// may be made one.
pub fn edited(before: &str, after: &str) -> Result<String, EditError> {
    if after.len() > MOST_BYTES {
        return Err(EditError::TooLarge { bytes: after.len() });
    }
    if let Err(error) = serde_json::from_str::<Value>(after) {
        return Err(EditError::NotJson { line: error.line(), column: error.column() });
    }
    if before == after {
        return Err(EditError::Nothing);
    }
    let new = Envelope::decode(after).map_err(|error| EditError::NoEnvelope(error.to_string()))?;
    if let Ok(old) = Envelope::decode(before) {
        let differs = [
            ("id", old.id != new.id),
            ("source", old.source != new.source),
            ("type", old.event_type != new.event_type),
            ("time", old.time != new.time),
            ("correlationid", old.correlationid != new.correlationid),
            ("deliveryid", old.deliveryid != new.deliveryid),
            ("sourceversion", old.sourceversion != new.sourceversion),
            ("mappingversion", old.mappingversion != new.mappingversion),
        ];
        if let Some((name, _)) = differs.into_iter().find(|(_, differs)| *differs) {
            return Err(EditError::Envelope(name));
        }
    }
    Ok(after.to_owned())
}

/// Whether two bodies say the same, as an editor that lays out JSON and writes some of its signs another way leaves it.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.trim() == other.trim() || plain(one).is_some_and(|plain_one| Some(plain_one) == plain(other))
}

/// JSON without blanks, each text in it written in one way. Numbers stay as they are written.
fn plain(json: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    let mut plain = String::new();
    let mut left = json;
    while let Some(start) = left.find('"') {
        let (between, text) = left.split_at_checked(start)?;
        plain.extend(between.chars().filter(|c| !c.is_ascii_whitespace()));
        let mut texts = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        let text_of = texts.next()?.ok()?.get();
        // What stands for half a sign is no text, and stays as it is.
        match serde_json::from_str::<String>(text_of) {
            Ok(read) => plain.push_str(&serde_json::to_string(&read).ok()?),
            Err(_) => plain.push_str(text_of),
        }
        left = text.get(text_of.len()..)?;
    }
    plain.extend(left.chars().filter(|c| !c.is_ascii_whitespace()));
    Some(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body() -> Value {
        json!({
            "specversion": "1.0", "id": "evt-1", "source": "/shopify/acme.myshopify.com", "type": "shopify.orders/create",
            "time": "2026-11-24T10:00:00Z", "correlationid": "evt-1", "data": {"id": 1}
        })
    }

    #[test]
    fn data_may_be_changed_and_nothing_else() {
        let before = body().to_string();
        let mut after = body();
        after["data"]["sku"] = json!("A-1");
        assert_eq!(edited(&before, &after.to_string()), Ok(after.to_string()));
        for (name, value) in [
            ("id", json!("evt-2")),
            ("source", json!("/shopify/other")),
            ("type", json!("shopify.orders/updated")),
            ("time", json!("2026-11-24T10:00:01Z")),
            ("correlationid", json!("evt-2")),
            ("deliveryid", json!("d-1")),
        ] {
            let mut other = after.clone();
            other[name] = value;
            assert_eq!(edited(&before, &other.to_string()), Err(EditError::Envelope(name)));
        }
    }

    #[test]
    fn what_is_no_event_is_refused_and_not_quoted() {
        let before = body().to_string();
        assert_eq!(edited(&before, &before), Err(EditError::Nothing));
        let broken = edited(&before, "{\"data\": canary").unwrap_err().to_string();
        assert!(broken.contains("line 1") && !broken.contains("canary"), "{broken}");
        assert!(matches!(edited(&before, "{}"), Err(EditError::NoEnvelope(_))));
        let large = format!("\"{}\"", "x".repeat(MOST_BYTES));
        assert!(matches!(edited(&before, &large), Err(EditError::TooLarge { .. })));
    }

    #[test]
    fn a_body_is_the_same_however_it_is_laid_out_and_another_in_its_least_digit() {
        let body = r#"{"a b": [1.50, 12345678901234567890123, "x\u200fy\"\\", "\ud800"], "c": {"d": "ä"}}"#;
        for same in [
            format!("  {body}\n"),
            r#"{"a b":[1.50,12345678901234567890123,"x\u200Fy\u0022\\","\ud800"],"c":{"d":"\u00e4"}}"#
                .to_owned(),
            body.replace(", ", ",\n\t").replace("\\u200f", "\u{200f}"),
        ] {
            assert!(is_same(body, &same), "{same}");
        }
        for other in [
            body.replace("1.50", "1.5"),
            body.replace("123,", "124,"),
            body.replace("a b", "ab"),
            body.replace("\\ud800", "\\ud801"),
            body.replace("200f", "200e"),
            format!("{body}}}"),
        ] {
            assert!(!is_same(body, &other), "{other}");
        }
        assert!(is_same("{\"open", "{\"open\n") && !is_same("{\"open", "{\"opened"));
    }

    #[test]
    fn a_body_that_was_no_envelope_may_be_made_one() {
        assert_eq!(edited("{", &body().to_string()), Ok(body().to_string()));
    }
}

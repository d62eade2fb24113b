//! The party of an account or a contact: what the mappings `tryton-account` and `tryton-contact` make, and what Tryton answers.

use message::Redacted;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::document::OtherFields;

/// What is ours of a `party.party`. Fields are named as Tryton 8.2 names them.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PartyDocument {
    /// Unique in Tryton: what the party is looked up by, and what its contact mechanisms of ours are known by.
    pub(crate) code: String,
    pub(crate) name: Redacted<String>,
    #[serde(default)]
    email: Option<Redacted<String>>,
    #[serde(default)]
    phone: Option<Redacted<String>>,
    #[serde(default)]
    website: Option<Redacted<String>>,
    /// Of a contact: the code of its account's party.
    #[serde(default)]
    pub(crate) account: Option<String>,
    #[serde(flatten)]
    pub(crate) other: OtherFields,
}

impl PartyDocument {
    /// Each type of `party.contact_mechanism` that is ours, with its value.
    pub(crate) fn mechanisms(&self) -> [(&'static str, Option<&str>); 3] {
        fn text(value: Option<&Redacted<String>>) -> Option<&str> {
            value.map(|value| value.expose().as_str())
        }
        [
            ("email", text(self.email.as_ref())),
            ("phone", text(self.phone.as_ref())),
            ("website", text(self.website.as_ref())),
        ]
    }
}

/// `party.party`, with [`PartyRecord::FIELDS`].
#[derive(Deserialize)]
pub(crate) struct PartyRecord {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "truth")]
    pub(crate) active: bool,
    /// The party that people have merged it into.
    pub(crate) replaced_by: Option<i64>,
    pub(crate) contact_mechanisms: Vec<Mechanism>,
    pub(crate) identifiers: Vec<Identifier>,
    pub(crate) addresses: Vec<i64>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

impl PartyRecord {
    pub(crate) const FIELDS: &[&str] = &[
        "name",
        "active",
        "replaced_by",
        "contact_mechanisms.type",
        "contact_mechanisms.value",
        "contact_mechanisms.comment",
        "identifiers.code",
        "addresses",
    ];
}

/// On SQLite Tryton answers with 1 and 0.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Bool(is) => Ok(is),
        Value::Number(number) => Ok(number.as_i64() != Some(0)),
        _ => Err(D::Error::custom("neither true nor false")),
    }
}

/// `party.contact_mechanism`. Ours has the party's code as its comment.
#[derive(Deserialize)]
pub(crate) struct Mechanism {
    pub(crate) id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: String,
    pub(crate) comment: Option<String>,
}

/// `party.identifier`.
#[derive(Deserialize)]
pub(crate) struct Identifier {
    pub(crate) id: i64,
    pub(crate) code: String,
}

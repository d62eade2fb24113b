use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::{Code, Rejection, eventbridge};

pub const SPEC_VERSION: &str = "1.0";
/// Attributes travel into ledger items, message attributes and log lines.
const MAX_ATTRIBUTE_BYTES: usize = 1_024;
pub const JSON_CONTENT_TYPE: &str = "application/json";
/// What no source has in its event types.
const UNREADABLE: &str = ".unreadable:";

/// CloudEvents 1.0 in JSON structured mode: what stands on every queue.
///
/// `data` is the source system's payload byte for byte; translation happens in the consumer, so that a mended
/// mapping and a redrive repair what the old mapping could not read. Attribute names are CloudEvents', the last
/// four are extension attributes of ours.
#[derive(Clone, Serialize, Deserialize)]
pub struct Envelope {
    pub specversion: String,
    /// The source's id of this event (for Shopify `X-Shopify-Event-Id`).
    pub id: String,
    /// `/<source system>/<account>`, such as `/shopify/acme.myshopify.com`.
    pub source: String,
    /// `<source system>.<event>`, such as `shopify.orders/create`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When the event happened at the source.
    pub time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacontenttype: Option<String>,
    /// Correlation Identifier: the same from the first webhook to the last target call.
    pub correlationid: String,
    /// The id of this very delivery, where the source has one (`X-Shopify-Webhook-Id`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliveryid: Option<String>,
    /// The version of the source's contract, where the delivery says it (`X-Shopify-API-Version`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sourceversion: Option<String>,
    /// Of an event that follows from another: the mapping that read its cause, with the contract of what it made
    /// (`shopify-order/2 canonical.order@1`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mappingversion: Option<String>,
    pub data: Box<RawValue>,
}

impl Envelope {
    /// Reads one message body: an envelope, or an event as EventBridge puts it on a queue. The error names the first
    /// attribute that is wrong and holds no value of it.
    pub fn decode(body: &str) -> Result<Self, EnvelopeError> {
        Self::decode_with_sender(body).map(|(envelope, _)| envelope)
    }

    /// As [`Self::decode`], with who has put it on the queue.
    pub fn decode_with_sender(body: &str) -> Result<(Self, Sender), EnvelopeError> {
        match serde_json::from_str::<Self>(body) {
            Ok(envelope) => Ok((envelope.checked()?, Sender::Spillway)),
            Err(_) => match eventbridge::read(body) {
                Some((envelope, source)) => Ok((envelope.checked()?, Sender::EventBridge { source })),
                None => Err(EnvelopeError::explain(body)),
            },
        }
    }

    pub fn encode(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The `type` of an authentic event whose own type cannot be read, and the place where it should stand.
    pub fn unreadable_type(system: &str, path: &str) -> String {
        format!("{system}{UNREADABLE}{path}")
    }

    /// That place, of such an event.
    pub fn unreadable_at(&self) -> Option<&str> {
        self.event_type.split_once(UNREADABLE).map(|(_, path)| path)
    }

    fn checked(self) -> Result<Self, EnvelopeError> {
        if self.specversion != SPEC_VERSION {
            return Err(EnvelopeError::Attribute { name: "specversion", expected: "\"1.0\"" });
        }
        let required = [
            ("id", &self.id),
            ("source", &self.source),
            ("type", &self.event_type),
            ("correlationid", &self.correlationid),
        ];
        for (name, value) in required {
            if value.is_empty() {
                return Err(EnvelopeError::Attribute { name, expected: "a string that is not empty" });
            }
            if value.len() > MAX_ATTRIBUTE_BYTES {
                return Err(EnvelopeError::Attribute { name, expected: "a string of at most 1,024 bytes" });
            }
        }
        let json =
            |content_type: &str| content_type.split(';').next().map(str::trim) == Some(JSON_CONTENT_TYPE);
        if !self.datacontenttype.as_deref().is_none_or(json) {
            return Err(EnvelopeError::Attribute { name: "datacontenttype", expected: "application/json" });
        }
        Ok(self)
    }
}

/// Who has put an event on the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sender {
    /// Ingest or a flow, by the event's type.
    Spillway,
    /// A rule of EventBridge, which may match more than the flow knows.
    EventBridge {
        /// As EventBridge names it: `aws.partner/stripe.com/ed_1`.
        source: String,
    },
}

/// Without `data`: it is full of personal data.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("id", &self.id)
            .field("source", &self.source)
            .field("type", &self.event_type)
            .field("time", &self.time)
            .field("correlationid", &self.correlationid)
            .field("data_bytes", &self.data.get().len())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum EnvelopeError {
    #[error("the body is not JSON (line {line}, column {column})")]
    NotJson { line: usize, column: usize },
    #[error("envelope attribute {name}: expected {expected}")]
    Attribute { name: &'static str, expected: &'static str },
}

impl EnvelopeError {
    /// Called where decoding failed: serde's own message quotes values, this one does not.
    fn explain(body: &str) -> Self {
        let value: serde_json::Value = match serde_json::from_str(body) {
            Ok(value) => value,
            Err(error) => return Self::NotJson { line: error.line(), column: error.column() },
        };
        let Some(object) = value.as_object() else {
            return Self::Attribute { name: "", expected: "a JSON object" };
        };
        for name in ["specversion", "id", "source", "type", "correlationid"] {
            if !object.get(name).is_some_and(serde_json::Value::is_string) {
                return Self::Attribute { name, expected: "a string" };
            }
        }
        let time = object.get("time").and_then(serde_json::Value::as_str);
        if time.is_none_or(|text| text.parse::<Timestamp>().is_err()) {
            return Self::Attribute { name: "time", expected: "an RFC 3339 time" };
        }
        for name in ["datacontenttype", "deliveryid", "sourceversion", "mappingversion"] {
            if !object.get(name).is_none_or(|value| value.is_string() || value.is_null()) {
                return Self::Attribute { name, expected: "a string" };
            }
        }
        Self::Attribute { name: "data", expected: "a JSON value, once" }
    }
}

impl From<EnvelopeError> for Rejection {
    fn from(error: EnvelopeError) -> Self {
        match &error {
            EnvelopeError::NotJson { .. } => Self::new(Code::BodyNotJson, "$", error.to_string()),
            EnvelopeError::Attribute { name, .. } => {
                let path = if name.is_empty() { "$".to_owned() } else { format!("$.{name}") };
                Self::new(Code::EnvelopeInvalid, path, error.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn valid() -> Value {
        json!({
            "specversion": "1.0", "id": "evt-1", "source": "/shopify/acme.myshopify.com",
            "type": "shopify.orders/create", "time": "2026-11-24T10:00:00Z",
            "correlationid": "evt-1", "data": {"id": 1}
        })
    }

    #[test]
    fn keeps_the_payload_byte_for_byte() {
        let payload = r#"{"total": 10.00,  "id":12345678901234567890123}"#;
        let body = valid().to_string().replace(r#"{"id":1}"#, payload);
        let envelope = Envelope::decode(&body).unwrap();
        assert_eq!(envelope.data.get(), payload);
        assert_eq!(Envelope::decode(&envelope.encode().unwrap()).unwrap().data.get(), payload);
    }

    #[test]
    fn names_the_attribute_that_is_wrong() {
        for (name, wrong) in [
            ("specversion", json!("0.3")),
            ("id", json!("")),
            ("correlationid", json!("x".repeat(1_025))),
            ("id", json!(7)),
            ("source", Value::Null),
            ("type", json!([])),
            ("time", json!("yesterday")),
            ("correlationid", json!({})),
            ("datacontenttype", json!("application/xml")),
            ("deliveryid", json!(1)),
        ] {
            let mut body = valid();
            body[name] = wrong.clone();
            let rejection = Rejection::from(Envelope::decode(&body.to_string()).unwrap_err());
            assert_eq!(rejection.path, format!("$.{name}"), "{wrong}");
            assert_eq!(rejection.code, Code::EnvelopeInvalid);
        }
        for name in ["specversion", "id", "source", "type", "time", "correlationid", "data"] {
            let mut body = valid();
            body.as_object_mut().unwrap().remove(name);
            let rejection = Rejection::from(Envelope::decode(&body.to_string()).unwrap_err());
            assert_eq!(rejection.path, format!("$.{name}"));
        }
    }

    #[test]
    fn tells_json_that_is_no_envelope_from_what_is_not_json() {
        assert_eq!(Rejection::from(Envelope::decode("[1]").unwrap_err()).code, Code::EnvelopeInvalid);
        assert_eq!(Rejection::from(Envelope::decode("{").unwrap_err()).code, Code::BodyNotJson);
        assert_eq!(Rejection::from(Envelope::decode("").unwrap_err()).code, Code::BodyNotJson);
    }

    #[test]
    fn an_event_whose_type_cannot_be_read_says_where_it_should_stand() {
        let mut body = valid();
        assert_eq!(Envelope::decode(&body.to_string()).unwrap().unreadable_at(), None);
        body["type"] = json!(Envelope::unreadable_type("stripe", "$.type"));
        assert_eq!(Envelope::decode(&body.to_string()).unwrap().unreadable_at(), Some("$.type"));
    }

    #[test]
    fn debug_and_errors_show_no_payload() {
        let mut body = valid();
        body["data"] = json!({"email": "ann@example.com"});
        assert!(!format!("{:?}", Envelope::decode(&body.to_string()).unwrap()).contains("ann@"));
        body["time"] = json!("ann@example.com");
        assert!(!Envelope::decode(&body.to_string()).unwrap_err().to_string().contains("ann@"));
    }

    proptest! {
        #[test]
        fn never_panics_on_any_text(body in "\\PC*") {
            drop(Envelope::decode(&body));
        }
    }
}

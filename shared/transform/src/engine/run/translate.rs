//! A message, from its text to what became of it.

use std::borrow::Cow;

use message::{Code, Envelope};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Frame, Made, Run};
use crate::engine::came::Came;
use crate::engine::capture::{Noticed, Scope};
use crate::engine::plan::{Attempt, Plan, Translated};
use crate::problem::{Kind, MappingError};

/// What SQS carries in one message.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 1_048_576;

impl Plan {
    /// A source's message, out of its envelope, as the canonical type.
    pub fn decode<T: DeserializeOwned>(&self, envelope: &Envelope) -> Result<T, MappingError> {
        let translated = self.translate(envelope.data.get(), Some(envelope))?;
        self.typed(translated.value)
    }

    /// A canonical value in the target's words.
    pub fn encode<T: DeserializeOwned>(&self, canonical: &impl Serialize) -> Result<T, MappingError> {
        self.typed(self.encode_json(canonical)?)
    }

    /// As [`Self::encode`], for those who want JSON and no type.
    pub fn encode_json(&self, canonical: &impl Serialize) -> Result<Value, MappingError> {
        let payload = serde_json::to_string(canonical).map_err(|_| {
            let expected = "a canonical value that can be written as JSON";
            self.refuse(Code::ValueInvalid, "$", expected, Kind::Unreadable)
        })?;
        Ok(self.translate(&payload, None)?.value)
    }

    pub(crate) fn typed<T: DeserializeOwned>(&self, value: Value) -> Result<T, MappingError> {
        serde_json::from_value(value).map_err(|_| {
            self.refuse(Code::ValueInvalid, "$", "what the contract of the target says", Kind::Object)
        })
    }

    fn refuse(&self, code: Code, path: &str, expected: &'static str, came: Kind) -> MappingError {
        MappingError::one(self.stamp, code, path, expected, came)
    }

    /// A payload in the target's words. `envelope` is what `@envelope` reads; where there is none, nothing.
    pub fn translate(&self, payload: &str, envelope: Option<&Envelope>) -> Result<Translated, MappingError> {
        let Attempt { made, notes, .. } = self.attempt(payload, envelope);
        Ok(Translated { value: made?, notes })
    }

    /// As [`Self::translate`], with what was seen of a message that is refused.
    pub(crate) fn attempt(&self, payload: &str, envelope: Option<&Envelope>) -> Attempt {
        let unread = |error| Attempt { made: Err(error), notes: Vec::new(), present: None };
        if payload.len() > MAX_PAYLOAD_BYTES {
            let expected = "a payload of at most 1 MiB";
            return unread(self.refuse(Code::LimitExceeded, "$", expected, Kind::Unreadable));
        }
        let mut noticed = Noticed::default();
        let mut deserializer = serde_json::Deserializer::from_str(payload);
        let captured = Scope::capture(&self.payload, &mut deserializer, &mut noticed);
        let captured = captured.and_then(|scope| deserializer.end().map(|()| scope));
        let Ok(message) = captured else { return unread(self.unreadable()) };
        let attributes = match envelope {
            Some(envelope) => Scope::capture(&self.envelope, Attributes(envelope), &mut Noticed::default()),
            None => Ok(Scope::default()),
        };
        let attributes = attributes.unwrap_or_default();
        let mut run = Run::new(self, &attributes);
        let root = Frame { scope: &message, index: None, parent: None, depth: 0 };
        let (mut value, mut present) = (None, None);
        if let Came::Object = message.came(0) {
            run.version(&root);
            run.whole(&noticed);
            if run.problems.is_empty() {
                present = Some(self.present(&message));
                run.refusals(&root);
                if let Made::Value(made) = run.make(&self.out, &root) {
                    value = Some(made);
                }
            }
        } else {
            let code = if message.came(0).is_absent() { Code::FieldMissing } else { Code::TypeMismatch };
            run.problems.push(code, "$".to_owned(), "an object".into(), message.came(0).kind());
        }
        run.unknown_members(&noticed);
        let Run { problems, notes, .. } = run;
        Attempt { made: problems.into_result(self.stamp, value), notes, present }
    }

    fn present(&self, message: &Scope<'_>) -> u128 {
        let bit = |(place, (slot, _)): (usize, &(u16, String))| {
            u128::from(message.came(*slot).is_set(false)) << place.min(127)
        };
        self.watched.iter().enumerate().map(bit).fold(0, |bits, bit| bits | bit)
    }

    fn unreadable(&self) -> MappingError {
        let expected = "JSON whose characters and numbers are in range";
        self.refuse(Code::ValueInvalid, "$", expected, Kind::Unreadable)
    }
}

/// The envelope's attributes, read as JSON's members are.
pub(crate) struct Attributes<'de>(pub(crate) &'de Envelope);

impl<'de> serde::Deserializer<'de> for Attributes<'de> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let envelope = self.0;
        let optional = |text: &'de Option<String>| text.as_deref().unwrap_or_default();
        let time = envelope.time.to_string();
        let attributes = [
            ("specversion", envelope.specversion.as_str()),
            ("id", &envelope.id),
            ("source", &envelope.source),
            ("type", &envelope.event_type),
            ("correlationid", &envelope.correlationid),
            ("datacontenttype", optional(&envelope.datacontenttype)),
            ("deliveryid", optional(&envelope.deliveryid)),
            ("sourceversion", optional(&envelope.sourceversion)),
        ];
        let attributes = attributes.into_iter().filter(|(_, value)| !value.is_empty());
        let attributes = attributes.map(|(name, value)| (name, Cow::Borrowed(value)));
        let attributes = attributes.chain([("time", Cow::Owned(time))]);
        visitor.visit_map(serde::de::value::MapDeserializer::new(attributes))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

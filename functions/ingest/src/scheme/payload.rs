use std::collections::BTreeMap;
use std::fmt;

use message::Envelope;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::is_event_type;
use crate::Refusal;
use crate::headers::is_identifier;

const NOT_AN_OBJECT: Refusal = Refusal::RequestMalformed("the body must be a JSON object in UTF-8");

/// What an authentic payload says about its event, as far as it can be read. What cannot be is no reason to refuse the
/// delivery, which its source would repeat in vain and then give up: the mapping rejects it with its path.
pub(super) struct Payload<'a> {
    /// As it came; white space around it is no part of it.
    pub(super) raw: &'a RawValue,
    members: Members<'a>,
}

impl<'a> Payload<'a> {
    pub(super) fn object(body: &'a [u8]) -> Result<Self, Refusal> {
        let raw: &RawValue = serde_json::from_slice(body).map_err(|_| NOT_AN_OBJECT)?;
        if raw.get().starts_with('{') { Ok(Self::of(raw)) } else { Err(NOT_AN_OBJECT) }
    }

    /// Of what is no object no member can be read.
    pub(super) fn of(raw: &'a RawValue) -> Self {
        Self { raw, members: serde_json::from_str(raw.get()).unwrap_or_default() }
    }

    pub(super) fn get<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.members.0.get(name).copied().flatten()?.get()).ok()
    }

    /// Of a member that may be missing or null: `Err` where it is there and cannot be read.
    pub(super) fn optional<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, Unreadable> {
        match self.members.0.get(name) {
            None => Ok(None),
            Some(Some(value)) => serde_json::from_str(value.get()).map_err(|_| Unreadable),
            Some(None) => Err(Unreadable),
        }
    }

    pub(super) fn identifier(&self, name: &str) -> Option<String> {
        self.get(name).filter(|id: &String| is_identifier(id))
    }

    pub(super) fn event_type(&self, name: &str) -> Option<String> {
        self.get(name).filter(|kind: &String| is_event_type(kind))
    }

    /// In the place of an id that cannot be read: a repeat has the same.
    pub(super) fn digest_id(&self) -> String {
        let digest: String =
            Sha256::digest(self.raw.get()).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("unreadable-{digest}")
    }
}

#[derive(PartialEq, Eq, Debug)]
pub(super) struct Unreadable;

/// The key of a route, and the envelope's type; `path` is where the source says its types.
pub(super) fn routed(system: &str, kind: Option<String>, path: &str) -> (Option<String>, String) {
    let event_type = match &kind {
        Some(kind) => format!("{system}.{kind}"),
        None => Envelope::unreadable_type(system, path),
    };
    (kind, event_type)
}

/// Nothing of a name that stands there more than once: it would not be clear which one counts.
#[derive(Default)]
struct Members<'a>(BTreeMap<String, Option<&'a RawValue>>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            members.entry(name).and_modify(|known| *known = None).or_insert(Some(value));
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_there_once_and_is_of_the_type_is_read() {
        let payload = Payload::object(br#"{"a": 1, "b": "x", "c": null, "d": 1, "d": 1}"#).unwrap();
        assert_eq!(
            (payload.get("a"), payload.get::<i64>("b"), payload.get::<i64>("d")),
            (Some(1), None, None)
        );
        assert_eq!(payload.optional::<i64>("a"), Ok(Some(1)));
        assert_eq!((payload.optional::<i64>("c"), payload.optional::<i64>("e")), (Ok(None), Ok(None)));
        for name in ["b", "d"] {
            assert_eq!(payload.optional::<i64>(name), Err(Unreadable), "{name}");
        }
    }

    #[test]
    fn the_id_of_what_has_none_is_that_of_its_bytes() {
        let id = |text: &str| Payload::of(serde_json::from_str(text).unwrap()).digest_id();
        assert_eq!(id("1"), id("1"));
        assert_ne!(id("1"), id("2"));
        assert!(is_identifier(&id("1")));
    }

    #[test]
    fn of_a_value_that_is_no_object_nothing_is_read() {
        for text in ["1", "[1]", "null", r#"{"\ud800": 1}"#] {
            assert_eq!(Payload::of(serde_json::from_str(text).unwrap()).get::<i64>("a"), None, "{text}");
        }
    }
}

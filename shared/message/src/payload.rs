use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// What an authentic payload says about its event, as far as it can be read. What cannot be is no reason to refuse the
/// delivery, which its source would repeat in vain and then give up: the mapping rejects it with its path.
pub struct Payload<'a> {
    raw: &'a RawValue,
    members: Members<'a>,
}

impl<'a> Payload<'a> {
    /// Of what is no object no member can be read.
    pub fn of(raw: &'a RawValue) -> Self {
        Self { raw, members: serde_json::from_str(raw.get()).unwrap_or_default() }
    }

    /// As it came; white space around it is no part of it.
    pub const fn raw(&self) -> &'a RawValue {
        self.raw
    }

    pub fn get<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.members.0.get(name).copied().flatten()?.get()).ok()
    }

    /// Of a member that may be missing or null: `Err` where it is there and cannot be read.
    pub fn optional<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, Unreadable> {
        match self.members.0.get(name) {
            None => Ok(None),
            Some(Some(value)) => serde_json::from_str(value.get()).map_err(|_| Unreadable),
            Some(None) => Err(Unreadable),
        }
    }

    /// Of members that are named as headers are, in whichever case: nothing where there are several.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut named = self.members.0.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        match (named.next(), named.next()) {
            (Some((_, Some(value))), None) => serde_json::from_str(value.get()).ok(),
            _ => None,
        }
    }

    pub fn identifier(&self, name: &str) -> Option<String> {
        self.get(name).filter(|id: &String| is_identifier(id))
    }

    /// Any text is one: what no source would write is of a type that nobody knows.
    pub fn event_type(&self, name: &str) -> Option<String> {
        self.get(name).filter(|kind: &String| !kind.is_empty())
    }

    /// In the place of an id that cannot be read: a repeat has the same.
    pub fn digest_id(&self) -> String {
        let digest: String =
            Sha256::digest(self.raw.get()).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("unreadable-{digest}")
    }
}

#[derive(PartialEq, Eq, Debug)]
pub struct Unreadable;

/// Identifiers as sources make them: printable ASCII without spaces, commas or quotes.
pub fn is_identifier(text: &str) -> bool {
    const MAX_BYTES: usize = 256;
    (1..=MAX_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b',' | b'"' | b'\'' | b'\\'))
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
        let raw = r#"{"a": 1, "b": "x", "c": null, "d": 1, "d": 1}"#;
        let payload = Payload::of(serde_json::from_str(raw).unwrap());
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

    #[test]
    fn a_header_is_found_in_any_case_and_once() {
        let raw =
            r#"{"X-Topic": "a", "X-Shop": "b", "x-shop": "b", "X-Id": 1, "X-Time": "c", "X-Time": "c"}"#;
        let payload = Payload::of(serde_json::from_str(raw).unwrap());
        assert_eq!(payload.header("x-topic").as_deref(), Some("a"));
        for name in ["x-shop", "x-id", "x-time", "x-other"] {
            assert_eq!(payload.header(name), None, "{name}");
        }
    }

    #[test]
    fn an_identifier_is_bounded_and_has_no_comma() {
        assert!(is_identifier("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"));
        for bad in ["", "a,b", "a b", "a\"", "ä", "a\n", &"x".repeat(257)] {
            assert!(!is_identifier(bad), "{bad:?}");
        }
    }
}

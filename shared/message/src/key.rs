use std::fmt;

use sha2::{Digest, Sha256};

/// A DynamoDB partition key holds 2,048 bytes; half of it leaves room and keeps write units low.
const MAX_KEY_BYTES: usize = 1_024;

/// The business key of one effect: integration, then parts such as shop, order id and operation. Every part is
/// prefixed with its length in bytes, so that no two lists of parts share a key.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct OperationKey(String);

impl OperationKey {
    pub fn new(integration: &str, parts: &[&str]) -> Self {
        let mut key = format!("{}:{integration}", integration.len());
        for part in parts {
            key.push_str(&format!("/{}:{part}", part.len()));
        }
        if key.len() > MAX_KEY_BYTES {
            key = format!(
                "{}:{integration}/sha256:{}",
                integration.len(),
                hex(&Sha256::digest(key.as_bytes()))
            );
        }
        Self(key)
    }

    /// As it was stored.
    pub const fn from_stored(key: String) -> Self {
        Self(key)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of the canonical operation: the same key with another fingerprint is a conflict, not a duplicate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of a canonical value; its fields serialise in declaration order, so equal values have equal fingerprints.
    pub fn of<T: serde::Serialize>(canonical: &T) -> Result<Self, serde_json::Error> {
        Ok(Self(hex(&Sha256::digest(serde_json::to_vec(canonical)?))))
    }

    /// As it was stored.
    pub const fn from_stored(hex: String) -> Self {
        Self(hex)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shifting_a_separator_between_parts_gives_another_key() {
        let one = OperationKey::new("orders", &["a/1:b", "c"]);
        let other = OperationKey::new("orders", &["a", "b", "c"]);
        assert_ne!(one, other);
        assert_eq!(other.as_str(), "6:orders/1:a/1:b/1:c");
    }

    #[test]
    fn an_over_long_key_is_hashed_and_stays_distinct() {
        let long = "x".repeat(5_000);
        let one = OperationKey::new("orders", &[&long, "1"]);
        let other = OperationKey::new("orders", &[&long, "2"]);
        assert!(one.as_str().len() <= MAX_KEY_BYTES);
        assert_ne!(one, other);
    }

    #[test]
    fn fingerprint_is_sha256_of_the_canonical_json() {
        // echo -n '{"a":1}' | sha256sum
        let expected = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
        let value: serde_json::Value = serde_json::json!({"a": 1});
        assert_eq!(Fingerprint::of(&value).unwrap().as_str(), expected);
    }

    proptest! {
        #[test]
        fn different_parts_never_share_a_key(a in prop::collection::vec(".{0,6}", 0..4), b in prop::collection::vec(".{0,6}", 0..4)) {
            let key = |parts: &[String]| {
                OperationKey::new("i", &parts.iter().map(String::as_str).collect::<Vec<_>>())
            };
            prop_assert_eq!(key(&a) == key(&b), a == b);
        }
    }
}

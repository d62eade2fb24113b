use std::time::Duration;

use http::HeaderValue;
use message::{Effect, OperationKey};
use sha2::{Digest, Sha256};

/// What our key at a target is derived from: the operation and its version, the same over retries and redrives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotencySeed {
    pub operation: OperationKey,
    pub version: u64,
    /// Since the operation's first claim, by whoever.
    pub age: Duration,
    /// Since the first of the attempts whose effect is not known to be absent.
    pub unknown_for: Duration,
}

impl IdempotencySeed {
    /// The key for a target that remembers keys for `retention`. It is used for half of that time and never again: a
    /// repeat under a key that the target has forgotten would be a second effect.
    pub fn for_target(&self, retention: Duration) -> TargetKey {
        let window_ms = (retention.as_millis() / 2).max(1);
        let generation = |age: Duration| age.as_millis() / window_ms;
        let now = generation(self.age);
        let text = format!("{}/{}/{now}", self.operation, self.version);
        let digest = Sha256::digest(text.as_bytes());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let covers_all = generation(self.age.saturating_sub(self.unknown_for)) == now;
        TargetKey { value: format!("spillway-{hex}"), covers_all }
    }
}

/// Our idempotency key at one target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TargetKey {
    value: String,
    covers_all: bool,
}

impl TargetKey {
    /// 73 characters of ASCII: below every target's limit (Stripe takes 255).
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Whether the key alone makes a repeat safe: every earlier attempt was made under it, or had no effect. Where it
    /// does not, the effect has to be looked up.
    pub fn covers(&self, prior: Effect) -> bool {
        self.covers_all || prior == Effect::Absent
    }

    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.value).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3_600);

    fn key(order: &str, version: u64, age: Duration) -> TargetKey {
        key_unknown_for(order, version, age, age)
    }

    fn key_unknown_for(order: &str, version: u64, age: Duration, unknown_for: Duration) -> TargetKey {
        let operation = OperationKey::new("orders", &[order]);
        IdempotencySeed { operation, version, age, unknown_for }.for_target(DAY)
    }

    #[test]
    fn retries_and_redrives_share_the_key_and_other_operations_do_not() {
        let first = key("1", 0, Duration::ZERO);
        assert_eq!(first, key("1", 0, Duration::from_secs(11 * 3_600)));
        assert_ne!(first.as_str(), key("2", 0, Duration::ZERO).as_str());
        assert_ne!(first.as_str(), key("1", 1, Duration::ZERO).as_str());
        assert!(first.as_str().len() < 255 && first.as_str().is_ascii());
    }

    #[test]
    fn a_key_is_never_used_for_as_long_as_the_target_keeps_it() {
        let (mut used_since, mut last) = (Duration::ZERO, key("1", 0, Duration::ZERO));
        for minutes in 0..5 * 24 * 60 {
            let age = Duration::from_secs(minutes * 60);
            let now = key("1", 0, age);
            if now.as_str() != last.as_str() {
                (used_since, last) = (age, now);
            }
            assert!(age - used_since < DAY);
        }
    }

    #[test]
    fn a_later_key_does_not_cover_what_was_sent_under_an_earlier_one() {
        let later = key("1", 0, DAY);
        assert!(later.covers(Effect::Absent) && !later.covers(Effect::Unknown));
        assert!(key("1", 0, Duration::ZERO).covers(Effect::Unknown));
        let minute = Duration::from_secs(60);
        assert!(key_unknown_for("1", 0, DAY + minute, minute).covers(Effect::Unknown), "sent under this key");
        assert!(!key_unknown_for("1", 0, DAY + minute, minute * 2).covers(Effect::Unknown));
    }
}

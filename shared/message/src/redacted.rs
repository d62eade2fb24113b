use std::fmt;

use serde::{Deserialize, Serialize};

/// Personal data: travels in messages, is never printed. `Debug` shows that a value is there, not which.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself: for the wire to a target, never for a log line.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<&str> for Redacted<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl From<String> for Redacted<String> {
    fn from(value: String) -> Self {
        Self(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_value() {
        assert_eq!(format!("{:?}", Redacted::from("ann@example.com")), "[redacted]");
    }

    #[test]
    fn serialises_as_the_bare_value() {
        let json = serde_json::to_string(&Redacted::from("Ann")).unwrap();
        assert_eq!(json, r#""Ann""#);
        assert_eq!(serde_json::from_str::<Redacted<String>>(&json).unwrap().expose(), "Ann");
    }
}

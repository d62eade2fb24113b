use std::collections::BTreeMap;
use std::fmt;

/// A message attribute of SQS.
#[derive(Clone, PartialEq, Eq)]
pub enum Attribute {
    /// Data type `String` or `Number`, with its custom label (`Number.int`).
    Text {
        data_type: String,
        value: String,
    },
    Binary {
        data_type: String,
        value: Vec<u8>,
    },
}

pub type Attributes = BTreeMap<String, Attribute>;

impl Attribute {
    pub fn string(value: impl Into<String>) -> Self {
        Self::Text { data_type: "String".to_owned(), value: value.into() }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { value, .. } => Some(value),
            Self::Binary { .. } => None,
        }
    }

    /// What SQS counts of it towards the size of a message, without its name.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Text { data_type, value } => data_type.len() + value.len(),
            Self::Binary { data_type, value } => data_type.len() + value.len(),
        }
    }
}

/// Whoever sends to a queue can put anything here.
impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

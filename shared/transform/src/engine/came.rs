use std::borrow::Cow;

use serde_json::Value;

use crate::contract::{Type, Types};
use crate::problem::Kind;

/// What came at a place that is read.
#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) enum Came<'m> {
    #[default]
    Missing,
    Null,
    Boolean(bool),
    Integer(i128),
    /// With a fraction or an exponent, or beyond 64 bits.
    Fraction(f64),
    Text(Cow<'m, str>),
    Array {
        items: usize,
    },
    Object,
}

impl Came<'_> {
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Missing | Self::Null)
    }

    /// Whether something stands here. A text of blanks is nothing, unless `empty` is a value too.
    pub(crate) fn is_set(&self, empty: bool) -> bool {
        match self {
            Self::Missing | Self::Null => false,
            Self::Text(text) => empty || !text.trim().is_empty(),
            _ => true,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::Missing,
            Self::Null => Kind::Null,
            Self::Boolean(_) => Kind::Boolean,
            Self::Integer(_) => Kind::Integer,
            Self::Fraction(_) => Kind::Fraction,
            Self::Text(text) if text.trim().is_empty() => Kind::EmptyString,
            Self::Text(_) => Kind::String,
            Self::Array { .. } => Kind::Array,
            Self::Object => Kind::Object,
        }
    }

    /// Whether the contract lets it stand here. A fraction is no integer, even `1.0`: it says that the contract has changed.
    pub(crate) fn is_one_of(&self, types: Types) -> bool {
        match self {
            Self::Missing | Self::Null => true,
            Self::Boolean(_) => types.allow(Type::Boolean),
            Self::Integer(_) => types.allow(Type::Integer),
            Self::Fraction(_) => types.allow(Type::Number),
            Self::Text(_) => types.allow(Type::String),
            Self::Array { .. } => types.allow(Type::Array),
            Self::Object => types.allow(Type::Object),
        }
    }

    /// As a key of a value map.
    pub(crate) fn as_key(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text.trim())),
            Self::Integer(number) => Some(Cow::Owned(number.to_string())),
            Self::Boolean(true) => Some(Cow::Borrowed("true")),
            Self::Boolean(false) => Some(Cow::Borrowed("false")),
            _ => None,
        }
    }
}

impl From<&Value> for Came<'static> {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(boolean) => Self::Boolean(*boolean),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(integer), _) => Self::Integer(integer.into()),
                (None, Some(integer)) => Self::Integer(integer.into()),
                (None, None) => Self::Fraction(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Self::Text(Cow::Owned(text.clone())),
            Value::Array(items) => Self::Array { items: items.len() },
            Value::Object(_) => Self::Object,
        }
    }
}

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// A JSON type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Type {
    pub const ALL: [Self; 7] =
        [Self::Null, Self::Boolean, Self::Integer, Self::Number, Self::String, Self::Array, Self::Object];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }

    /// One a type, so that all that may stand at a place are one number.
    const fn bit(self) -> u8 {
        1 << self as u8
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// The types that a value may have; none said means any.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Types(u8);

impl Types {
    pub const fn is_any(self) -> bool {
        self.0 == 0
    }

    /// Whether this very type is said.
    pub const fn names(self, one: Type) -> bool {
        self.0 & one.bit() != 0
    }

    pub fn allow(self, one: Type) -> bool {
        self.is_any() || self.names(one) || (one == Type::Integer && self.names(Type::Number))
    }

    pub const fn insert(&mut self, one: Type) {
        self.0 |= one.bit();
    }

    pub fn iter(self) -> impl Iterator<Item = Type> {
        Type::ALL.into_iter().filter(move |one| self.names(*one))
    }

    /// Those that stand for a value: without null.
    pub fn of_values(self) -> impl Iterator<Item = Type> {
        self.iter().filter(|it| *it != Type::Null)
    }

    /// Whether all that are said here are said there.
    pub(super) const fn is_subset(self, of: Self) -> bool {
        self.0 & !of.0 == 0
    }

    /// As what a problem says that it expected.
    pub(crate) fn expected(self) -> &'static str {
        let mut values = self.of_values();
        match (values.next(), values.next()) {
            (Some(Type::Boolean), None) => "a boolean",
            (Some(Type::Integer), None) => "an integer",
            (Some(Type::Number), None) => "a number",
            (Some(Type::String), None) => "a string",
            (Some(Type::Array), None) => "an array",
            (Some(Type::Object), None) => "an object",
            _ => "one of the types that the contract names",
        }
    }
}

impl FromIterator<Type> for Types {
    fn from_iter<I: IntoIterator<Item = Type>>(types: I) -> Self {
        let mut all = Self::default();
        types.into_iter().for_each(|one| all.insert(one));
        all
    }
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any() {
            return f.write_str("anything");
        }
        for (index, one) in self.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { " or " }, one.as_str())?;
        }
        Ok(())
    }
}

/// What a contract says of one place.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Schema {
    pub types: Types,
    /// Shared by all that refer to it: there are many, and a start makes them all.
    pub properties: BTreeMap<String, Arc<Self>>,
    pub required: BTreeSet<String>,
    /// `additionalProperties: true`: unknown members are no news.
    pub open: bool,
    pub items: Option<Arc<Self>>,
    /// `enum` or `const`.
    pub values: Option<Vec<Value>>,
    pub format: Option<String>,
    pub pattern: Option<String>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub minimum: Option<i64>,
    pub maximum: Option<i64>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    /// `false`: the member is gone in this version.
    pub never: bool,
    /// What two schemas that hold at once say differently, and no mapping could be held against.
    pub(super) conflict: Option<&'static str>,
}

impl Schema {
    pub fn nullable(&self) -> bool {
        self.types.allow(Type::Null)
            && self.values.as_ref().is_none_or(|values| values.contains(&Value::Null))
    }

    pub fn member(&self, name: &str) -> Option<&Self> {
        self.properties.get(name).map(Arc::as_ref)
    }

    /// The place that a path leads to: names, and `[]` for the items of an array.
    pub fn at<'s>(&self, path: impl IntoIterator<Item = &'s str>) -> Option<&Self> {
        let mut here = self;
        for step in path {
            here = match step {
                "[]" => here.items.as_deref()?,
                name => here.member(name)?,
            };
            if here.never {
                return None;
            }
        }
        Some(here)
    }
}

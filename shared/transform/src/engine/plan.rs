use std::collections::BTreeMap;
use std::sync::Arc;

use message::Code;
use serde_json::Value;

use super::capture::Scope;
use super::checks::Checks;
use super::convert::{Conversion, Refused};
use super::expr::{Expression, Library};
use super::native::Native;
use super::shape::{NodeId, Shape};
use crate::mapping::path::Space;
use crate::problem::MappingError;

/// A mapping, compiled: no message makes it look anything up by name again.
#[derive(Debug)]
pub struct Plan {
    pub(crate) stamp: &'static str,
    pub(crate) accepts: Vec<String>,
    pub(crate) version_at: Option<Ref>,
    pub(crate) payload: Shape,
    pub(crate) envelope: Shape,
    pub(crate) settings: Shape,
    pub(crate) settings_came: Scope<'static>,
    /// Places outside lists that are read and may be missing, by their slots: that one stops coming is news.
    pub(crate) watched: Vec<(u16, String)>,
    pub(crate) library: Library,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) out: Out,
}

/// A message in the target's words, and what was not as the contract has it, though it did no harm.
#[derive(Debug, Default)]
pub struct Translated {
    pub value: Value,
    pub notes: Vec<Note>,
}

/// What became of a message, and what was seen of it, whether it was refused or not.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) made: Result<Value, MappingError>,
    pub(crate) notes: Vec<Note>,
    /// Of the places that [`Plan::watched`] lists, a bit each: whether something stood there. None of a message of which no
    /// accepted contract says what it has.
    pub(crate) present: Option<u128>,
}

/// Something to be counted: in itself it is no reason to refuse the message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Note {
    /// A member that no accepted version's contract lists.
    UnknownField { path: String },
    /// A value that the value map does not have: passed, replaced or parked by its policy.
    UnknownValue { path: String },
    /// A member that nearly every message had has stopped coming.
    MissingField { path: String },
    /// A member came as another type than the contract says.
    ChangedType { path: String },
}

impl Note {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::UnknownField { .. } => "UnknownField",
            Self::UnknownValue { .. } => "UnknownValue",
            Self::MissingField { .. } => "MissingField",
            Self::ChangedType { .. } => "ChangedType",
        }
    }

    /// The same of another place.
    #[must_use]
    pub(crate) fn at(&self, path: &str) -> Self {
        let path = path.to_owned();
        match self {
            Self::UnknownField { .. } => Self::UnknownField { path },
            Self::UnknownValue { .. } => Self::UnknownValue { path },
            Self::MissingField { .. } => Self::MissingField { path },
            Self::ChangedType { .. } => Self::ChangedType { path },
        }
    }

    /// Of the contract's names only: `$.line_items[].sku`.
    pub fn path(&self) -> &str {
        match self {
            Self::UnknownField { path }
            | Self::UnknownValue { path }
            | Self::MissingField { path }
            | Self::ChangedType { path } => path,
        }
    }
}

/// A place that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ref {
    pub(crate) space: Space,
    pub(crate) node: NodeId,
    pub(crate) slot: u16,
    /// In which scope: 0 is the root, then the items of the lists on the way.
    pub(crate) depth: usize,
}

/// Named values for an expression: of each name the first place that is set.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) expression: Expression,
    pub(crate) native: Option<Native>,
    /// How often it may go through a text that it is given.
    pub(crate) times: usize,
    pub(crate) with: Vec<(String, Vec<Ref>)>,
}

#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) at: Ref,
    pub(crate) when: Option<Condition>,
    pub(crate) values: Option<Arc<Values>>,
    pub(crate) expected: String,
    /// The list whose items are looked at one by one.
    pub(crate) each: Option<ListRef>,
}

#[derive(Debug, Default)]
pub(crate) struct Values {
    pub(crate) map: BTreeMap<String, Value>,
    pub(crate) refuse: BTreeMap<String, String>,
    pub(crate) unknown: Unknown,
}

#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) enum Unknown {
    #[default]
    Park,
    Pass,
    Default(Value),
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) to: String,
    pub(crate) from: Vec<Source>,
    pub(crate) conversion: Conversion,
    pub(crate) beside: Option<Ref>,
    pub(crate) empty: bool,
    pub(crate) lenient: bool,
    pub(crate) values: Option<Arc<Values>>,
    pub(crate) default: Option<Default_>,
    pub(crate) when: Option<Condition>,
    /// The target cannot do without it.
    pub(crate) required: bool,
    pub(crate) needed_with: Option<Ref>,
    pub(crate) checks: Checks,
    /// Where a problem is told: the first place that it is read from.
    pub(crate) place: Option<Ref>,
    /// What is expected of what is missing.
    pub(crate) expected: &'static str,
}

impl Rule {
    /// As a lenient rule has it: a value that cannot be converted is none.
    pub(crate) fn lenient<T>(&self, converted: Result<T, Refused>) -> Result<Option<T>, Refused> {
        match converted {
            Err(refused) if self.lenient && refused.code == Code::ValueInvalid => Ok(None),
            converted => converted.map(Some),
        }
    }

    /// What is refused for what stands beside is told there.
    pub(crate) fn told(&self, refused: Refused) -> Refused {
        let at = if refused.beside { refused.at.or(self.beside) } else { refused.at };
        Refused { at, ..refused }
    }
}

#[derive(Debug)]
pub(crate) struct Default_ {
    pub(crate) value: Value,
    pub(crate) when: Option<Condition>,
}

#[derive(Debug)]
pub(crate) enum Source {
    Place(Ref),
    Join { parts: Vec<Ref>, by: String },
    Template(Vec<Piece>),
    Constant(Value),
    Expression(Condition),
}

impl Source {
    /// Whether it is text of the mapping with texts of the message in it.
    pub(crate) const fn is_composed(&self) -> bool {
        matches!(self, Self::Join { .. } | Self::Template(_))
    }
}

#[derive(Debug)]
pub(crate) enum Piece {
    Text(String),
    Place(Ref),
}

/// The list that a list is made of: in the scope of its depth, the list of that number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ListRef {
    pub(crate) node: NodeId,
    pub(crate) depth: usize,
    pub(crate) list: u16,
}

/// What is made, as a tree of the target's members.
#[derive(Debug)]
pub(crate) enum Out {
    Rule(usize),
    Object { members: Vec<(String, OutMember)>, required: bool },
    List(Box<OutList>),
    Fixed(OutFixed),
}

#[derive(Debug)]
pub(crate) struct OutList {
    pub(crate) of: ListRef,
    /// Of the source's items, those for which it holds.
    pub(crate) keep: Option<Condition>,
    /// What is expected where none is left.
    pub(crate) none: Option<String>,
    pub(crate) least: usize,
    pub(crate) most: Option<usize>,
    /// The contract takes null for an item.
    pub(crate) null: bool,
    pub(crate) item: Out,
}

/// A list whose items have rules of their own.
#[derive(Debug)]
pub(crate) struct OutFixed {
    /// With their places in the target: `$.parcels[0]`.
    pub(crate) items: Vec<(String, Out)>,
    /// So many the contract wants at least.
    pub(crate) least: usize,
    pub(crate) null: bool,
    pub(crate) required: bool,
}

#[derive(Debug)]
pub(crate) struct OutMember {
    pub(crate) out: Out,
    /// The contract wants the member, and takes null for nothing.
    pub(crate) null: bool,
}

impl Plan {
    /// What is stamped on what it makes: `shopify-order/2 canonical.order@1`.
    pub const fn stamp(&self) -> &'static str {
        self.stamp
    }

    /// Places outside lists that are read and may be missing.
    pub fn watched(&self) -> impl Iterator<Item = &str> {
        self.watched.iter().map(|(_, path)| path.as_str())
    }
}

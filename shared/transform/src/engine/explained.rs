use serde_json::Value;

use super::plan::Note;
use crate::problem::Problem;

/// What became of one message, and by which rules.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    pub stamp: &'static str,
    /// In the order of the mapping file; a rule of a list once for each item. None where the message was not looked into: it cannot
    /// be read, or its version is not accepted.
    pub rules: Vec<RuleExplained>,
    pub lists: Vec<ListExplained>,
    pub refusals: Vec<RefusalExplained>,
    pub problems: Vec<Problem>,
    pub notes: Vec<Note>,
    /// None where there are problems.
    pub output: Option<Value>,
}

/// A place that was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Looked {
    /// With the indices of the items: `$.line_items[0].sku`.
    pub path: String,
    /// What stood there: a value as JSON, `nothing`, `an object`, `3 items`.
    pub came: String,
}

#[derive(Clone, PartialEq, Debug)]
pub struct RuleExplained {
    /// Number of the rule in the mapping file, from 0.
    pub rule: usize,
    /// What it makes, with the indices of the target's items: `lines[0].sku`.
    pub to: String,
    pub from: Vec<Looked>,
    /// What was looked up in the rule's value map.
    pub key: Option<String>,
    pub outcome: Outcome,
}

impl RuleExplained {
    pub(super) const fn is_wrong(&self) -> bool {
        matches!(self.outcome, Outcome::Missing | Outcome::Refused(_))
    }
}

#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// Of the alternative with that number, from 0: those of `from`, then `expr`, then `value`.
    Made {
        value: Value,
        by: usize,
    },
    Default {
        value: Value,
    },
    /// Nothing is set there, or its condition does not hold.
    Absent,
    /// Nothing is set there, and the target needs it.
    Missing,
    Refused(Vec<Problem>),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListExplained {
    /// `lines[]`.
    pub to: String,
    pub from: Looked,
    /// Items that were not left out.
    pub kept: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusalExplained {
    /// Number of the refusal in the mapping file, from 0.
    pub refusal: usize,
    pub at: Looked,
    pub key: Option<String>,
    pub refused: Option<Problem>,
}

//! Which letters are meant.

use std::fmt;

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::parser::PrattParser;
use cel::{Context, Value as Cel};
use jiff::{SignedDuration, Timestamp};
use message::Envelope;
use serde_json::{Value, json};
use thiserror::Error;
use transform::without_indices;

use crate::called::{Called, begins};
use crate::fingerprint::Fingerprint;
use crate::letter::{Letter, SHORTEST_ID, is_short};
use crate::literals::hidden;

/// Bytes of a condition.
const LONGEST_CONDITION: usize = 1_000;
/// Nodes that its macros may become.
const MOST_NODES: usize = 128;
const MOST_DEPTH: u16 = 32;
/// Macros in each other: each more goes through a list once for every item of those around it, and nobody ends that.
const MOST_NESTED: u32 = 2;
/// Items that macros in each other go through in all: of a letter with longer lists no answer is known.
const MOST_ITEMS: usize = 1_000_000;

/// What a letter has to be for it to be meant: all that is said here. Of several codes, groups or ids one of them.
#[derive(Debug, Default)]
pub struct Filter {
    codes: Vec<String>,
    groups: Vec<String>,
    /// As the letter has it, or with `[]` for any item of a list.
    path: Option<String>,
    ids: Vec<String>,
    older_than: Option<SignedDuration>,
    younger_than: Option<SignedDuration>,
    condition: Option<Condition>,
}

#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum FilterError {
    #[error("{0}: an id has {SHORTEST_ID} characters at least, or letters would be meant by chance")]
    ShortId(String),
    #[error("the condition cannot be read: {0}")]
    Condition(String),
    /// CEL has no answer of true or false: a member is missing, say.
    #[error("the condition is neither true nor false of it: {0}")]
    Undecided(String),
}

/// A condition in the Common Expression Language over `envelope` (without `data`), `body` (its `data`; of no envelope the whole) and
/// `letter`.
struct Condition {
    source: String,
    parsed: IdedExpr,
    /// How deep its macros stand in each other.
    nested: u32,
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hidden(&self.source))
    }
}

impl Filter {
    #[must_use]
    pub fn codes(mut self, codes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.codes = codes.into_iter().map(Into::into).collect();
        self
    }

    /// By their fingerprints.
    #[must_use]
    pub fn groups(mut self, groups: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.groups = groups.into_iter().map(Into::into).collect();
        self
    }

    #[must_use]
    pub fn path(mut self, path: Option<String>) -> Self {
        self.path = path;
        self
    }

    pub fn ids(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, FilterError> {
        self.ids = ids.into_iter().map(Into::into).collect();
        match self.ids.iter().find(|id| is_short(id)) {
            Some(short) => Err(FilterError::ShortId(short.clone())),
            None => Ok(self),
        }
    }

    /// By the time that has passed since it was sent to its dead letter queue, or by SQS since it was first sent to the flow's.
    #[must_use]
    pub const fn older_than(mut self, age: Option<SignedDuration>) -> Self {
        self.older_than = age;
        self
    }

    #[must_use]
    pub const fn younger_than(mut self, age: Option<SignedDuration>) -> Self {
        self.younger_than = age;
        self
    }

    pub fn condition(mut self, source: Option<&str>) -> Result<Self, FilterError> {
        let parser = PrattParser::new().max_recursion_depth(MOST_DEPTH).max_expression_node_count(MOST_NODES);
        self.condition = source
            .map(|source| {
                if source.len() > LONGEST_CONDITION {
                    return Err(FilterError::Condition(format!(
                        "it has more than {LONGEST_CONDITION} bytes"
                    )));
                }
                let parsed =
                    parser.parse(source).map_err(|error| FilterError::Condition(error.to_string()))?;
                let nested = nested(&parsed);
                if nested > MOST_NESTED {
                    return Err(FilterError::Condition(format!(
                        "more than {MOST_NESTED} macros (all, exists, exists_one, filter, map) stand in each other"
                    )));
                }
                Ok(Condition { source: source.to_owned(), parsed, nested })
            })
            .transpose()?;
        Ok(self)
    }

    /// Whether it is said of every letter.
    pub fn is_all(&self) -> bool {
        self.codes.is_empty()
            && self.groups.is_empty()
            && self.path.is_none()
            && self.ids.is_empty()
            && self.older_than.is_none()
            && self.younger_than.is_none()
            && self.condition.is_none()
    }

    /// Those of its ids that a letter of these ids is called by.
    fn of_ids<'a>(&'a self, its: &'a [String]) -> impl Iterator<Item = &'a String> {
        self.ids.iter().filter(|said| its.iter().any(|id| begins(id, said)))
    }

    /// Notes which of its ids a letter is called by, whether or not it is meant: a beginning may be that of others as well.
    pub(crate) fn note(&self, letter: &Letter, called: &mut Called) {
        if self.ids.is_empty() {
            return;
        }
        let its = letter.ids();
        for said in self.of_ids(&its) {
            let whole = its.iter().any(|id| id.len() == said.len() && begins(id, said));
            called.see(said, &letter.id, whole);
        }
    }

    /// Whether this letter of the flow is meant.
    pub fn means(&self, flow: &str, letter: &Letter, now: Timestamp) -> Result<bool, FilterError> {
        let reason = letter.reason(flow);
        let one_of = |wanted: &[String], is: &str| wanted.is_empty() || wanted.iter().any(|it| it == is);
        let age = now.duration_since(letter.sent_at);
        let fits = one_of(&self.codes, &reason.code)
            && one_of(&self.groups, Fingerprint::of(&reason).as_str())
            && self
                .path
                .as_ref()
                .is_none_or(|path| *path == reason.path || *path == without_indices(&reason.path))
            && (self.ids.is_empty() || self.of_ids(&letter.ids()).next().is_some())
            && self.older_than.is_none_or(|least| age >= least)
            && self.younger_than.is_none_or(|most| age < most);
        let Some(condition) = self.condition.as_ref().filter(|_| fits) else { return Ok(fits) };
        let said = json!({
            "id": letter.id, "flow": reason.flow, "code": reason.code, "path": reason.path, "summary": reason.summary,
            "mapping": reason.mapping, "age_seconds": age.as_secs(), "attempts": reason.attempts,
            "receive_count": letter.receive_count,
        });
        condition.holds(&letter.body, said)
    }
}

impl Condition {
    fn holds(&self, body: &str, letter: Value) -> Result<bool, FilterError> {
        let undecided = |why: String| FilterError::Undecided(why);
        let (envelope, body) = match Envelope::decode(body) {
            Ok(envelope) => {
                let data = serde_json::from_str(envelope.data.get()).unwrap_or_default();
                let mut members = serde_json::to_value(&envelope).unwrap_or_default();
                if let Some(members) = members.as_object_mut() {
                    members.remove("data");
                }
                (members, data)
            }
            Err(_) => (json!({}), serde_json::from_str(body).unwrap_or_default()),
        };
        let longest = longest(&body).max(longest(&envelope));
        if self.nested > 1 && longest.saturating_pow(self.nested) > MOST_ITEMS {
            return Err(undecided("its lists are too long for macros in each other".to_owned()));
        }
        let mut context = Context::default();
        for (name, value) in [("envelope", envelope), ("body", body), ("letter", letter)] {
            let value = cel::to_value(value).map_err(|_| undecided(format!("{name} cannot be read")))?;
            context.add_variable_from_value(name, value);
        }
        match Cel::resolve(&self.parsed, &context) {
            Ok(Cel::Bool(holds)) => Ok(holds),
            Ok(_) => Err(undecided("it is no condition".to_owned())),
            // CEL's own message may quote a value.
            Err(_) => Err(undecided("a member is missing, or of another type".to_owned())),
        }
    }
}

/// Items of the longest list or object in it.
fn longest(of: &Value) -> usize {
    match of {
        Value::Array(items) => items.iter().map(longest).max().unwrap_or_default().max(items.len()),
        Value::Object(members) => members.values().map(longest).max().unwrap_or_default().max(members.len()),
        _ => 0,
    }
}

/// How deep macros stand in each other.
fn nested(of: &IdedExpr) -> u32 {
    let deepest = |of: &mut dyn Iterator<Item = &IdedExpr>| of.map(nested).max().unwrap_or_default();
    let entry = |entry: &EntryExpr| match entry {
        EntryExpr::StructField(field) => nested(&field.value),
        EntryExpr::MapEntry(entry) => nested(&entry.key).max(nested(&entry.value)),
    };
    match &of.expr {
        Expr::Comprehension(it) => {
            let around = nested(&it.iter_range).max(nested(&it.accu_init));
            around.max(1 + deepest(&mut [&it.loop_cond, &it.loop_step, &it.result].into_iter()))
        }
        Expr::Call(call) => deepest(&mut call.target.iter().map(AsRef::as_ref).chain(&call.args)),
        Expr::List(list) => deepest(&mut list.elements.iter()),
        Expr::Map(map) => map.entries.iter().map(|it| entry(&it.expr)).max().unwrap_or_default(),
        Expr::Struct(it) => it.entries.iter().map(|it| entry(&it.expr)).max().unwrap_or_default(),
        Expr::Select(select) => nested(&select.operand),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => 0,
    }
}

/// In words, for the plan and the audit: of a condition the literals are hidden, as they may be a person's.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        let listed =
            |name: &str, of: &[String]| (!of.is_empty()).then(|| format!("{name} {}", of.join(", ")));
        parts.extend(listed("code", &self.codes));
        parts.extend(listed("group", &self.groups));
        parts.extend(self.path.as_ref().map(|path| format!("path {path}")));
        parts.extend(match self.ids.len() {
            0 => None,
            1..=3 => listed("id", &self.ids),
            many => Some(format!("{many} ids")),
        });
        parts.extend(self.older_than.map(|age| format!("older than {age:#}")));
        parts.extend(self.younger_than.map(|age| format!("younger than {age:#}")));
        parts.extend(self.condition.as_ref().map(|condition| format!("where {}", hidden(&condition.source))));
        f.write_str(&if parts.is_empty() { "every letter".to_owned() } else { parts.join("; ") })
    }
}

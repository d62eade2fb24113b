//! CEL, where a table cannot say it.

use std::collections::BTreeMap;
use std::fmt;

use cel::common::ast::{EntryExpr, Expr, IdedEntryExpr, IdedExpr};
use cel::parser::PrattParser;
use cel::{Context, Value as Cel};
use message::Code;

use super::came::Came;
use super::convert::Refused;
use super::native::Native;

/// Nodes of one expression.
const MOST_NODES: usize = 64;
const MOST_DEPTH: u16 = 32;
/// Of one text that it is given: what it does with them it may do many times over.
const MOST_TEXT_BYTES: usize = 16_384;

/// An expression, parsed once.
pub(crate) struct Expression {
    source: String,
    parsed: IdedExpr,
}

impl Expression {
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        let parser = PrattParser::new().max_recursion_depth(MOST_DEPTH).max_expression_node_count(MOST_NODES);
        let parsed = parser.parse(source).map_err(|error| format!("{source}: {error}"))?;
        if nests(&parsed, false) {
            return Err(format!("{source}: goes through a list within another"));
        }
        Ok(Self { source: source.to_owned(), parsed })
    }

    /// The names that it stands on.
    pub(crate) fn names(&self) -> Vec<String> {
        let references = cel::parser::Expression::references(&self.parsed);
        references.variables().into_iter().map(str::to_owned).collect()
    }

    /// Without CEL, where that can be: the names are those that are given, in their order.
    pub(crate) fn native(&self, names: &[&str], sets: &BTreeMap<String, Vec<String>>) -> Option<Native> {
        Native::of(&self.parsed, names, sets)
    }

    pub(crate) fn evaluate(&self, given: &Given<'_>) -> Result<Came<'static>, Refused> {
        let wrong = || Refused::new(Code::TypeMismatch, format!("what can be put into: {}", self.source));
        match Cel::resolve(&self.parsed, &given.0) {
            Ok(Cel::Null) => Ok(Came::Null),
            Ok(Cel::Bool(boolean)) => Ok(Came::Boolean(boolean)),
            Ok(Cel::Int(integer)) => Ok(Came::Integer(integer.into())),
            Ok(Cel::UInt(integer)) => Ok(Came::Integer(integer.into())),
            Ok(Cel::Float(fraction)) => Ok(Came::Fraction(fraction)),
            Ok(Cel::String(text)) => Ok(Came::Text(text.to_string().into())),
            _ => Err(wrong()),
        }
    }

    pub(crate) fn holds(&self, given: &Given<'_>) -> Result<bool, Refused> {
        match self.evaluate(given)? {
            Came::Boolean(holds) => Ok(holds),
            _ => Err(Refused::new(
                Code::TypeMismatch,
                format!("a condition that is true or false: {}", self.source),
            )),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// Whether a list is gone through within another one, which could take as long as the product of their lengths.
fn nests(parsed: &IdedExpr, within: bool) -> bool {
    let entry = |entry: &IdedEntryExpr| match &entry.expr {
        EntryExpr::StructField(field) => nests(&field.value, within),
        EntryExpr::MapEntry(entry) => nests(&entry.key, within) || nests(&entry.value, within),
    };
    match &parsed.expr {
        Expr::Comprehension(list) => {
            let parts = [&list.accu_init, &list.loop_cond, &list.loop_step, &list.result];
            within || nests(&list.iter_range, within) || parts.into_iter().any(|part| nests(part, true))
        }
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).any(|it| nests(it, within)),
        Expr::List(list) => list.elements.iter().any(|it| nests(it, within)),
        Expr::Select(select) => nests(&select.operand, within),
        Expr::Map(map) => map.entries.iter().any(entry),
        Expr::Struct(made) => made.entries.iter().any(entry),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => false,
    }
}

/// CEL's own functions and the mapping's sets: the same for every message.
pub(crate) struct Library(Context<'static, 'static>);

impl Library {
    pub(crate) fn new(sets: &BTreeMap<String, Vec<String>>) -> Self {
        let mut context = Context::default();
        for (name, set) in sets {
            let items: Vec<Cel> = set.iter().map(|item| Cel::from(item.as_str())).collect();
            context.add_variable_from_value(name.clone(), items);
        }
        Self(context)
    }

    pub(crate) fn with<'l>(&'l self, values: impl IntoIterator<Item = (&'l str, &'l Came<'l>)>) -> Given<'l> {
        let mut context = self.0.new_inner_scope();
        for (name, came) in values {
            let value = match came {
                Came::Missing | Came::Null | Came::Array { .. } | Came::Object => Cel::Null,
                Came::Boolean(boolean) => Cel::Bool(*boolean),
                Came::Integer(integer) => match (i64::try_from(*integer), u64::try_from(*integer)) {
                    (Ok(integer), _) => Cel::Int(integer),
                    (_, Ok(integer)) => Cel::UInt(integer),
                    _ => Cel::Null,
                },
                Came::Fraction(fraction) => Cel::Float(*fraction),
                Came::Text(text) => Cel::from(text.as_ref()),
            };
            context.add_variable_from_value(name, value);
        }
        Given(context)
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Library")
    }
}

/// Whether it is no longer than an expression may be given.
pub(crate) fn fits(came: &Came<'_>) -> Result<(), Refused> {
    match came {
        Came::Text(text) if text.len() > MOST_TEXT_BYTES => {
            Err(Refused::new(Code::LimitExceeded, "at most 16384 bytes, as an expression looks at it"))
        }
        _ => Ok(()),
    }
}

/// The values that an expression is about.
pub(crate) struct Given<'l>(Context<'l, 'l>);

/// The names that an expression stands on; none where it cannot be parsed.
pub(crate) fn names_of(source: &str) -> Vec<String> {
    Expression::parse(source).map(|expression| expression.names()).unwrap_or_default()
}

/// A kind of value that an expression is tried with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Trial {
    Null,
    Boolean,
    Integer,
    Number,
    Text,
}

impl Trial {
    const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Text => "a text",
        }
    }

    /// Two values of the kind: a branch that one does not take the other may.
    fn values(self) -> Vec<Came<'static>> {
        match self {
            Self::Null => vec![Came::Null],
            Self::Boolean => vec![Came::Boolean(true), Came::Boolean(false)],
            Self::Integer => vec![Came::Integer(0), Came::Integer(7)],
            Self::Number => vec![Came::Fraction(0.5)],
            Self::Text => vec![Came::Text("".into()), Came::Text("x".into())],
        }
    }
}

/// What goes wrong for some combination of these kinds, if anything does. A combination beyond `most` is not tried.
pub(crate) fn try_expression(
    source: &str,
    sets: &BTreeMap<String, Vec<String>>,
    names: &[(&str, Vec<Trial>)],
    condition: bool,
    most: usize,
) -> Option<String> {
    let expression = match Expression::parse(source) {
        Ok(expression) => expression,
        Err(problem) => return Some(problem),
    };
    let library = Library::new(sets);
    let choices: Vec<Vec<(Trial, Came<'static>)>> = names
        .iter()
        .map(|(_, trials)| {
            trials.iter().flat_map(|trial| trial.values().into_iter().map(|it| (*trial, it))).collect()
        })
        .collect();
    let combinations: usize = choices.iter().map(|choices| choices.len().max(1)).product();
    for number in 0..combinations.min(most) {
        let mut rest = number;
        let mut given = Vec::new();
        for ((name, _), choices) in names.iter().zip(&choices) {
            if let Some((trial, came)) = choices.get(rest % choices.len().max(1)) {
                given.push((*name, *trial, came));
            }
            rest /= choices.len().max(1);
        }
        let values = library.with(given.iter().map(|(name, _, came)| (*name, *came)));
        let failed = if condition {
            expression.holds(&values).is_err()
        } else {
            expression.evaluate(&values).is_err()
        };
        if failed {
            let with: Vec<_> =
                given.iter().map(|(name, trial, _)| format!("{name} is {}", trial.name())).collect();
            return Some(format!("{source} fails where {}", with.join(" and ")));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_gone_through_one_after_the_other_and_not_one_within_another() {
        for source in ["set.exists(a, a == b)", "set.filter(a, a != b).map(a, a + b) == [b]"] {
            assert!(Expression::parse(source).is_ok(), "{source}");
        }
        for source in [
            "set.map(a, set.map(a, a))",
            "set.all(a, b && !set.exists(a, a == b))",
            "set.map(a, [{'a': set.map(a, a)}])",
        ] {
            let refused = Expression::parse(source).unwrap_err();
            assert_eq!(refused, format!("{source}: goes through a list within another"));
        }
    }
}

//! CEL, where a table cannot say it.

use std::collections::BTreeMap;
use std::fmt;

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue, operators};
use cel::parser::PrattParser;
use cel::{Context, ExecutionError, Value as Cel};
use message::Code;

use super::came::Came;
use super::convert::Refused;
use super::functions;
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

    /// The names that it stands on; not those that a macro binds.
    pub(crate) fn names(&self) -> Vec<String> {
        let (mut names, mut bound) = (Vec::new(), Vec::new());
        walk(&self.parsed, &mut |expression| match expression {
            Expr::Ident(name) => names.push(name.clone()),
            Expr::Comprehension(list) => {
                bound.extend([&list.iter_var, &list.accu_var].map(Clone::clone));
                bound.extend(list.iter_var2.clone());
            }
            _ => {}
        });
        names.retain(|name| !bound.contains(name));
        names.sort();
        names.dedup();
        names
    }

    /// Texts that stand in it.
    pub(crate) fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        walk(&self.parsed, &mut |expression| {
            if let Expr::Literal(LiteralValue::String(text)) = expression {
                texts.push(text.inner());
            }
        });
        texts
    }

    /// How often it may go through a text: for every item that a macro goes through, wherever a name stands.
    pub(crate) fn times(&self, sets: &BTreeMap<String, Vec<String>>) -> usize {
        let (mut goes_through, mut parts, mut names) = (false, MOST_NODES, 0_usize);
        walk(&self.parsed, &mut |expression| match expression {
            Expr::Comprehension(_) => goes_through = true,
            Expr::Call(call) if call.func_name == "split" => parts = functions::MOST_PARTS,
            Expr::Ident(name) if !name.starts_with('@') => names += 1,
            _ => {}
        });
        let longest = || sets.values().map(Vec::len).max().unwrap_or(0).max(parts);
        if goes_through { longest().saturating_mul(names) } else { 1 }
    }

    /// Whether null stands in it.
    pub(crate) fn says_null(&self) -> bool {
        let mut says = false;
        walk(&self.parsed, &mut |expression| says |= matches!(expression, Expr::Literal(LiteralValue::Null)));
        says
    }

    /// Names that it compares with a text, and the text.
    pub(crate) fn compared(&self) -> Vec<(&str, &str)> {
        let mut compared = Vec::new();
        walk(&self.parsed, &mut |expression| {
            let Expr::Call(CallExpr { func_name, target: None, args }) = expression else { return };
            if !matches!(func_name.as_str(), operators::EQUALS | operators::NOT_EQUALS) {
                return;
            }
            let [one, other] = args.as_slice() else { return };
            for (name, text) in [(one, other), (other, one)] {
                if let (Expr::Ident(name), Expr::Literal(LiteralValue::String(text))) =
                    (&name.expr, &text.expr)
                {
                    compared.push((name.as_str(), text.inner()));
                }
            }
        });
        compared
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
            Err(ExecutionError::FunctionError { message, .. }) if message == functions::TOO_MUCH => {
                Err(Refused::new(Code::LimitExceeded, functions::TOO_MUCH))
            }
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

/// Every part of an expression.
fn walk<'e>(expression: &'e IdedExpr, visit: &mut impl FnMut(&'e Expr)) {
    visit(&expression.expr);
    for part in parts(expression) {
        walk(part, visit);
    }
}

fn parts(expression: &IdedExpr) -> Vec<&IdedExpr> {
    fn entry(entry: &IdedEntryExpr) -> Vec<&IdedExpr> {
        match &entry.expr {
            EntryExpr::StructField(field) => vec![&field.value],
            EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
        }
    }
    match &expression.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Comprehension(list) => {
            vec![&list.iter_range, &list.accu_init, &list.loop_cond, &list.loop_step, &list.result]
        }
        Expr::Map(map) => map.entries.iter().flat_map(entry).collect(),
        Expr::Struct(made) => made.entries.iter().flat_map(entry).collect(),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// Whether a list is gone through within another one, which could take as long as the product of their lengths.
fn nests(parsed: &IdedExpr, within: bool) -> bool {
    match &parsed.expr {
        Expr::Comprehension(list) => {
            let inner = [&list.accu_init, &list.loop_cond, &list.loop_step, &list.result];
            within || nests(&list.iter_range, within) || inner.into_iter().any(|part| nests(part, true))
        }
        _ => parts(parsed).into_iter().any(|part| nests(part, within)),
    }
}

/// CEL's own functions, those of its extension for texts, `money`, and the mapping's sets: the same for every message.
pub(crate) struct Library(Context<'static, 'static>);

impl Library {
    pub(crate) fn new(sets: &BTreeMap<String, Vec<String>>) -> Self {
        let mut context = Context::with_env(functions::env());
        // Fails where the name is taken, which an expression that needs it shows.
        drop(context.add_function("money", functions::money));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_macro_binds_are_not_stood_on() {
        let names = |source: &str| Expression::parse(source).unwrap().names();
        assert_eq!(names("set.exists(a, a == b) ? c : 'd'"), ["b", "c", "set"]);
        assert_eq!(names("{'a': b}.size() == [c].size()"), ["b", "c"]);
    }

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

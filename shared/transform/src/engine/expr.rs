//! CEL, where a table cannot say it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::parser::PrattParser;
use cel::{Context, Env, ExecutionError, Value as Cel};
use message::Code;

use super::came::Came;
use super::convert::Refused;
use super::native::Native;
use crate::canonical::{Currency, Money};

/// Nodes of one expression.
const MOST_NODES: usize = 64;
const MOST_DEPTH: u16 = 32;

/// An expression, parsed once.
pub(crate) struct Expression {
    source: String,
    parsed: IdedExpr,
}

impl Expression {
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        let parser = PrattParser::new().max_recursion_depth(MOST_DEPTH).max_expression_node_count(MOST_NODES);
        let parsed = parser.parse(source).map_err(|error| format!("{source}: {error}"))?;
        Ok(Self { source: source.to_owned(), parsed })
    }

    /// The names that it stands on.
    pub(crate) fn names(&self) -> Vec<String> {
        let references = cel::parser::Expression::references(&self.parsed);
        references.variables().into_iter().map(str::to_owned).collect()
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

/// Every part of an expression. Macros are none: what they make of names is CEL's affair.
fn walk<'e>(expression: &'e IdedExpr, visit: &mut impl FnMut(&'e Expr)) {
    visit(&expression.expr);
    match &expression.expr {
        Expr::Call(call) => {
            call.target.iter().for_each(|target| walk(target, visit));
            call.args.iter().for_each(|arg| walk(arg, visit));
        }
        Expr::List(list) => list.elements.iter().for_each(|element| walk(element, visit)),
        Expr::Select(select) => walk(&select.operand, visit),
        _ => {}
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// CEL's own functions, those of its extension for texts, `money`, and the mapping's sets: the same for every message.
pub(crate) struct Library(Context<'static, 'static>);

impl Library {
    pub(crate) fn new(sets: &BTreeMap<String, Vec<String>>) -> Self {
        let mut context = Context::with_env(Arc::new(env()));
        // Fails where the name is taken, which an expression that needs it shows.
        drop(context.add_function("money", money));
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

fn env() -> Env {
    let mut env = Env::stdlib();
    // The same: nothing of the standard library is called as these are.
    drop(env.add_extension(cel::extensions::strings));
    env
}

/// Minor units as people read them: `42.00 EUR`.
fn money(minor: i64, currency: Arc<String>) -> Result<Arc<String>, ExecutionError> {
    let currency = Currency::parse(&currency).map_err(|_| {
        ExecutionError::function_error("money", "expected a currency of three capital letters")
    })?;
    Ok(Arc::new(format!("{} {}", Money { minor, currency }.to_decimal(), currency.as_str())))
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Library")
    }
}

/// The values that an expression is about.
pub(crate) struct Given<'l>(Context<'l, 'l>);

/// The names that an expression stands on; none where it cannot be parsed.
pub(crate) fn names_of(source: &str) -> Vec<String> {
    Expression::parse(source).map(|expression| expression.names()).unwrap_or_default()
}

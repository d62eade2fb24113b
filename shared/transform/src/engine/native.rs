//! What nearly every condition is, without CEL: names compared with literals, with sets and with each other. Where a value is
//! of a kind that CEL has more to say of, CEL is asked.

use std::collections::BTreeMap;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};

use super::came::Came;

#[derive(Debug)]
pub(crate) enum Native {
    Is(Operand),
    Same(Operand, Operand),
    In(Operand, Vec<Box<str>>),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

#[derive(Debug)]
pub(crate) enum Operand {
    /// The name in this place of those that are given.
    Name(usize),
    Literal(Came<'static>),
}

impl Native {
    /// `None` where CEL has to be asked always.
    pub(crate) fn of(
        parsed: &IdedExpr,
        names: &[&str],
        sets: &BTreeMap<String, Vec<String>>,
    ) -> Option<Self> {
        let Expr::Call(CallExpr { func_name, target: None, args }) = &parsed.expr else {
            return Some(Self::Is(Operand::of(parsed, names)?));
        };
        let test = |part| Some(Box::new(Self::of(part, names, sets)?));
        let operand = |part| Operand::of(part, names);
        Some(match (func_name.as_str(), args.as_slice()) {
            (operators::EQUALS, [one, other]) => Self::Same(operand(one)?, operand(other)?),
            (operators::NOT_EQUALS, [one, other]) => {
                Self::Not(Box::new(Self::Same(operand(one)?, operand(other)?)))
            }
            (operators::IN, [one, set]) => match &set.expr {
                // What is given goes before a set of the same name.
                Expr::Ident(name) if !names.contains(&name.as_str()) => {
                    let mut set: Vec<_> = sets.get(name)?.iter().map(|item| item.as_str().into()).collect();
                    set.sort_unstable();
                    Self::In(operand(one)?, set)
                }
                _ => return None,
            },
            (operators::LOGICAL_NOT, [one]) => Self::Not(test(one)?),
            (operators::LOGICAL_AND, [one, other]) => Self::And(test(one)?, test(other)?),
            (operators::LOGICAL_OR, [one, other]) => Self::Or(test(one)?, test(other)?),
            _ => return None,
        })
    }

    /// `None` where CEL has to be asked for these values.
    pub(crate) fn holds<'v>(&'v self, given: &impl Fn(usize) -> &'v Came<'v>) -> Option<bool> {
        match self {
            Self::Is(operand) => match operand.value(given) {
                Came::Boolean(boolean) => Some(*boolean),
                _ => None,
            },
            Self::Same(one, other) => same(one.value(given), other.value(given)),
            Self::In(operand, set) => Some(match operand.value(given) {
                Came::Text(text) => set.binary_search_by(|item| (**item).cmp(text)).is_ok(),
                _ => false,
            }),
            Self::Not(test) => Some(!test.holds(given)?),
            Self::And(one, other) => {
                if one.holds(given)? {
                    other.holds(given)
                } else {
                    Some(false)
                }
            }
            Self::Or(one, other) => {
                if one.holds(given)? {
                    Some(true)
                } else {
                    other.holds(given)
                }
            }
        }
    }
}

impl Operand {
    fn of(parsed: &IdedExpr, names: &[&str]) -> Option<Self> {
        Some(match &parsed.expr {
            Expr::Ident(name) => Self::Name(names.iter().position(|it| it == name)?),
            Expr::Literal(literal) => Self::Literal(match literal {
                LiteralValue::Null => Came::Null,
                LiteralValue::Boolean(boolean) => Came::Boolean(*boolean.inner()),
                LiteralValue::Int(integer) => Came::Integer((*integer.inner()).into()),
                LiteralValue::UInt(integer) => Came::Integer((*integer.inner()).into()),
                LiteralValue::String(text) => Came::Text(text.inner().to_owned().into()),
                LiteralValue::Double(_) | LiteralValue::Bytes(_) => return None,
            }),
            _ => return None,
        })
    }

    fn value<'v>(&'v self, given: &impl Fn(usize) -> &'v Came<'v>) -> &'v Came<'v> {
        match self {
            Self::Name(name) => given(*name),
            Self::Literal(literal) => literal,
        }
    }
}

fn same(one: &Came<'_>, other: &Came<'_>) -> Option<bool> {
    // Beyond these an integer is no number of CEL's.
    let known = |integer: &i128| i64::try_from(*integer).is_ok() || u64::try_from(*integer).is_ok();
    let nothing =
        |came: &Came<'_>| matches!(came, Came::Missing | Came::Null | Came::Array { .. } | Came::Object);
    match (one, other) {
        (Came::Fraction(_), _) | (_, Came::Fraction(_)) => None,
        (Came::Integer(integer), _) | (_, Came::Integer(integer)) if !known(integer) => None,
        (Came::Integer(one), Came::Integer(other)) => known(other).then_some(one == other),
        (Came::Text(one), Came::Text(other)) => Some(one == other),
        (Came::Boolean(one), Came::Boolean(other)) => Some(one == other),
        (one, other) => Some(nothing(one) && nothing(other)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::expr::{Expression, Library};
    use super::*;

    const NAMES: [&str; 3] = ["a", "b", "both"];

    fn sets() -> BTreeMap<String, Vec<String>> {
        let set = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        BTreeMap::from([("set".to_owned(), set(&["x", "DE", ""])), ("both".to_owned(), set(&["x"]))])
    }

    fn expression() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "a",
            "b",
            "both",
            "null",
            "true",
            "false",
            "0",
            "7",
            "7u",
            "-7",
            "7.0",
            "'x'",
            "''",
            "b'x'",
            "set",
            "18446744073709551615u",
        ]);
        leaf.prop_map(str::to_owned).prop_recursive(4, 16, 2, |inner| {
            let operator = prop::sample::select(vec!["==", "!=", "&&", "||", "in", "<"]);
            prop_oneof![
                (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
                inner.prop_map(|a| format!("!{a}")),
            ]
        })
    }

    fn came() -> impl Strategy<Value = Came<'static>> {
        prop_oneof![
            Just(Came::Missing),
            Just(Came::Null),
            Just(Came::Object),
            (0..2_usize).prop_map(|items| Came::Array { items }),
            any::<bool>().prop_map(Came::Boolean),
            prop::sample::select(vec![0, 7, -7, i128::from(u64::MAX), i128::MAX]).prop_map(Came::Integer),
            prop::sample::select(vec![7.0, 0.5, f64::NAN]).prop_map(Came::Fraction),
            prop::sample::select(vec!["", "x", "DE", "y"]).prop_map(|text| Came::Text(text.into())),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_096))]

        #[test]
        fn what_is_answered_is_what_cel_answers(source in expression(), values in prop::array::uniform3(came())) {
            let sets = sets();
            let expression = Expression::parse(&source).unwrap();
            let native = expression.native(&NAMES, &sets);
            if let Some(holds) = native.and_then(|native| native.holds(&|name| &values[name])) {
                let library = Library::new(&sets);
                let given = library.with(NAMES.into_iter().zip(&values));
                prop_assert_eq!(expression.holds(&given), Ok(holds), "{}", source);
            }
        }
    }

    #[test]
    fn conditions_as_mappings_have_them_need_no_cel() {
        for (source, values, holds) in [
            ("a != null", [Came::Null, Came::Null], false),
            ("a != 0 && b != false", [Came::Integer(2), Came::Missing], true),
            ("a != 0 && b != false", [Came::Integer(2), Came::Boolean(false)], false),
            ("a == null || a in set", [Came::Text("DE".into()), Came::Null], true),
            ("!(a in set)", [Came::Text("FR".into()), Came::Null], true),
            ("a != b", [Came::Text("EUR".into()), Came::Text("EUR".into())], false),
        ] {
            let native = Expression::parse(source).unwrap().native(&NAMES, &sets()).unwrap();
            assert_eq!(native.holds(&|name| &values[name]), Some(holds), "{source}");
        }
    }
}

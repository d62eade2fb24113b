//! What an expression is tried with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::contract::{Schema, Type};
use crate::engine::{Came, Expression, Library};

/// Combinations of values that an expression is tried with.
pub(super) const MOST: usize = 256;
/// Members of one set that a text may be.
const MOST_OF_A_SET: usize = 8;

/// A value that may stand at a place.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Trial {
    pub(super) came: Came<'static>,
    /// It stands for many more.
    free: bool,
}

impl Trial {
    pub(super) const NULL: Self = Self { came: Came::Null, free: false };

    const fn only(came: Came<'static>) -> Self {
        Self { came, free: false }
    }

    const fn any(came: Came<'static>) -> Self {
        Self { came, free: true }
    }

    const fn name(&self) -> &'static str {
        match self.came {
            Came::Boolean(_) => "a boolean",
            Came::Integer(_) => "an integer",
            Came::Fraction(_) => "a number",
            Came::Text(_) => "a text",
            _ => "null",
        }
    }
}

/// An expression that is tried.
pub(super) struct Tried<'e> {
    pub(super) expression: Expression,
    source: &'e str,
    sets: &'e BTreeMap<String, Vec<String>>,
    /// Texts that it or a set of it names.
    texts: BTreeSet<String>,
}

/// What came of one combination.
pub(super) struct Outcome {
    /// Of values alone that stand for no others, or a text that the mapping names.
    pub(super) certain: bool,
    pub(super) came: Came<'static>,
}

impl<'e> Tried<'e> {
    pub(super) fn parse(source: &'e str, sets: &'e BTreeMap<String, Vec<String>>) -> Result<Self, String> {
        let expression = Expression::parse(source)?;
        let mut texts: BTreeSet<String> = expression.texts().into_iter().map(str::to_owned).collect();
        let named = expression.names();
        let of_sets = sets.iter().filter(|(name, _)| named.contains(name));
        texts.extend(of_sets.flat_map(|(_, set)| set.iter().take(MOST_OF_A_SET).cloned()));
        Ok(Self { expression, source, sets, texts })
    }

    /// The values that may stand at a place, as a contract has it.
    pub(super) fn values(&self, schema: &Schema) -> Vec<Trial> {
        if let Some(values) = &schema.values {
            return values
                .iter()
                .filter(|value| is_something(value))
                .map(|it| Trial::only(it.into()))
                .collect();
        }
        let each = |one| match one {
            Type::Boolean => vec![Trial::only(Came::Boolean(true)), Trial::only(Came::Boolean(false))],
            Type::Integer => integers(schema),
            // A whole number comes as an integer, which CEL takes for another kind.
            Type::Number => {
                std::iter::once(Trial::any(Came::Fraction(0.5))).chain(integers(schema)).collect()
            }
            Type::String => {
                let pattern = schema.pattern.as_deref().and_then(|it| regex_lite::Regex::new(it).ok());
                let may_come = |text: &str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
                let sample = ["x", "DE", "EUR"].into_iter().find(|text| may_come(text)).unwrap_or("x");
                let named = self.texts.iter().filter(|text| !text.trim().is_empty() && may_come(text));
                let named = named.map(|text| Trial::any(Came::Text(text.clone().into())));
                std::iter::once(Trial::any(Came::Text(sample.into()))).chain(named).collect()
            }
            Type::Null | Type::Array | Type::Object => Vec::new(),
        };
        schema.types.of_values().flat_map(each).collect()
    }

    /// What comes of the combinations, or in which it fails. Of very many, some from all over.
    pub(super) fn run(&self, names: &[(&str, Vec<Trial>)], condition: bool) -> Result<Vec<Outcome>, String> {
        let library = Library::new(self.sets);
        let all = names.iter().fold(1_u128, |all, (_, trials)| all.saturating_mul(choices(trials)));
        let step = step(all);
        let mut outcomes = Vec::new();
        for number in 0..all.min(MOST as u128) {
            let mut rest = number.wrapping_mul(step) % all;
            let mut given = Vec::new();
            for (name, trials) in names {
                let choice = usize::try_from(rest % choices(trials)).unwrap_or_default();
                rest /= choices(trials);
                given.push((*name, trials.get(choice).unwrap_or(&Trial::NULL)));
            }
            let values = library.with(given.iter().map(|(name, trial)| (*name, &trial.came)));
            let came = self.expression.evaluate(&values);
            let came = came.ok().filter(|came| !condition || matches!(came, Came::Boolean(_)));
            let Some(came) = came else {
                let with = given.iter().map(|(name, trial)| format!("{name} is {}", trial.name()));
                return Err(format!(
                    "{} fails where {}",
                    self.source,
                    with.collect::<Vec<_>>().join(" and ")
                ));
            };
            let named = matches!(&came, Came::Text(text) if self.texts.contains(text.as_ref()));
            outcomes.push(Outcome { certain: named || given.iter().all(|(_, trial)| !trial.free), came });
        }
        Ok(outcomes)
    }
}

/// The limits that the contract says, where an expression that computes fails first, and what lies between them.
fn integers(schema: &Schema) -> Vec<Trial> {
    let (least, most) = (schema.minimum.unwrap_or(i64::MIN), schema.maximum.unwrap_or(i64::MAX));
    let some = [schema.minimum, schema.maximum, Some(0), Some(7)].into_iter().flatten();
    let some: BTreeSet<_> = some.filter(|number| (least..=most).contains(number)).collect();
    some.into_iter().map(|number| Trial::any(Came::Integer(number.into()))).collect()
}

fn is_something(value: &Value) -> bool {
    Came::from(value).is_set(false)
}

fn choices(trials: &[Trial]) -> u128 {
    u128::try_from(trials.len().max(1)).unwrap_or(1)
}

/// Coprime with the number of combinations, so that none comes twice; about the golden ratio of it, so that they lie apart.
fn step(all: u128) -> u128 {
    if all <= MOST as u128 {
        return 1;
    }
    let all = all.min(u128::from(u64::MAX));
    let mut step = all / 1_618 * 1_000 + 1;
    while gcd(step, all) != 1 {
        step += 1;
    }
    step
}

fn gcd(one: u128, other: u128) -> u128 {
    if other == 0 { one } else { gcd(other, one % other) }
}

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::mapping::file::{MappingFile, Refuse, Rule, Source, UnknownValue};
use crate::{Explanation, Outcome};

/// What there is to exercise in a mapping, and which cases do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coverage {
    pub mapping: String,
    pub parts: Vec<Covered>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Covered {
    /// `lines[].sku`, `fulfillment: unfulfilled`.
    pub part: String,
    /// Names of cases, in their order.
    pub by: Vec<String>,
}

/// Something that a mapping does, by its number in the file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Refusal(usize),
    /// A list of which nothing is left, where that is refused.
    None(usize),
    /// A value of a value map.
    Entry(String, String),
    /// What a value map does with a value that it does not know, other than to refuse it.
    Unknown(String),
    Rule(usize),
    /// One of several places that a rule reads.
    Alternative(usize, usize),
    Default(usize),
}

/// What the cases of a mapping have exercised.
#[derive(Default)]
pub(super) struct Exercised(BTreeMap<Part, Vec<String>>);

impl Exercised {
    pub(super) fn add(&mut self, file: &MappingFile, case: &str, explanation: &Explanation) {
        let (mut parts, passed) = (BTreeSet::new(), explanation.output.is_some());
        for explained in &explanation.rules {
            let Some(rule) = file.rule.get(explained.rule) else { continue };
            let entry = entry(file, rule.values.as_ref(), explained.key.as_ref());
            match &explained.outcome {
                Outcome::Made { by, .. } if passed => {
                    parts.extend([Part::Rule(explained.rule), Part::Alternative(explained.rule, *by)]);
                    parts.extend(entry);
                }
                Outcome::Default { .. } if passed => {
                    parts.insert(Part::Default(explained.rule));
                }
                Outcome::Refused(_) => parts.extend(entry),
                _ => {}
            }
        }
        for explained in &explanation.refusals {
            let Some(refuse) = file.refuse.get(explained.refusal) else { continue };
            if passed || explained.refused.is_some() {
                parts.extend(entry(file, refuse.values.as_ref(), explained.key.as_ref()));
            }
            if explained
                .refused
                .as_ref()
                .is_some_and(|problem| refuse.expected.as_deref() == Some(&problem.expected))
            {
                parts.insert(Part::Refusal(explained.refusal));
            }
        }
        for (number, list) in file.list.iter().enumerate() {
            let none = list.none.as_deref();
            if explanation.problems.iter().any(|problem| none == Some(&problem.expected)) {
                parts.insert(Part::None(number));
            }
        }
        for part in parts {
            self.0.entry(part).or_default().push(case.to_owned());
        }
    }
}

fn entry(file: &MappingFile, values: Option<&String>, key: Option<&String>) -> Option<Part> {
    let (name, key) = (values?, key?);
    let map = file.values.get(name)?;
    let known = map.map.contains_key(key) || map.refuse.contains_key(key);
    Some(if known { Part::Entry(name.clone(), key.clone()) } else { Part::Unknown(name.clone()) })
}

impl Coverage {
    pub(super) fn of(file: &MappingFile, exercised: Option<&Exercised>) -> Self {
        let covered = |part: Part| Covered {
            by: exercised.and_then(|exercised| exercised.0.get(&part)).cloned().unwrap_or_default(),
            part: Shown(file, &part).to_string(),
        };
        Self { mapping: file.mapping.clone(), parts: parts(file).into_iter().map(covered).collect() }
    }

    /// What no case exercises.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter(|part| part.by.is_empty()).map(|part| part.part.as_str())
    }
}

fn parts(file: &MappingFile) -> Vec<Part> {
    let mut parts = Vec::new();
    let refusals = file.refuse.iter().enumerate().filter(|(_, refuse)| refuse.when.is_some());
    parts.extend(refusals.map(|(number, _)| Part::Refusal(number)));
    let lists = file.list.iter().enumerate().filter(|(_, list)| list.none.is_some());
    parts.extend(lists.map(|(number, _)| Part::None(number)));
    for (name, map) in &file.values {
        let keys = map.map.keys().chain(map.refuse.keys());
        parts.extend(keys.map(|key| Part::Entry(name.clone(), key.clone())));
        if map.unknown != UnknownValue::Park {
            parts.push(Part::Unknown(name.clone()));
        }
    }
    for (number, rule) in file.rule.iter().enumerate() {
        parts.push(Part::Rule(number));
        let alternatives = alternatives(rule);
        if alternatives.len() > 1 {
            parts.extend((0..alternatives.len()).map(|by| Part::Alternative(number, by)));
        }
        if rule.default.is_some() {
            parts.push(Part::Default(number));
        }
    }
    parts
}

/// In the order that the engine tries them.
fn alternatives(rule: &Rule) -> Vec<String> {
    let from = rule.from.iter().map(|source| match source {
        Source::Place(place) => place.clone(),
        Source::Join { join, .. } => format!("join of {}", join.join(", ")),
        Source::Template { template } => format!("template {template}"),
    });
    let expr = rule.expr.iter().map(|expr| format!("expr {expr}"));
    from.chain(expr).chain(rule.value.iter().map(|value| format!("value {value}"))).collect()
}

struct Shown<'f>(&'f MappingFile, &'f Part);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(file, part) = self;
        let to = |number: &usize| file.rule.get(*number).map_or("", |rule| rule.to.as_str());
        match part {
            Part::Refusal(number) => {
                f.write_str(&file.refuse.get(*number).map(Refuse::name).unwrap_or_default())
            }
            Part::None(number) => {
                write!(f, "{} without any", file.list.get(*number).map_or("", |list| list.to.as_str()))
            }
            Part::Entry(map, key) => write!(f, "values.{map}: {key}"),
            Part::Unknown(map) => write!(f, "values.{map}: a value that it does not know"),
            Part::Rule(number) => f.write_str(to(number)),
            Part::Alternative(number, by) => {
                let alternatives = file.rule.get(*number).map(alternatives).unwrap_or_default();
                write!(f, "{} <- {}", to(number), alternatives.get(*by).map_or("", String::as_str))
            }
            Part::Default(number) => write!(f, "{} <- its default", to(number)),
        }
    }
}
